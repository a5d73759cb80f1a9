"""A SOXAUTO_HOME with packages that were closed, and two persons who may sign them off."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from soxauto_assets.evidence.lifecycle import AttemptVerdict, close_attempt, open_attempt
from soxauto_assets.evidence.package import publish
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import ADDRESS, SEALING, sample

AMINA, KOFI = KeySigner(21), KeySigner(22)
REPORT = "ipe_07"
"""A report of the catalogue, under whose address the packages of the sample report stand."""


class Home:
    """A SOXAUTO_HOME with one month's package of a report, and two persons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.state = LocalStore(folder / "state", name="state", reserve_bytes=0)
        self.evidence = LocalStore(folder / "evidence", name="evidence", reserve_bytes=0)
        for name, signer in (("amina", AMINA), ("kofi", KOFI)):
            self.key(name).write_bytes(
                signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            self.key(name).chmod(0o600)
        always = datetime(2124, 1, 1, tzinfo=UTC)
        (folder / "trust.toml").write_text(
            trusted_key(AMINA, holder='person = "Amina"', roles='["preparer"]', valid_to=always)
            + trusted_key(KOFI, holder='person = "Kofi"', roles='["reviewer"]', valid_to=always)
        )

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def attempt(self, attempt: str, verdict: AttemptVerdict) -> Path:
        address = AttemptAddress(REPORT, ADDRESS.period, attempt)
        with open_attempt(self.state, address, "a@b", "run") as lease:
            package = publish(sample(self.folder / attempt), address, self.evidence, SEALING)
            close_attempt(lease, verdict, package.manifest)
        return self.folder / "evidence" / address.prefix
