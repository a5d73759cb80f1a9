"""Evidence logs for tests: a small story of attempts, and the log rebuilt by who has its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.log import FOLDER, EvidenceLog
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify.log import LogReport, folder_reader, keys_in, verify_log
from soxauto_assets.verify.trust import Trust
from soxauto_assets_tests.support.keys import KeySigner

SIGNER = KeySigner(7, deterministic=True)
START = datetime(2024, 10, 1, 8, tzinfo=UTC)
REPORTS = ("ipe_07", "ipe_08")


def entry(number: int, kind: str, **fields: object) -> bytes:
    """One entry, a minute after the one before."""
    at = utc_text(START + timedelta(minutes=number))
    return canonical_json({"at": at, "fields": fields, "id": f"{number:016x}", "kind": kind})


def attempt_id(number: int) -> str:
    return f"{START + timedelta(minutes=number):%Y%m%d_%H%M%SZ}-{number:08x}"


def story(months: Sequence[str] = ("2024-08", "2024-09")) -> list[bytes]:
    """Two reports, each with a failed and a passed attempt a month."""
    entries = [entry(0, "catalogue", reports=[{"id": r, "sha256": "ab" * 32} for r in REPORTS])]
    for month in months:
        for report in REPORTS:
            for verdict in ("FAIL", "PASS"):
                at = len(entries)
                about = {"report": report, "period": month, "attempt": attempt_id(at)}
                manifest = f"{at:064x}"
                entries.append(entry(at, "opened", **about))
                if verdict == "PASS":
                    entries.append(entry(at + 1, "current", **about, manifest_sha256=manifest))
                entries.append(
                    entry(
                        at + 2,
                        "closed",
                        **about,
                        verdict=verdict,
                        manifest={"key": "manifest.json", "sha256": manifest},
                        envelope_sha256=f"{at + 1:064x}",
                    )
                )
    return entries


def written(root: Path, entries: Sequence[bytes], signer: KeySigner = SIGNER) -> Path:
    """The folder of a log with these entries."""
    store = LocalStore(root, name="evidence", reserve_bytes=0)
    EvidenceLog(store, signer).append(entries)
    return root / FOLDER


def verified(
    folder: Path, *, kept: Sequence[bytes] = (), trust: Trust | None = None, last: str | None = None
) -> LogReport:
    """What the verifier says of a log that lies in a folder."""
    return verify_log(folder_reader(folder), trust, keys=keys_in(folder), kept=kept, last=last)
