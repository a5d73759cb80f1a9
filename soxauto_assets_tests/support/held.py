"""All that an auditor has of one package: its folder, the log of today, a checkpoint that was
kept, sign-offs and a trust file. Made by the product, and copied by hard links to be changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lifecycle import close_attempt, latest, open_attempt
from soxauto_assets.evidence.log_keeping import keep_log, record_in_log
from soxauto_assets.evidence.package import PackageContents
from soxauto_assets.evidence.papers.making import PaperMaker, papers
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.sign_off import sign_off
from soxauto_assets.evidence.timestamping import TimeStampAuthority, publish_and_stamp
from soxauto_assets.period import Period
from soxauto_assets.store.layout import AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import VerificationReport, verify_package
from soxauto_assets.verify.archive import verify_zip
from soxauto_assets.verify.kept import KeptCheckpoints
from soxauto_assets.verify.log import folder_reader
from soxauto_assets.verify.trust import Trust, read_trust
from soxauto_assets_tests.support.keys import KeySigner, trusted_key
from soxauto_assets_tests.support.packages import ADDRESS, APPROVER, SIGNER, approved
from soxauto_assets_tests.support.tsa import Tsa, serving

PREPARER, REVIEWER = KeySigner(31), KeySigner(32)
_END = datetime(2100, 1, 1, tzinfo=UTC)
"""The authority's clock is this machine's, and keys of the tests end some day."""


@dataclass(frozen=True)
class Held:
    """A package and what stands around it, below ``root``; ``kept`` is older than today's log."""

    root: Path
    address: AttemptAddress
    trust: Trust
    kept: bytes

    @property
    def folder(self) -> Path:
        """The folder of the package."""
        return self.root / self.address.prefix

    @property
    def log(self) -> Path:
        """The folder of today's log."""
        return self.root / "log"

    @property
    def sign_offs(self) -> list[Path]:
        """The two sign-offs of the package, whether they are still there or not."""
        folder = self.root / "signoffs" / self.address.prefix.removeprefix("attempts/")
        return [folder / f"{role}.dsse.json" for role in ("preparer", "reviewer")]

    def verified(self, archive: Path | None = None) -> VerificationReport:
        """What the verifier says, of everything at once; ``archive`` is a ZIP of the package."""
        kept = KeptCheckpoints([self.kept], folder_reader(self.log))

        def verify(folder: Path) -> VerificationReport:
            return verify_package(folder, self.trust, sign_offs=self.sign_offs, kept=kept)

        return verify(self.folder) if archive is None else verify_zip(archive, verify)

    def copied(self, to: Path) -> Held:
        """The same, made of hard links below ``to``: whoever changes a file must replace it."""
        root = str(self.root)
        for part in (self.folder, self.log, self.sign_offs[0].parent):
            for folder, _, names in os.walk(part):
                target = f"{to}{folder.removeprefix(root)}"
                if "/log/leaf" in target:
                    continue  # no part of what is verified
                os.makedirs(target)
                for name in names:
                    os.link(f"{folder}/{name}", f"{target}/{name}")
        return replace(self, root=to)


def held(
    root: Path,
    packages: Sequence[PackageContents],
    tsa: Tsa | None = None,
    *,
    papers: PaperMaker = papers,
) -> list[Held]:
    """Each of the contents published, closed, logged and signed off, in one store, a month each.

    With ``tsa`` all but every third package has its time; those claim none.
    """
    evidence, state = (
        LocalStore(root / name, name=name, reserve_bytes=0) for name in ("evidence", "state")
    )
    trust = _trust(root, tsa)
    if tsa is None:
        addresses = _attempts(packages, evidence, state, trust, None, papers)
    else:
        with serving(tsa) as server:
            authority = TimeStampAuthority(server.url)
            addresses = _attempts(packages, evidence, state, trust, authority, papers)
    kept = (root / "evidence" / "log" / "checkpoint").read_bytes()
    for number in range(3):
        fields = {"reason": f"after the checkpoint was kept {number}"}
        record_in_log(state, evidence, SIGNER, RecordKind.HOLD, fields)
    return [Held(root / "evidence", address, trust, kept) for address in addresses]


def _attempts(
    packages: Sequence[PackageContents],
    evidence: LocalStore,
    state: LocalStore,
    trust: Trust,
    authority: TimeStampAuthority | None,
    papers: PaperMaker,
) -> list[AttemptAddress]:
    addresses, month = [], Period(2024, 9)
    for number, contents in enumerate(packages):
        address = AttemptAddress(ADDRESS.report, month, f"20241001_080000Z-{number:08x}")
        stored = tuple(
            replace(receipt, key=address.key(Path(receipt.key).name)) for receipt in contents.stored
        )
        sealing = Sealing(SIGNER, None if number % 3 == 2 else authority)
        lease = open_attempt(state, address, "amina@books", "run")
        package = publish_and_stamp(
            replace(approved(contents), stored=stored),
            address,
            evidence,
            state,
            sealing,
            papers=papers,
        )
        close_attempt(lease, contents.verdict, package.manifest, seal_sha256=package.seal_sha256)
        keep_log(state, evidence, SIGNER)
        newest = latest(state, address.report, month)
        assert newest is not None
        for role, signer in (("preparer", PREPARER), ("reviewer", REVIEWER)):
            sign_off(
                newest, role, signer, evidence=evidence, state=state, trust=trust, log_signer=SIGNER
            )
        lease.release()
        addresses.append(address)
        month = month.next
    return addresses


def _trust(root: Path, tsa: Tsa | None) -> Trust:
    tables = [
        trusted_key(signer, holder=holder, roles=roles, valid_to=_END)
        for signer, holder, roles in (
            (SIGNER, 'service = "SOXauto"', '["package", "log"]'),
            (APPROVER, 'person = "Zola Mbeki"', '["approver"]'),
            (PREPARER, 'person = "Amina Diallo"', '["preparer"]'),
            (REVIEWER, 'person = "Kofi Mensah"', '["reviewer"]'),
        )
    ]
    path = root / "trust.toml"
    path.write_text("".join(tables) + ("" if tsa is None else tsa.trusted))
    return read_trust(path)
