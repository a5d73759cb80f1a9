"""What becomes of personal data in the packaged rows: kept, replaced by pseudonyms, or dropped.

The setting concerns the copy of the extract in the package alone; the results store, which the
control reads, holds what the source gave. ``personal-data.json`` says what was done with each
column and on what basis, and names the extract of the source by its digests.

A pseudonym is HMAC-SHA256 of the value's UTF-8 bytes under a key that only a secret holds, as 64
hexadecimal digits: the same value has the same pseudonym in every package made with the key, so
rows can be followed, and nobody without the key can try values out.

Not here: masking in samples and logs, which always happens (``validation/samples.py``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.model import Text
from soxauto_assets.errors import PermanentError

if TYPE_CHECKING:
    import pyarrow as pa

    from soxauto_assets.catalog.model import CatalogEntry, Column
    from soxauto_assets.store.spool import Spooled

KEEP, PSEUDONYMISE, DROP = "keep", "pseudonymise", "drop"
KEPT, PSEUDONYMISED, DROPPED = "kept", "pseudonymised", "dropped"
PERSONAL_DATA = "personal-data.json"
VERSION = 1
ALGORITHM = "HMAC-SHA256"
_BATCH_ROWS = 16_384

READ_BY_THE_CONTROL: Mapping[tuple[str, str], str] = {
    ("cr_03", "user_id"): "PG-01 tells manual from integrated entries by it",
    ("cr_03", "document_description"): "PG-01 classifies vouchers by its words",
}
"""Columns whose very text PG-01 needs: without it nobody could follow its classes."""
FOLLOWED_BY_THE_CONTROL: Mapping[tuple[str, str], str] = {
    ("ipe_07", "customer_no"): "PG-01 nets business lines by customer",
}
"""Columns of which PG-01 needs no more than which values are the same: a pseudonym will do."""


class PseudonymKeyError(PermanentError):
    """Pseudonyms were asked for, and the key for them is missing or another one."""


@dataclass(frozen=True)
class PersonalData:
    """What the settings say: ``treatment`` of KEEP, PSEUDONYMISE, DROP, and the key, if any."""

    treatment: str = KEEP
    key: bytes | None = None


AS_GIVEN = PersonalData()
"""Everything is kept."""


@dataclass(frozen=True)
class Decision:
    """What becomes of one personal column, and why."""

    column: str
    treatment: str
    basis: str


@dataclass(frozen=True)
class Treated:
    """The rows for the package, and what ``personal-data.json`` says of them."""

    data: Spooled
    document: Mapping[str, object]


def decisions(entry: CatalogEntry, treatment: str) -> tuple[Decision, ...]:
    """What becomes of each personal column of the report; one that a rule needs is kept."""
    return tuple(_decision(entry, c, treatment) for c in entry.columns if c.personal)


def treat(spooled: Spooled, entry: CatalogEntry, wanted: PersonalData, path: Path) -> Treated:
    """The rows as the package takes them, in the new file ``path`` where any column is treated.

    Raises PseudonymKeyError, and what ``spool`` raises.
    """
    decided = decisions(entry, wanted.treatment)
    data = apply(spooled, entry.columns, decided, wanted.key, path)
    some = any(decision.treatment == PSEUDONYMISED for decision in decided)
    return Treated(
        data,
        {
            "version": VERSION,
            "setting": wanted.treatment,
            "columns": [
                {"column": d.column, "treatment": d.treatment, "basis": d.basis} for d in decided
            ],
            "pseudonyms": {"algorithm": ALGORITHM, "key_id": key_id(_required(wanted.key))}
            if some
            else None,
            "source": {
                "sha256": spooled.sha256,
                "size": spooled.size,
                "content_digest": spooled.content_digest,
            },
        },
    )


def apply(
    spooled: Spooled,
    columns: tuple[Column, ...],
    decided: tuple[Decision, ...],
    key: bytes | None,
    path: Path,
) -> Spooled:
    """The rows after what was decided; the same file where nothing changes.

    Raises PseudonymKeyError, and what ``spool`` raises.
    """
    import pyarrow.parquet as pq

    from soxauto_assets.store.spool import spool

    done = {d.column: d.treatment for d in decided if d.treatment != KEPT}
    if not done:
        return spooled
    secret = _required(key) if PSEUDONYMISED in done.values() else b""

    def batches() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(spooled.path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                yield _changed(batch, done, secret)

    return spool(batches(), packaged_columns(columns, done), path)


def packaged_columns(columns: tuple[Column, ...], done: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of the packaged rows, by what was done with each by name."""
    return tuple(column for column in columns if done.get(column.name) != DROPPED)


def key_id(key: bytes) -> str:
    """Names the key and gives nothing of it away; 16 hexadecimal digits."""
    return hmac.new(key, b"soxauto pseudonym key", hashlib.sha256).hexdigest()[:16]


def pseudonym(key: bytes, value: str) -> str:
    """The pseudonym of a value; 64 hexadecimal digits."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def _decision(entry: CatalogEntry, column: Column, treatment: str) -> Decision:
    if treatment == KEEP:
        return Decision(column.name, KEPT, "the setting keeps personal data")
    needed = _needed(entry, column)
    if needed is not None:
        return Decision(column.name, KEPT, f"refused: {needed}")
    followed = FOLLOWED_BY_THE_CONTROL.get((entry.report.id, column.name))
    if treatment == DROP and followed is None:
        return Decision(column.name, DROPPED, "no rule needs it")
    if not isinstance(column.type, Text):
        return Decision(column.name, KEPT, "refused: only texts have pseudonyms")
    basis = "no rule needs its text" if followed is None else f"not dropped: {followed}"
    if treatment == DROP:
        return Decision(column.name, KEPT, f"refused: {followed}")
    return Decision(column.name, PSEUDONYMISED, basis)


def _needed(entry: CatalogEntry, column: Column) -> str | None:
    """The rule that needs the column's own values, None where there is none."""
    report = entry.report
    if column.name in report.primary_key:
        return "it is part of the primary key"
    if column.name in report.amounts or column.name in (report.event_date, report.balance):
        return "totals and cut-off are computed from it"
    if column.allowed or column.pattern is not None or column.minimum is not None:
        return "the contract has a rule for its values"
    if isinstance(column.type, Text) and column.type.length is not None:
        return "the contract bounds its length"
    return READ_BY_THE_CONTROL.get((report.id, column.name))


def _changed(batch: pa.RecordBatch, done: Mapping[str, str], key: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    kept = [name for name in batch.schema.names if done.get(name) != DROPPED]
    arrays = [
        _pseudonyms(batch[name], key) if done.get(name) == PSEUDONYMISED else batch[name]
        for name in kept
    ]
    fields = [batch.schema.field(name).with_metadata(None) for name in kept]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _pseudonyms(values: pa.Array, key: bytes) -> pa.Array:
    """Each different value once, for keyed hashing is dear; a null stays null."""
    import pyarrow as pa

    encoded = values.dictionary_encode()
    names = [pseudonym(key, str(value)) for value in encoded.dictionary.to_pylist()]
    found = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(names, pa.string()))
    return found.cast(values.type)


def _required(key: bytes | None) -> bytes:
    if key is None:
        raise PseudonymKeyError(
            "Personal data is to be pseudonymised, and there is no key for it.",
            remedy="Set SOXAUTO_PSEUDONYM_KEY from a secret, or another SOXAUTO_PERSONAL_DATA.",
        )
    return key
