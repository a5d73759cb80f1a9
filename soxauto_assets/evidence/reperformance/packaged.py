"""The current package of a report, read back to be run again: its query, values and columns.

Everything is taken from the package and nothing from today's catalogue, and each byte is compared
with the signed manifest before it is used. Not here: running it (``performing.py``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.catalog.model import (
    AsOf,
    Boolean,
    Column,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.catalog.parameters import Scalar, Value
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.documents import CATALOGUE
from soxauto_assets.evidence.personal_data import (
    DROPPED,
    PERSONAL_DATA,
    Decision,
    packaged_columns,
)
from soxauto_assets.store.layout import ENVELOPE, AttemptAddress
from soxauto_assets.store.protocol import ObjectMissingError
from soxauto_assets.verify.envelope import check_signature, read_envelope
from soxauto_assets.verify.manifest import Manifest, read_manifest
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore

_TYPE = re.compile(r"(text|integer|decimal|date|timestamp|boolean)(?:\(([0-9]+)(?:,([0-9]+))?\))?")
_CHUNK = 2**20


class PackageUnusableError(PermanentError):
    """The package that is to be run again is damaged, or holds nothing to run."""


@dataclass(frozen=True)
class PackagedReport:
    """What a package says was run, and what came of it.

    ``extract`` is a local file with the packaged rows; it is read and never written. ``declared``
    are the columns that the query gives, in their order. ``treated`` is what was done with personal
    ones in that file, and ``pseudonym_key_id`` names the key of it, None where there is none.
    ``values`` are the parameters by name, without ``@``.
    """

    address: AttemptAddress
    envelope_sha256: str
    manifest: Manifest
    title: str
    query: str
    values: Mapping[str, Value]
    declared: tuple[Column, ...]
    treated: tuple[Decision, ...]
    pseudonym_key_id: str | None
    extract: Path

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the packaged rows, which can be compared."""
        return packaged_columns(self.declared, {d.column: d.treatment for d in self.treated})

    @property
    def not_compared(self) -> tuple[str, ...]:
        """Columns that the package does not have: personal data that was dropped."""
        return tuple(d.column for d in self.treated if d.treatment == DROPPED)


def read_packaged(
    address: AttemptAddress, manifest_sha256: str | None, evidence: ObjectStore
) -> PackagedReport:
    """The package of the attempt, as far as it is needed to run it again.

    ``manifest_sha256`` is what the current data names. Raises PackageUnusableError where a byte
    differs from what was signed or there is no query or extract, and what the store raises.
    """
    try:
        return _Reader(address, manifest_sha256, evidence).packaged()
    except UnreadableError as error:
        raise _damaged(address, f"{error.where} is {error.found}, not {error.expected}") from error
    except ObjectMissingError as error:
        raise _damaged(address, error.problem) from error


class _Reader:
    """Reads the files of one package, each against its manifest."""

    def __init__(
        self, address: AttemptAddress, manifest_sha256: str | None, evidence: ObjectStore
    ) -> None:
        self._address = address
        self._evidence = evidence
        content = evidence.read(address.key(ENVELOPE))
        self._envelope_sha256 = hashlib.sha256(content).hexdigest()
        envelope = read_envelope(content)
        found = hashlib.sha256(envelope.payload).hexdigest()
        if manifest_sha256 != found:
            raise UnreadableError("its manifest", f"the one of {manifest_sha256}", found)
        self._manifest = read_manifest(read_canonical(envelope.payload))
        if self._manifest.signer is None:
            raise UnreadableError("its manifest", "a signed one", "one of format 1")
        check_signature(envelope, self._manifest.signer.public_key)

    def packaged(self) -> PackagedReport:
        manifest, folder = self._manifest, self._manifest.folder
        query = f"{folder}{CATALOGUE}query.sql"
        if manifest.data is None or manifest.file(query) is None:
            raise PackageUnusableError(
                f"The package of {self._address.report} {self._address.period} holds no query "
                "of a source and its extract, so nothing can be run again.",
                remedy="A control is made again by `soxauto pg01`; a report by `soxauto run`.",
            )
        schema = self._document(f"{folder}schema.json")
        parameters = self._document(f"{folder}parameters.json")
        treated, key = self._personal(f"{folder}{PERSONAL_DATA}")
        return PackagedReport(
            address=self._address,
            envelope_sha256=self._envelope_sha256,
            manifest=manifest,
            title=str(manifest.report["title"]),
            query=self._read(query).decode("utf-8"),
            values={name: _value(value) for name, value in parameters["values"].items()},
            declared=tuple(_column(column) for column in schema["columns"]),
            treated=treated,
            pseudonym_key_id=key,
            extract=self._extract(manifest.data.file),
        )

    def _personal(self, name: str) -> tuple[tuple[Decision, ...], str | None]:
        if self._manifest.file(name) is None:
            return (), None
        document = self._document(name)
        pseudonyms = document["pseudonyms"]
        return (
            tuple(Decision(d["column"], d["treatment"], d["basis"]) for d in document["columns"]),
            None if pseudonyms is None else str(pseudonyms["key_id"]),
        )

    def _document(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = read_canonical(self._read(name))
        return document

    def _read(self, name: str) -> bytes:
        content = self._evidence.read(self._address.key(name))
        self._compare(name, hashlib.sha256(content).hexdigest())
        return content

    def _extract(self, name: str) -> Path:
        path = self._evidence.local_path(self._address.key(name))
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        self._compare(name, digest.hexdigest())
        return path

    def _compare(self, name: str, found: str) -> None:
        listed = self._manifest.file(name)
        expected = "no such file" if listed is None else listed.sha256
        if found != expected:
            raise UnreadableError(f"the SHA-256 of {name}", expected, found)


def _damaged(address: AttemptAddress, what: str) -> PackageUnusableError:
    return PackageUnusableError(
        f"The current package of {address.report} {address.period}, attempt {address.attempt}, "
        f"is damaged: {what}.",
        remedy="Verify it (`soxauto verify`), restore it from a backup, and find out who or what "
        "changed it.",
    )


def _value(written: Any) -> Value:
    """A parameter as ``values.typed`` wrote it."""
    if isinstance(written, list):
        return tuple(_value(item) for item in written)  # type: ignore[return-value]
    return _scalar(written["type"], written["value"])


def _scalar(kind: str, value: Any) -> Scalar:
    match kind:
        case "text":
            return str(value)
        case "integer":
            return int(value)
        case "date":
            return date.fromisoformat(value)
        case "timestamp":
            return datetime.fromisoformat(value)
    raise UnreadableError("parameters.json", "a text, whole number, day or stamp", kind)


def _column(declared: Mapping[str, Any]) -> Column:
    return Column(
        name=declared["name"],
        type=_type(declared["type"], declared["clock"]),
        description=declared["description"],
        source=declared["source"],
        nullable=declared["nullable"],
        as_of=AsOf(declared["as_of"]),
        personal=declared["personal"],
    )


def _type(written: str, clock: str | None) -> ColumnType:
    found = _TYPE.fullmatch(written)
    first, second = (None, None) if found is None else (found[2], found[3])
    match (None if found is None else found[1]), first, second:
        case "text", length, None:
            return Text(None if length is None else int(length))
        case "integer", str(bits), None:
            return Integer(int(bits))
        case "decimal", str(precision), str(scale):
            return Numeric(int(precision), int(scale))
        case "date", None, None:
            return Date()
        case "timestamp", None, None:
            return Timestamp() if clock is None else Timestamp(clock)
        case "boolean", None, None:
            return Boolean()
    raise UnreadableError("schema.json", "a type of the catalogue", repr(written))
