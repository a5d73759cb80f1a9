"""Whether a package's report is the one that was tested and approved: ``baseline.json``, verified.

The approver's signature over the baseline, whose key that is, whether it had expired; and that
query, controls, schema, parameters of the package are those of the baseline wherever the package
says so. Format 3 and later; older packages have no baseline.

One thing is the product's word: that a text which differs from the approved one in its bytes does
not differ in meaning. Telling that needs a parser of SQL, so it is noted, and both texts are there.

Here: the questions. Not here: reading the other documents (``documents.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from soxauto_assets.verify.documents import PARAMETERS, SCHEMA, Documents
from soxauto_assets.verify.envelope import check_signature, read_envelope, strict_base64
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.manifest import PASS, STATEMENT_TYPE, Manifest
from soxauto_assets.verify.strict_json import (
    UnreadableError,
    canonical,
    count,
    digest,
    flag,
    items,
    members,
    one_of,
    optional_text,
    read_canonical,
    text,
    texts,
)
from soxauto_assets.verify.trust import Trust

BASELINE = "baseline.json"
CHECK = "baseline"
ROLE = "approver"
PREDICATE_TYPE = "urn:soxauto:baseline:1"
DEMONSTRATION_KEY_ID = "5c68bceae4c39a0f3c4bdb4358df2d562cf992a7e5ebdd1954c6c929ce368b07"
"""The key that everybody has: its private half stands in the repository of the product."""
WORDING = frozenset(
    {"title", "purpose", "owner", "notes", "family", "description", "source", "empty_means"}
)
"""Fields of a declaration that no figure depends on."""
_CATALOGUE = "sql/catalogue/"


def check_baseline(
    manifest: Manifest,
    documents: Documents,
    read: Callable[[str], bytes],
    trust: Trust | None,
    findings: Findings,
) -> None:
    """Ask of a package of format 3 whether its baseline bears out what its check says.

    ``read`` gives the bytes of a document, which were found unchanged before.
    """
    verdict = next((c.verdict for c in documents.checks if c.name == CHECK), None)
    if manifest.version < 3 or documents.report is None:
        return
    if manifest.file(manifest.folder + BASELINE) is None:
        findings.judge(
            BASELINE, verdict != PASS, "one, for its check says PASS", "none in the package"
        )
        return
    try:
        document = _Document(read_canonical(read(BASELINE)))
        schema = read_canonical(read(SCHEMA))
        parameters = read_canonical(read(PARAMETERS))
        findings.judge(
            f"check {CHECK} follows from {BASELINE}",
            (verdict == PASS) == (not document.problems),
            "PASS" if not document.problems else "; ".join(document.problems),
            verdict,
        )
        findings.note("baseline", document.words)
        _check_now(manifest, documents, document, parameters, findings)
        if document.baseline is None:
            findings.judge("why there is no baseline", bool(document.problems), "a problem", "none")
            return
        _check_signed(manifest, document, trust, findings)
        if verdict == PASS:
            _check_same(manifest, document, schema, findings)
    except UnreadableError as error:
        findings.judge(f"{BASELINE}, {error.where}", False, error.expected, error.found)


class _Document:
    """``baseline.json``, read strictly."""

    def __init__(self, value: Any) -> None:
        words, problems, differences, demonstration, now, baseline, envelope = members(
            value,
            BASELINE,
            "words",
            "problems",
            "differences",
            "demonstration",
            "now",
            "baseline",
            "envelope",
        )
        self.words = text(words, "words")
        self.problems = texts(problems, "problems")
        self.demonstration = flag(demonstration, "demonstration")
        self.differences: list[tuple[str, bool]] = []
        for one in items(differences, "differences"):
            told, of_meaning = members(one, "differences", "words", "of_meaning")
            self.differences.append((text(told, "words"), flag(of_meaning, "of_meaning")))
        query, controls, self.parameters, self.sources = members(
            now, "now", "query", "controls", "parameters", "sources"
        )
        self.texts = {"query": _digests(query, "now.query")}
        self.texts |= {f"controls/{k}": _digests(v, f"now, {k}") for k, v in _object(controls)}
        self.baseline: dict[str, Any] | None = None
        if baseline is None:
            if envelope is not None:
                raise UnreadableError("envelope", "null, for there is no baseline", "one")
            return
        self.envelope = canonical(envelope)
        form, self.report, self.approval, self.described = members(
            baseline, "baseline", "format", "report", "approval", "described"
        )
        if count(form, "format") != 1:
            raise UnreadableError("format", "1", str(form))
        self.baseline = baseline
        (
            self.approver,
            self.tester,
            authors,
            note,
            self.approved_on,
            self.expires_on,
            self.key_id,
            public_key,
        ) = members(
            self.approval,
            "approval",
            "approver",
            "tester",
            "authors",
            "note",
            "approved_on",
            "expires_on",
            "key_id",
            "public_key",
        )
        for part in (self.approver, self.tester, note, self.report):
            text(part, "approval")
        texts(authors, "authors")
        self.public_key = strict_base64(public_key, "public_key")
        query, controls, *_ = members(
            self.described,
            "described",
            "query",
            "controls",
            "report",
            "columns",
            "parameters",
            "sources",
        )
        self.approved = {"query": _approved(query, "described.query")}
        for one in items(controls, "described.controls"):
            name = text(one.get("name") if isinstance(one, dict) else None, "a control's name")
            self.approved[f"controls/{name}"] = _approved(one, f"described, control {name}")


def _object(value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise UnreadableError("now.controls", "an object", "something else")
    return list(value.items())


def _digests(value: Any, where: str) -> str:
    sha256, meaning = members(value, where, "sha256", "meaning")
    optional_text(meaning, where)
    return digest(sha256, where)


def _approved(value: Any, where: str) -> str:
    """The digest of an approved text, which its lines must have."""
    if not isinstance(value, dict) or not {"sha256", "lines"} <= set(value):
        raise UnreadableError(where, "a text with its digest", "something else")
    found = hashlib.sha256("\n".join(_lines(value["lines"], where)).encode()).hexdigest()
    if found != digest(value["sha256"], where):
        raise UnreadableError(where, value["sha256"], found)
    return found


def _lines(value: Any, where: str) -> list[str]:
    lines = items(value, where)
    if not all(isinstance(line, str) for line in lines):
        raise UnreadableError(where, "lines of text", "something else")
    return list(lines)


def _check_now(
    manifest: Manifest,
    documents: Documents,
    document: _Document,
    parameters: Any,
    findings: Findings,
) -> None:
    """What was compared is what the package holds."""
    findings.compare(
        "controls that were compared with the baseline",
        ", ".join(sorted(f"controls/{control.name}" for control in documents.controls)),
        ", ".join(sorted(document.texts.keys() - {"query"})),
    )
    for name, sha256 in document.texts.items():
        file = manifest.file(f"{manifest.folder}{_CATALOGUE}{name}.sql")
        if file is not None:
            findings.compare(f"{_CATALOGUE}{name}.sql in {BASELINE}", file.sha256, sha256)
    bound = {name: _untyped(value) for name, value in parameters["values"].items()}
    differ = sorted(k for k, v in document.parameters.items() if bound.get(k) != v)
    findings.judge(
        f"parameters in {BASELINE}", not differ, "those of parameters.json", ", ".join(differ)
    )


def _check_signed(
    manifest: Manifest, document: _Document, trust: Trust | None, findings: Findings
) -> None:
    """Who approved it until when, and that the approver signed this very baseline."""
    envelope = read_envelope(document.envelope)
    check_signature(envelope, document.public_key)
    kind, subject, predicate_type, predicate = members(
        read_canonical(envelope.payload), "the statement", "_type", "subject", "predicateType",
        "predicate",
    )  # fmt: skip
    one_of(kind, "the statement, _type", STATEMENT_TYPE)
    one_of(predicate_type, "the statement, predicateType", PREDICATE_TYPE)
    signed = hashlib.sha256(canonical(document.baseline)).hexdigest()
    findings.compare(
        "baseline that was signed",
        [{"name": BASELINE, "digest": {"sha256": signed}}],
        subject,
    )
    findings.compare(
        "approval that was signed", {"report": document.report, **document.approval}, predicate
    )
    findings.compare("key of the approval", envelope.key_id, document.key_id)
    findings.compare("report of the baseline", manifest.report["id"], document.report)
    public = document.key_id == DEMONSTRATION_KEY_ID
    if trust is None:
        whose = "the public key `demonstration`, which everybody has" if public else "self-asserted"
        findings.note("approver's key", f"{document.key_id}, {whose}")
        return
    key = trust.key(document.key_id)
    if key is None or key.public_key != document.public_key:
        findings.judge(
            "approver's key",
            False,
            "a key of the trust file",
            f"{document.key_id}{', the public key `demonstration`' if public else ''}",
        )
        return
    approved = datetime.combine(_day(document.approved_on), datetime.min.time(), UTC)
    findings.judge(
        "role of the approver's key", ROLE in key.roles, ROLE, ", ".join(sorted(key.roles))
    )
    findings.judge(
        "approver's key",
        key.valid_from.date() <= approved.date() and approved < key.valid_to,
        f"one that {key.words} held on {document.approved_on}",
        f"one held from {key.valid_from:%Y-%m-%d} to {key.valid_to:%Y-%m-%d}",
    )


def _check_same(manifest: Manifest, document: _Document, schema: Any, findings: Findings) -> None:
    """A check that passed: nothing but wording differs, and the baseline counted that day."""
    made = f"{manifest.attempt[:4]}-{manifest.attempt[4:6]}-{manifest.attempt[6:8]}"
    findings.judge(
        "day of the attempt",
        _day(made) <= _day(document.expires_on),
        f"not after {document.expires_on}, when the baseline expires",
        made,
    )
    findings.judge(
        "source that a baseline of the demonstration counts for",
        document.key_id != DEMONSTRATION_KEY_ID or document.demonstration,
        "a demonstration",
        "another",
    )
    meant = [words for words, of_meaning in document.differences if of_meaning]
    findings.judge("changes of meaning", not meant, "none", "; ".join(meant) or "none")
    findings.compare(
        "approved texts", ", ".join(sorted(document.approved)), ", ".join(sorted(document.texts))
    )
    reworded = [
        name for name, sha256 in document.texts.items() if document.approved.get(name) != sha256
    ]
    findings.judge(
        "texts that differ from the approved ones",
        not reworded or bool(document.differences),
        "none, for no difference is told",
        ", ".join(reworded) or "none",
    )
    if reworded:
        findings.note(
            "meaning of reworded texts",
            f"{', '.join(reworded)}: that it is unchanged is the product's word; both texts are "
            f"in the package",
        )
    for name, approved, now in (
        ("report", document.described["report"], schema["report"]),
        *_columns(document.described["columns"], schema["columns"]),
    ):
        findings.compare(f"declaration of {name}", _meant(approved), _meant(now))
    for part, now in (("parameters", document.parameters), ("sources", document.sources)):
        findings.compare(f"{part} of the baseline", document.described[part], now)


def _columns(approved: Any, now: Any) -> list[tuple[str, Any, Any]]:
    """The columns side by side; where their lists differ, as one that differs."""
    names = [[column.get("name") for column in items(each, "columns")] for each in (approved, now)]
    if names[0] != names[1]:
        return [("columns", names[0], names[1])]
    return [(f"column {n}", a, b) for n, a, b in zip(names[0], approved, now, strict=True)]


def _meant(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: item for name, item in value.items() if name not in WORDING}


def _untyped(value: Any) -> Any:
    if isinstance(value, list):
        return [_untyped(item) for item in value]
    return value.get("value") if isinstance(value, Mapping) else value


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(text(value, "a day"))
    except ValueError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("a day", "YYYY-MM-DD", repr(value)) from error
