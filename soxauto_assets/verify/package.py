"""Verifying a package folder: from the raw bytes to the verdict, in one order.

1. the manifest: canonical, of a known format, undamaged; its signature, whose key that is,
   its time stamp, its place in the evidence log and what the store said of it; and that it is
   this folder's own;
2. every file that it lists, and no other, byte for byte;
3. the documents against the manifest; the verdict against the checks; the report against its
   baseline;
4. the data: schema, content digest, figures; and the checks that say PASS against them.

A later step is taken only where the bytes it reads were found unchanged: nothing is parsed that
was not verified first.

Here: the order. Not here: the questions themselves. No step needs a network, an account or the
rest of the product.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

from soxauto_assets.verify.authenticity import check_authenticity
from soxauto_assets.verify.documents import EVERY, Documents, read_documents
from soxauto_assets.verify.envelope import ENVELOPE
from soxauto_assets.verify.files import check_files
from soxauto_assets.verify.findings import Claim, Findings, VerificationReport
from soxauto_assets.verify.kept import KeptCheckpoints
from soxauto_assets.verify.log_proof import LOG_PROOF, check_log_proof
from soxauto_assets.verify.manifest import (
    MANIFEST,
    DataClaim,
    Manifest,
    read_manifest,
)
from soxauto_assets.verify.personal_data import (
    PERSONAL_DATA,
    PersonalData,
    check_personal_data,
    packaged_columns,
    read_personal_data,
)
from soxauto_assets.verify.reperformance import is_reperformance, verify_reperformance
from soxauto_assets.verify.seal import SEAL, check_seal
from soxauto_assets.verify.sign_offs import check_sign_offs
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical
from soxauto_assets.verify.timestamp import TIME
from soxauto_assets.verify.trust import Trust

LARGEST_DOCUMENT = 64 * 2**20
"""The most bytes of a document that are read into memory; the data is never read whole."""
RECOMPUTE_WITH = ("duckdb", "pyarrow")
"""What the second tier needs; the first one needs no more than cryptography."""
DATA = "data/extract.parquet"
CONTENT_STATEMENT = "data/content-digest.txt"
_STATEMENT = re.compile(
    r"sql/(catalogue/)?(query|controls/[a-z0-9_]+|other/[a-z0-9_]+)(-[0-9]+)?\.sql"
)
_ATTACHMENT = re.compile(r"attachments/[A-Za-z0-9_./-]+")
"""A file of which a package says no more than its bytes, for example another's manifest."""
_SINCE_3 = frozenset(
    {"baseline.json", "workpaper.xlsx", "package.html", "verify.pyz", PERSONAL_DATA}
)
"""What a package of format 3 has where it could be made; older ones never do."""
_MALFORMED = (OSError, ImportError, LookupError, TypeError, AttributeError)
"""What reading a document of an unexpected shape may raise, besides UnreadableError."""
_ADDRESS = re.compile(r"[0-9]{8}_[0-9]{6}Z-[0-9a-f]{8}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def verify_package(
    folder: Path,
    trust: Trust | None = None,
    *,
    sign_offs: Sequence[Path] = (),
    kept: KeptCheckpoints | None = None,
) -> VerificationReport:
    """Verify the package in ``folder``; needs no network and changes nothing.

    ``trust`` says whose signatures and time stamps count; without it a package vouches for
    itself, and the report says so. ``sign_offs`` are files of sign-offs that are to be about this
    very package. ``kept`` are checkpoints of the evidence log that an auditor kept, with the log
    of today, which must extend them. Never raises for what a package holds or lacks: whatever is
    wrong with it is a finding.

    The folder of a re-performance is verified as ``reperformance.py`` says.
    """
    if is_reperformance(folder):
        return verify_reperformance(folder, trust)
    findings = Findings()
    read = _manifest(folder, findings)
    if read is None:
        return findings.report(None)
    content, manifest = read
    check_authenticity(folder, content, manifest, trust, findings)
    logged = check_log_proof(folder, manifest, trust, kept, findings)
    check_seal(folder, manifest, logged, findings)
    _check_place(folder, manifest, findings)
    _check_list(manifest, findings)
    check_files(folder, manifest.files, _beside(manifest), findings)
    if not findings.holds:
        _leave_out(findings)
        return findings.report(_claim(manifest))
    documents = _documents(folder, manifest, findings)
    if documents is not None:
        _check_meaning(folder, manifest, documents, trust, findings)
    check_sign_offs(sign_offs, folder, manifest, trust, findings)
    return findings.report(_claim(manifest))


def _manifest(folder: Path, findings: Findings) -> tuple[bytes, Manifest] | None:
    expected = "a manifest of a package, as it was written"
    with findings.guarded("manifest.json", expected, OSError):
        content = _read(folder / MANIFEST)
        try:
            manifest = read_manifest(read_canonical(content))
        except UnreadableError as error:
            findings.judge(f"manifest.json, {error.where}", False, error.expected, error.found)
            return None
        findings.judge(
            "manifest.json",
            True,
            expected,
            f"one with the SHA-256 {hashlib.sha256(content).hexdigest()}",
        )
        return content, manifest
    return None


def _beside(manifest: Manifest) -> frozenset[str]:
    """What may stand beside the manifest without being in its list."""
    if manifest.signer is None:
        return frozenset()
    beside = {ENVELOPE} if manifest.time_authority is None else {ENVELOPE, TIME}
    return frozenset(beside if manifest.version < 3 else beside | {LOG_PROOF, SEAL})


def _check_place(folder: Path, manifest: Manifest, findings: Findings) -> None:
    """Where the folder's path names an attempt, a period and a report, they must be these.

    A package that was copied elsewhere keeps the attempt's name at most; what the path does not
    name cannot be compared.
    """
    path = folder.resolve()
    if not _ADDRESS.fullmatch(path.name):
        return
    expected, found = [manifest.attempt], [path.name]
    if _MONTH.fullmatch(path.parent.name):
        expected += [manifest.period["name"], manifest.report["id"]]
        found += [path.parent.name, path.parent.parent.name]
    findings.compare("folder of the package", "/".join(expected[::-1]), "/".join(found[::-1]))


def _check_list(manifest: Manifest, findings: Findings) -> None:
    """The list itself: every document is there, and nothing that a package does not have."""
    folder = manifest.folder
    own = [file for file in manifest.files if file.note is None]
    names = {file.name for file in own}
    missing = ", ".join(folder + name for name in EVERY if folder + name not in names)
    findings.judge("documents that are missing from the list", not missing, "none", missing)
    data = set() if manifest.data is None else {folder + DATA, folder + CONTENT_STATEMENT}
    spoken_of = None if manifest.data is None else manifest.data.file
    findings.judge(
        "data in the list",
        data <= names and spoken_of == (folder + DATA if data else None),
        ", ".join(sorted(data)) or "none",
        ", ".join(sorted(data & names)) or "none",
    )
    optional = _SINCE_3 if manifest.version >= 3 else frozenset()
    known = {folder + name for name in (*EVERY, *optional)} | data
    strange = [
        file.name
        for file in own
        if file.name not in known
        and not (
            file.name.startswith(folder)
            and any(
                form.fullmatch(file.name.removeprefix(folder)) for form in (_STATEMENT, _ATTACHMENT)
            )
        )
    ]
    findings.judge("files that no package has", not strange, "none", ", ".join(strange) or "none")


def _leave_out(findings: Findings) -> None:
    findings.judge(
        "documents and data",
        False,
        "files whose bytes are those of the manifest",
        "others, so they were not opened",
    )


def _documents(folder: Path, manifest: Manifest, findings: Findings) -> Documents | None:
    def read(name: str) -> bytes:
        return _read(folder / manifest.folder / name)

    try:
        with findings.guarded("documents", "documents that can be read", OSError):
            return read_documents(read)
    except UnreadableError as error:
        findings.judge(error.where, False, error.expected, error.found)
    return None


def _check_meaning(
    folder: Path,
    manifest: Manifest,
    documents: Documents,
    trust: Trust | None,
    findings: Findings,
) -> None:
    from soxauto_assets.verify.agreement import check_documents, check_stored, check_verdict
    from soxauto_assets.verify.baseline import check_baseline

    check_documents(manifest, documents, findings)
    check_verdict(manifest, documents, findings)
    personal = _personal_data(folder, manifest, documents, findings)
    check_stored(
        manifest, findings, source_sha256=None if personal is None else personal.source_sha256
    )
    packaged = replace(documents, columns=packaged_columns(documents.columns, personal))
    _recompute(folder, manifest, packaged, findings)
    with findings.guarded("baseline", "documents that can be read", *_MALFORMED):
        check_baseline(
            manifest,
            documents,
            lambda name: _read(folder / manifest.folder / name),
            trust,
            findings,
        )


def _personal_data(
    folder: Path, manifest: Manifest, documents: Documents, findings: Findings
) -> PersonalData | None:
    """What was done with personal data; None where the package says nothing of it."""
    name = manifest.folder + PERSONAL_DATA
    if manifest.file(name) is None:
        return None
    report = manifest.report
    try:
        with findings.guarded(PERSONAL_DATA, "a document that can be read", *_MALFORMED):
            personal = read_personal_data(read_canonical(_read(folder / name)))
            needed = [*report["primary_key"], *report["amounts"], report["event_date"] or ""]
            check_personal_data(personal, documents.columns, needed, findings)
            return personal
    except UnreadableError as error:
        findings.judge(error.where, False, error.expected, error.found)
    return None


def _recompute(folder: Path, manifest: Manifest, documents: Documents, findings: Findings) -> None:
    if manifest.data is None:
        findings.judge("data", True, "no extract, as the manifest says", "none")
        return
    missing = [name for name in RECOMPUTE_WITH if not _installed(name)]
    if missing:
        findings.not_run(
            "recomputation from the data",
            f"with {' and '.join(RECOMPUTE_WITH)}",
            f"{' and '.join(missing)} not installed here",
        )
        return
    _check_data(folder, manifest.data, manifest, documents, findings)


def _check_data(
    folder: Path,
    data: DataClaim,
    manifest: Manifest,
    documents: Documents,
    findings: Findings,
) -> None:
    import duckdb
    import pyarrow as pa

    from soxauto_assets.verify.agreement import check_claims, check_figures
    from soxauto_assets.verify.content_digest import NoContentDigestError
    from soxauto_assets.verify.figures import columns_of, opened

    path = folder / data.file
    errors = (pa.ArrowException, NoContentDigestError, OSError, duckdb.Error)
    with findings.guarded("data", "a Parquet file that can be read", *errors):
        columns = columns_of(path)
        declared = [(column.name, _stored_type(column.type)) for column in documents.columns]
        if not findings.compare("columns of the data", _columns(declared), _columns(columns)):
            return
        _check_content(path, path.parent / Path(CONTENT_STATEMENT).name, data, findings)
        report = manifest.report
        named = {*report["primary_key"], *report["amounts"], report["event_date"] or ""} - {""}
        unknown = ", ".join(sorted(named - dict(columns).keys()))
        if not findings.judge("columns of key and amounts", not unknown, "declared", unknown):
            return
        with opened(path, columns) as extract:
            figures = extract.figures(
                key=report["primary_key"],
                amounts=report["amounts"],
                event_date=report["event_date"],
                next_start=datetime.fromisoformat(manifest.period["next_start"]),
                declared=documents.columns,
            )
            check_figures(manifest, data, figures, findings)
            check_claims(manifest, documents, figures, extract, findings)


def _check_content(path: Path, statement: Path, data: DataClaim, findings: Findings) -> None:
    """Compare the content digest, and where it differs say which column does."""
    from soxauto_assets.verify.content_digest import statement_of

    found = statement_of(path)
    digest = hashlib.sha256(found.encode()).hexdigest()
    claimed = _read(statement).decode("utf-8", "replace")
    for ours, theirs in zip_longest(found.splitlines(), claimed.splitlines()):
        if ours != theirs:
            findings.compare("content of the data", theirs, ours)
            break
    findings.compare("content digest", data.content_digest, digest)
    findings.compare(
        f"digest of {CONTENT_STATEMENT}",
        data.content_digest,
        hashlib.sha256(claimed.encode()).hexdigest(),
    )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a module that was put in place without a spec
        return False


def _stored_type(declared: str) -> str:
    """A text is stored without its bound, which is a rule of the contract."""
    return "text" if declared.startswith("text") else declared


def _columns(columns: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns)


def _claim(manifest: Manifest) -> Claim:
    data = manifest.data
    return Claim(
        manifest.report["id"],
        manifest.period["name"],
        manifest.attempt,
        manifest.verdict,
        manifest.rows_reached,
        () if data is None else tuple(sorted(data.totals.items())),
    )


def _read(path: Path) -> bytes:
    """The whole of a document; OSError where it is missing or larger than any document is."""
    with path.open("rb") as file:
        content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise OSError(f"{path.name} is larger than any document of a package")
    return content
