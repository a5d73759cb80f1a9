"""The package of an attempt as it stands in the evidence store, read back from its manifest.

Packages of format 1 exist with their manifest; signed ones with their envelope, whose manifest
``package.complete`` writes out where a crash came between.

Here: what recovery and status need to know of a package without opening it. Not here: whether
the package is intact (``verify``).
"""

from __future__ import annotations

from soxauto_assets.evidence.canonical import NotCanonicalError, parse_canonical
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.manifest import SIGNED_PREDICATE_TYPES, UNSIGNED_PREDICATE_TYPE
from soxauto_assets.evidence.personal_data import PERSONAL_DATA
from soxauto_assets.evidence.recovery import StandingPackage
from soxauto_assets.store.layout import ENVELOPE, MANIFEST, VALIDATED, AttemptAddress
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    ObjectStore,
    Receipt,
)
from soxauto_assets.verify.envelope import read_envelope


def find_package(evidence_store: ObjectStore, address: AttemptAddress) -> StandingPackage | None:
    """The attempt's package, or None where its manifest does not stand.

    Raises ObjectDamagedError where the manifest is not one, is another attempt's, or is not what
    its envelope signs.
    """
    key = address.key(MANIFEST)
    info = evidence_store.info(key)
    if info is None:
        return None
    try:
        content = evidence_store.read(key)
        statement = parse_canonical(content)
        if statement["predicateType"] in SIGNED_PREDICATE_TYPES:
            if read_envelope(evidence_store.read(address.key(ENVELOPE))).payload != content:
                raise ValueError("not what its envelope signs")
        elif statement["predicateType"] != UNSIGNED_PREDICATE_TYPE:
            raise ValueError(statement["predicateType"])
        predicate = statement["predicate"]
        named = (
            predicate["report"]["id"],
            predicate["period"]["name"],
            predicate["attempt"]["id"],
        )
        if named != (address.report, str(address.period), address.attempt):
            raise ValueError(named)
        verdict = AttemptVerdict(predicate["verdict"])
        data = predicate["data"]
        validated = [
            Receipt(stored["key"], stored["version"], stored["sha256"], stored["size"])
            for stored in predicate["stored"]
            if stored["key"] == address.key(VALIDATED)
        ]
        content_digest = None if data is None else str(data["content_digest"])
        treated = address.key(f"{predicate['folder']}{PERSONAL_DATA}")
        if any(address.key(subject["name"]) == treated for subject in statement["subject"]):
            # What became current is what the source gave, not the packaged copy of it.
            source = parse_canonical(evidence_store.read(treated))["source"]
            content_digest = str(source["content_digest"])
    except (NotCanonicalError, ObjectMissingError, KeyError, TypeError, ValueError) as error:
        raise ObjectDamagedError(
            f"{key} is not the manifest of this attempt.",
            remedy="Run `soxauto verify` on the package; restore it from a backup.",
        ) from error
    passed = verdict is AttemptVerdict.PASS
    return StandingPackage(
        verdict,
        Receipt(key, info.version, info.sha256, info.size),
        content_digest,
        validated[0] if passed and validated else None,
    )
