"""``personal-data.json``: what was done with personal data, and what that means for the rows.

The figures of a package are of the rows that it holds. Where columns were dropped, their rules
cannot be asked again, and the report says so; where they were replaced by pseudonyms, each value
must be one. Not here: the rows themselves (``figures.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from soxauto_assets.verify.documents import DeclaredColumn
from soxauto_assets.verify.findings import Findings
from soxauto_assets.verify.strict_json import (
    count,
    digest,
    items,
    members,
    one_of,
    text,
)

PERSONAL_DATA = "personal-data.json"
KEPT, PSEUDONYMISED, DROPPED = "kept", "pseudonymised", "dropped"
PSEUDONYM = "[0-9a-f]{64}"


@dataclass(frozen=True)
class PersonalData:
    """What was done, by column; ``source_sha256`` is of the extract as the source gave it."""

    setting: str
    treatments: dict[str, str]
    key_id: str | None
    source_sha256: str


def read_personal_data(value: Any) -> PersonalData:
    """The document of a value read from canonical JSON; raises UnreadableError."""
    version, setting, columns, pseudonyms, source = members(
        value, PERSONAL_DATA, "version", "setting", "columns", "pseudonyms", "source"
    )
    one_of(str(version), f"{PERSONAL_DATA}: version", "1")
    treatments = {}
    for item in items(columns, f"{PERSONAL_DATA}: columns"):
        name, treatment, basis = members(item, PERSONAL_DATA, "column", "treatment", "basis")
        text(basis, f"{PERSONAL_DATA}: basis")
        treatments[text(name, PERSONAL_DATA)] = one_of(
            treatment, PERSONAL_DATA, KEPT, PSEUDONYMISED, DROPPED
        )
    key_id = None
    if pseudonyms is not None:
        algorithm, key_id = members(pseudonyms, PERSONAL_DATA, "algorithm", "key_id")
        one_of(algorithm, f"{PERSONAL_DATA}: algorithm", "HMAC-SHA256")
        text(key_id, f"{PERSONAL_DATA}: key_id")
    sha256, size, content = members(source, PERSONAL_DATA, "sha256", "size", "content_digest")
    count(size, f"{PERSONAL_DATA}: size")
    digest(content, f"{PERSONAL_DATA}: content_digest")
    return PersonalData(
        one_of(setting, f"{PERSONAL_DATA}: setting", "keep", "pseudonymise", "drop"),
        treatments,
        key_id,
        digest(sha256, f"{PERSONAL_DATA}: sha256"),
    )


def check_personal_data(
    personal: PersonalData,
    declared: Sequence[DeclaredColumn],
    needed: Sequence[str],
    findings: Findings,
) -> None:
    """Ask whether it speaks of the personal columns, and took away none that is needed.

    ``needed`` are the columns of key, amounts and event date.
    """
    findings.compare(
        f"{PERSONAL_DATA}, columns",
        ", ".join(sorted(column.name for column in declared if column.personal)) or "none",
        ", ".join(sorted(personal.treatments)) or "none",
    )
    treated = {name: done for name, done in personal.treatments.items() if done != KEPT}
    lost = ", ".join(sorted(set(treated) & set(needed)))
    findings.judge(f"{PERSONAL_DATA}, columns that figures need", not lost, "kept", lost or "kept")
    findings.judge(
        f"{PERSONAL_DATA}, key of the pseudonyms",
        (PSEUDONYMISED in treated.values()) == (personal.key_id is not None),
        "one exactly where there are pseudonyms",
        personal.key_id or "none",
    )
    if treated:
        told = ", ".join(f"{name} {done}" for name, done in sorted(treated.items()))
        findings.note(
            "personal data",
            f"{told}; the figures are of the packaged rows, and rules of these columns' own "
            "values are not asked again",
        )


def packaged_columns(
    declared: Sequence[DeclaredColumn], personal: PersonalData | None
) -> tuple[DeclaredColumn, ...]:
    """The columns as the packaged rows have them, with the rules that can be asked of them."""
    if personal is None:
        return tuple(declared)
    columns = []
    for column in declared:
        done = personal.treatments.get(column.name, KEPT)
        if done == PSEUDONYMISED:
            columns.append(replace(column, type="text", allowed=(), pattern=PSEUDONYM))
        elif done == KEPT:
            columns.append(column)
    return tuple(columns)
