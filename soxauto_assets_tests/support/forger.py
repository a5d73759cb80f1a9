"""Whoever changes a package between its making and the auditor, and what they have at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from soxauto_assets.evidence.timestamp_form import stored_form
from soxauto_assets_tests.support.held import Held
from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.tsa import Tsa

FORGER = KeySigner(666, deterministic=True)


class NothingToChangeError(Exception):
    """The package has no part of the kind, or chance left it as it was."""


@dataclass
class Forger:
    """What whoever changes a package has at hand: another package of another month, authorities
    of the same names and with an expired certificate, and chance."""

    other: Held
    foreign: Tsa
    expired: Tsa
    chance: Random
    stamps: dict[tuple[int, bytes], bytes] = field(default_factory=dict)

    def stamp(self, tsa: Tsa, envelope: bytes) -> bytes:
        """A time stamp by that authority, asked for once."""
        key = (id(tsa), envelope)
        if key not in self.stamps:
            request = TimestampRequestBuilder().data(envelope).hash_algorithm(HashAlgorithm.SHA256)
            self.stamps[key] = stored_form(tsa.reply(request.build().as_bytes()))[1]
        return self.stamps[key]


def files(held: Held) -> list[Path]:
    """The files of the package and those beside its list, in order."""
    return sorted(path for path in held.folder.rglob("*") if path.is_file())


def put(path: Path, content: bytes, done: str) -> str:
    """Replace the file by one with other bytes; ``done`` again."""
    if path.exists() and path.read_bytes() == content:
        raise NothingToChangeError
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return done
