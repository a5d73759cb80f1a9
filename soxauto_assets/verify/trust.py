"""The trust file: whose signatures and time stamps an auditor believes, kept by the auditor.

A TOML file. ``docs/auditor.md`` shows one; each table has exactly these fields::

    [[keys]]
    key_id = "…"            # SHA-256 of the public key's SubjectPublicKeyInfo (DER), hexadecimal
    public_key = \"\"\"PEM\"\"\"  # on the curve P-256
    person = "Amina Diallo"  # or: service = "SOXauto at Jumia", never both
    roles = ["package"]      # package, approver, preparer, reviewer, log
    valid_from = 2024-01-01T00:00:00Z
    valid_to = 2027-01-01T00:00:00Z

    [[time_authorities]]
    name = "Example TSA"
    certificate = \"\"\"PEM\"\"\"  # its root, an authority between, or its own

A key that was replaced stays in the file with the end of its time in ``valid_to``: what it signed
before that still counts. Not here: comparing a package with it (``authenticity.py``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.verify.envelope import key_id_of, p256_key
from soxauto_assets.verify.strict_json import UnreadableError, digest, members, text, texts

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ROLES = ("package", "approver", "preparer", "reviewer", "log")
_LARGEST = 2**20


class TrustFileError(ValueError):
    """The trust file cannot be used; the message says where in it and why."""


@dataclass(frozen=True)
class TrustedKey:
    """A key and whose it is. ``valid_from`` and ``valid_to`` are aware; the latter is excluded."""

    key_id: str
    public_key: bytes
    holder: str
    is_person: bool
    roles: frozenset[str]
    valid_from: datetime
    valid_to: datetime

    @property
    def words(self) -> str:
        """Whose key it is, for people."""
        return f"{'' if self.is_person else 'the service '}{self.holder}"


@dataclass(frozen=True)
class TimeAuthority:
    """A time stamp authority, or the one that issues its certificates."""

    name: str
    certificate: Certificate


@dataclass(frozen=True)
class Trust:
    """A trust file that was read."""

    keys: tuple[TrustedKey, ...]
    time_authorities: tuple[TimeAuthority, ...]

    def key(self, key_id: str) -> TrustedKey | None:
        """The key of that id, or None."""
        return next((key for key in self.keys if key.key_id == key_id), None)


def read_trust(path: Path) -> Trust:
    """The trust file at ``path``; raises TrustFileError where it cannot be believed as a whole."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise TrustFileError(f"{path} is larger than any trust file")
        document = tomllib.loads(content.decode("utf-8"))
        strange = sorted(set(document) - {"keys", "time_authorities"})
        if strange:
            raise TrustFileError(f"{path} has an unknown table {strange[0]!r}")
        keys = tuple(_key(*item) for item in _tables(document, "keys"))
        authorities = tuple(_authority(*item) for item in _tables(document, "time_authorities"))
    except OSError as error:
        raise TrustFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnreadableError as error:
        raise TrustFileError(f"{path}, {error}") from error
    except ValueError as error:
        raise TrustFileError(f"{path} is no TOML: {error}") from error
    if len({key.key_id for key in keys}) != len(keys):
        raise TrustFileError(f"{path} lists a key twice")
    return Trust(keys, authorities)


def _tables(document: dict[str, Any], name: str) -> Iterator[tuple[Any, str]]:
    tables = document.get(name, [])
    if not isinstance(tables, list):
        raise UnreadableError(name, f"tables [[{name}]]", "something else")
    for number, table in enumerate(tables):
        yield table, f"{name}[{number}]"


def _key(value: Any, where: str) -> TrustedKey:
    is_person = isinstance(value, dict) and "person" in value
    key_id, pem, holder, roles, valid_from, valid_to = members(
        value,
        where,
        "key_id",
        "public_key",
        "person" if is_person else "service",
        "roles",
        "valid_from",
        "valid_to",
    )
    public_key = _from_pem(pem, f"{where}.public_key")
    if digest(key_id, f"{where}.key_id") != key_id_of(public_key):
        raise UnreadableError(f"{where}.key_id", f"{key_id_of(public_key)}, by its key", key_id)
    for role in texts(roles, f"{where}.roles"):
        if role not in ROLES:
            raise UnreadableError(f"{where}.roles", f"some of {', '.join(ROLES)}", repr(role))
    return TrustedKey(
        key_id,
        public_key,
        text(holder, f"{where}, its holder"),
        is_person,
        frozenset(roles),
        _moment(valid_from, f"{where}.valid_from"),
        _moment(valid_to, f"{where}.valid_to"),
    )


def _authority(value: Any, where: str) -> TimeAuthority:
    from cryptography.x509 import load_pem_x509_certificate

    name, pem = members(value, where, "name", "certificate")
    try:
        certificate = load_pem_x509_certificate(text(pem, f"{where}.certificate").encode())
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"{where}.certificate", "one in PEM", "something else") from error
    return TimeAuthority(text(name, f"{where}.name"), certificate)


def _from_pem(value: Any, where: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(text(value, where).encode())
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(where, "a public key in PEM", "something else") from error
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    p256_key(encoded, where)
    return encoded


def _moment(value: Any, where: str) -> datetime:
    if not isinstance(value, datetime) or value.utcoffset() != timedelta(0):
        raise UnreadableError(where, "a moment in UTC like 2024-01-01T00:00:00Z", repr(value))
    return value
