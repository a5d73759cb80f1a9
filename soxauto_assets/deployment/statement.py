"""The state of the account as signed evidence (ITGC), stored beside the packages, create-only.

``account/<stack>/<stamp>Z-<random>/state.json`` holds every finding; ``state.dsse.json`` is a DSSE
envelope around an in-toto Statement that names its SHA-256, the verdict, the account, the template
and who asked. An auditor verifies the envelope as that of any package, with the key of the stack.

Here: the documents and their storing. Not here: the comparison (``verification.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from soxauto_assets.evidence.canonical import canonical_json
from soxauto_assets.evidence.sealing import sealed
from soxauto_assets.store.layout import new_attempt_id

if TYPE_CHECKING:
    from soxauto_assets.deployment.verification import ResourceFinding
    from soxauto_assets.evidence.signing import Signer
    from soxauto_assets.store.protocol import ObjectStore, Receipt

PREDICATE_TYPE = "urn:soxauto:account-state:1"
STATE, ENVELOPE = "state.json", "state.dsse.json"


@dataclass(frozen=True)
class Occasion:
    """One verification. ``at`` is aware UTC; ``caller`` the ARN of whoever asked."""

    stack: str
    account: str
    region: str
    caller: str
    template_sha256: str
    code_sha256: str
    at: datetime


def state_document(occasion: Occasion, findings: Sequence[ResourceFinding]) -> bytes:
    """Every finding, as canonical JSON."""
    return canonical_json(
        {
            **_about(occasion, findings),
            "resources": [
                {
                    "name": one.name,
                    "type": one.kind,
                    "physical_id": one.physical,
                    "settings_compared": one.compared,
                    "unreadable": one.unreadable,
                    "differences": [
                        {"setting": d.setting, "promised": d.promised, "found": d.found}
                        for d in one.differences
                    ],
                }
                for one in findings
            ],
        }
    )


def write_state(
    store: ObjectStore,
    signer: Signer,
    occasion: Occasion,
    findings: Sequence[ResourceFinding],
) -> Receipt:
    """Store the state, then the envelope over it; the receipt of the envelope, verified.

    Raises what the store and the signer raise.
    """
    state = state_document(occasion, findings)
    folder = f"account/{occasion.stack}/{new_attempt_id(occasion.at)}"
    statement = canonical_json(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": STATE, "digest": {"sha256": hashlib.sha256(state).hexdigest()}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": _about(occasion, findings),
        }
    )
    envelope = sealed(statement, signer)
    store.verify(store.create(f"{folder}/{STATE}", state))
    receipt = store.create(f"{folder}/{ENVELOPE}", envelope)
    store.verify(receipt)
    return receipt


def _about(occasion: Occasion, findings: Sequence[ResourceFinding]) -> Mapping[str, object]:
    return {
        "verdict": "AS PROMISED" if all(one.well for one in findings) else "DIFFERENT",
        "stack": occasion.stack,
        "account": occasion.account,
        "region": occasion.region,
        "verified_by": occasion.caller,
        "verified_at": occasion.at.isoformat(timespec="seconds"),
        "template_sha256": occasion.template_sha256,
        "code_sha256": occasion.code_sha256,
        "resources_compared": len(findings),
        "settings_compared": sum(one.compared for one in findings),
        "differences": sum(len(one.differences) for one in findings),
        "unreadable": sum(bool(one.unreadable) for one in findings),
    }
