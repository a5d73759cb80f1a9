"""Sign-offs in the evidence store: made over a package's digest, create-only, one a role.

They stand under ``signoffs/<report>/<period>/<attempt>/<role>.dsse.json``, beside the packages,
never in them. A sign-off is *suspended* as soon as a newer attempt exists, whatever its verdict:
somebody has looked again, and whoever signed has not seen what came of it.

Here: making, reading and judging them. Not here: their form (``verify/sign_offs.py``) and what
stands in the way of one (``reconciliation/sign_off_rules.py``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError
from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.lifecycle import AttemptState
from soxauto_assets.evidence.log_keeping import record_in_log
from soxauto_assets.evidence.sealing import sealed
from soxauto_assets.store.layout import ENVELOPE, AttemptAddress
from soxauto_assets.store.protocol import ObjectExistsError, ObjectMissingError, ObjectStore
from soxauto_assets.verify.sign_offs import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    SignOff,
    read_sign_off,
    why_not_trusted,
    why_not_two_persons,
)
from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer
    from soxauto_assets.period import Period
    from soxauto_assets.verify.trust import Trust

SIGN_OFFS = "signoffs/"
_END = ".dsse.json"


class SignOffRefusedError(PermanentError):
    """The package cannot be signed off by this key in this role, or not now."""


@dataclass(frozen=True)
class StoredSignOff:
    """A sign-off as it stands. ``problem`` says why it does not count, None where it does.

    ``sign_off`` is None where its bytes are none; ``role`` is then what its key says.
    ``suspended_by`` is the newer attempt, None while there is none.
    """

    key: str
    role: str
    sign_off: SignOff | None
    problem: str | None
    suspended_by: str | None

    @property
    def counts(self) -> bool:
        """Whether it stands today."""
        return self.problem is None and self.suspended_by is None


def sign_off_key(address: AttemptAddress, role: str) -> str:
    """Where the sign-off of a role over the attempt's package stands."""
    return f"{SIGN_OFFS}{address.report}/{address.period}/{address.attempt}/{role}{_END}"


def sign_off(
    latest: AttemptState,
    role: str,
    signer: Signer,
    *,
    evidence: ObjectStore,
    state: ObjectStore,
    trust: Trust,
    log_signer: Signer,
    note: str | None = None,
    now: Clock = utc_now,
) -> StoredSignOff:
    """Sign the newest attempt's package off and record it; nothing is ever replaced.

    ``signer`` holds the person's own key, whose holder ``trust`` names; ``log_signer`` is the
    product's, which signs the log's checkpoints. Raises
    SignOffRefusedError where the attempt is still open, the key is not that of a person with this
    role, the same person has the other role, the reviewer comes first, or the role has signed.
    """
    address, closed = latest.address, latest.closed
    if closed is None:
        raise _refused(address, "its newest attempt is still open", "Wait until it has ended.")
    envelope = evidence.read(address.key(ENVELOPE))
    key = trust.key(signer.key.key_id)
    person = "nobody" if key is None else key.holder
    content = _signed(address, closed.verdict.value, envelope, role, person, note, signer, now())
    made = read_sign_off(content)
    problem = why_not_trusted(made, trust)
    if problem is not None:
        raise _refused(
            address, problem, "Ask whoever keeps the trust file for an entry with the role."
        )
    others = [s.sign_off for s in _of_attempt(evidence, address, trust) if s.sign_off is not None]
    if problem := why_not_two_persons([*others, made]):
        raise _refused(address, problem, "Have another person sign, with a key of their own.")
    if role == "reviewer" and not any(other.role == "preparer" for other in others):
        raise _refused(address, "no preparer has signed it", "Have the preparer sign first.")
    stored = sign_off_key(address, role)
    try:
        receipt = evidence.create(stored, content)
    except ObjectExistsError as error:
        raise _refused(
            address, f"its {role} has signed already", "`soxauto period` shows who, and when."
        ) from error
    record_in_log(
        state,
        evidence,
        log_signer,
        RecordKind.SIGN_OFF,
        {
            "attempt": address.attempt,
            "envelope_sha256": made.package_sha256,
            "key_id": made.key_id,
            "period": str(address.period),
            "person": person,
            "report": address.report,
            "role": role,
            "sha256": receipt.sha256,
        },
        at=made.at,
        once=stored,
    )
    return StoredSignOff(stored, role, made, None, None)


def sign_offs(
    evidence: ObjectStore,
    report: str,
    period: Period,
    history: Sequence[AttemptState],
    trust: Trust | None,
) -> tuple[StoredSignOff, ...]:
    """All sign-offs of a report and month, the oldest attempt first, each with its standing.

    ``history`` are the attempts of the month, the oldest first. Without ``trust`` the key of each
    vouches for itself. One that is damaged is told of, never left out.
    """
    attempts = sorted(
        {
            listed.key.split("/")[3]
            for listed in evidence.list(f"{SIGN_OFFS}{report}/{period}/")
            if listed.key.count("/") == 4
        }
    )
    newest = history[-1].address.attempt if history else None
    found = []
    for attempt in attempts:
        later = newest if newest is not None and newest > attempt else None
        address = AttemptAddress(report, period, attempt)
        for stored in _of_attempt(evidence, address, trust):
            found.append(
                StoredSignOff(stored.key, stored.role, stored.sign_off, stored.problem, later)
            )
    return tuple(found)


def _of_attempt(
    evidence: ObjectStore, address: AttemptAddress, trust: Trust | None
) -> list[StoredSignOff]:
    """The sign-offs of one package, each held against its bytes."""
    prefix = f"{SIGN_OFFS}{address.report}/{address.period}/{address.attempt}/"
    keys = [listed.key for listed in evidence.list(prefix)]
    if not keys:
        return []
    try:
        package = hashlib.sha256(evidence.read(address.key(ENVELOPE))).hexdigest()
    except ObjectMissingError:
        package = "none"
    found = []
    for key in keys:
        role = key.removeprefix(prefix).removesuffix(_END)
        try:
            made = read_sign_off(evidence.read(key))
        except UnreadableError as error:
            found.append(StoredSignOff(key, role, None, f"it is damaged: {error}", None))
            continue
        problem = None if trust is None else why_not_trusted(made, trust)
        named = (made.report, made.period, made.attempt, made.role)
        if named != (address.report, str(address.period), address.attempt, role):
            problem = f"it is of {' '.join(named)}"
        elif made.package_sha256 != package:
            problem = "it is over another package than the one that stands"
        found.append(StoredSignOff(key, role, made, problem, None))
    counted = [s.sign_off for s in found if s.sign_off is not None and s.problem is None]
    if problem := why_not_two_persons(counted):
        found = [
            StoredSignOff(s.key, s.role, s.sign_off, s.problem or problem, None) for s in found
        ]
    return found


def _signed(
    address: AttemptAddress,
    verdict: str,
    envelope: bytes,
    role: str,
    person: str,
    note: str | None,
    signer: Signer,
    at: datetime,
) -> bytes:
    digest = hashlib.sha256(envelope).hexdigest()
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": address.key(ENVELOPE), "digest": {"sha256": digest}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "role": role,
            "person": person,
            "at": utc_text(at),
            "note": note,
            "report": address.report,
            "period": str(address.period),
            "attempt": address.attempt,
            "verdict": verdict,
            "signer": {
                "key_id": signer.key.key_id,
                "public_key": base64.b64encode(signer.key.public_key).decode(),
            },
        },
    }
    return sealed(canonical_json(statement), signer)


def _refused(address: AttemptAddress, why: str, remedy: str) -> SignOffRefusedError:
    return SignOffRefusedError(
        f"{address.report} {address.period} cannot be signed off: {why}.", remedy=remedy
    )
