"""Signing off as the command line does it: stores, trust file and key of the settings.

Here: what is signed, and how all sign-offs of a month are told. Not here: the sign-off itself
(``evidence/sign_off.py``) and what stands in its way (``reconciliation/sign_off_rules.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.entrypoints.bindings import signer_of, store_url
from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.lifecycle import attempts, latest
from soxauto_assets.evidence.sign_off import SignOffRefusedError, StoredSignOff, sign_off, sign_offs
from soxauto_assets.evidence.signing import PersonalSigner
from soxauto_assets.reconciliation.sign_off_rules import blockers
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import ObjectDamagedError
from soxauto_assets.verify.trust import TrustFileError, read_trust

if TYPE_CHECKING:
    from soxauto_assets.period import Period
    from soxauto_assets.settings import Settings
    from soxauto_assets.verify.trust import Trust

CONTROL = "pg01"
TRUST_FILE = "trust.toml"


class TrustFileMissingError(PermanentError):
    """There is no trust file that could be used."""


def trusted(settings: Settings, given: Path | None = None) -> Trust | None:
    """The trust file that is given, set, or in SOXAUTO_HOME; None where none is named or there.

    Raises TrustFileMissingError where one is named and cannot be believed.
    """
    path = given or settings.trust_file
    if path is None:
        path = settings.home / TRUST_FILE
        if not path.exists():
            return None
    try:
        return read_trust(path)
    except TrustFileError as error:
        raise TrustFileMissingError(
            f"The trust file cannot be used: {error}.",
            remedy="Mend it, or name another one in SOXAUTO_TRUST_FILE; docs/auditor.md shows one.",
        ) from error


def sign(
    report: str,
    period: Period,
    role: str,
    key: Path,
    settings: Settings,
    *,
    trust_file: Path | None = None,
    note: str | None = None,
) -> StoredSignOff:
    """Sign the newest attempt of a report (or ``pg01``) and month off with a person's key.

    Raises SignOffRefusedError with every reason there is, TrustFileMissingError, SigningKeyError.
    """
    name = report.strip().lower()
    trust = trusted(settings, trust_file)
    if trust is None:
        raise TrustFileMissingError(
            "There is no trust file, so no key is anybody's.",
            remedy=f"Write one ({settings.home / TRUST_FILE}, or SOXAUTO_TRUST_FILE); "
            "docs/auditor.md shows how.",
        )
    if name not in (*report_ids(), CONTROL):
        raise SignOffRefusedError(
            f"There is no report {report!r}.",
            remedy=f"Choose from: {', '.join((*report_ids(), CONTROL))}.",
        )
    state, evidence, inputs = (
        open_store(store_url(settings, store), name=store)
        for store in ("state", "evidence", "inputs")
    )
    newest = latest(state, name, period)
    found = blockers(newest, evidence=evidence, inputs=inputs)
    if newest is None or found:
        raise SignOffRefusedError(
            f"{name} {period} cannot be signed off: {' '.join(found)}",
            remedy="Mend that, run the month again, and sign the newest attempt.",
        )
    return sign_off(
        newest,
        role,
        PersonalSigner(key),
        evidence=evidence,
        state=state,
        trust=trust,
        log_signer=signer_of(settings),
        note=note,
    )


def sign_off_lines(periods: Sequence[Period], settings: Settings) -> tuple[str, ...]:
    """A line for each sign-off of the months: who signed what, and what is suspended."""
    state = open_store(store_url(settings, "state"), name="state")
    evidence = open_store(store_url(settings, "evidence"), name="evidence")
    trust = trusted(settings)
    lines = []
    for period in periods:
        for report in (*report_ids(), CONTROL):
            try:
                history = attempts(state, report, period)
            except ObjectDamagedError:
                continue  # the table says so
            for stored in sign_offs(evidence, report, period, history, trust):
                lines.append(f"{report} {period}: {words(stored)}")
    return tuple(lines)


def words(stored: StoredSignOff) -> str:
    """One sign-off in a sentence, with what it counts for."""
    made = stored.sign_off
    who = "" if made is None else f" by {made.person}, {made.at:%Y-%m-%d %H:%M} UTC"
    said = f"{stored.role}{who}"
    if stored.problem is not None:
        return f"{said}: DOES NOT COUNT, {stored.problem}"
    if stored.suspended_by is not None:
        return f"{said}: SUSPENDED, a newer attempt exists ({stored.suspended_by})"
    return f"{said}: stands"
