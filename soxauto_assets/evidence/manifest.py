"""The manifest: one canonical JSON text that names every file of a package and what it says.

It is an in-toto Statement v1 (https://in-toto.io/Statement/v1): the *subject* lists every other
file of the package with its SHA-256, and the *predicate* holds verdict, figures and checks, so
that a signature can later be put around the very same bytes. ``docs/package-format.md`` describes
each field; the predicate type carries the version of the format.

Not here: the documents that it lists (``documents.py``); reading it back (``verify``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.documents import period_bounds
from soxauto_assets.evidence.values import plain
from soxauto_assets.store.layout import AttemptAddress

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import SigningKey

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:soxauto:evidence-package:3"
SIGNED_PREDICATE_TYPES = ("urn:soxauto:evidence-package:2", PREDICATE_TYPE)
UNSIGNED_PREDICATE_TYPE = "urn:soxauto:evidence-package:1"
"""Of packages that were made before packages were signed; they stand and are still read."""
CONTENT_DIGEST_VERSION = 1
DATA_FILE = "data/extract.parquet"
ATTACHMENTS = "attachments/"
"""Files that the format does not describe; the manifest vouches for their bytes alone."""


@dataclass(frozen=True)
class PackagedFile:
    """A file of the package: its name below the attempt's prefix, SHA-256 (hex) and bytes.

    ``note`` is set where it was not written for this package but found under the prefix.
    """

    name: str
    sha256: str
    size: int
    note: str | None = None


def manifest_bytes(
    contents: PackageContents,
    address: AttemptAddress,
    files: Sequence[PackagedFile],
    *,
    folder: str,
    key: SigningKey,
    authority_url: str | None,
) -> bytes:
    """The manifest of a package; the same contents and key always give the same bytes.

    ``key`` is the one that it will be signed with, and ``authority_url`` whose time stamp it will
    have, None where no trusted time is claimed: both are part of what is signed.
    ``files`` are all objects of the package but the manifest and what is made from it.
    ``folder`` is where the documents of this package stand below the attempt's prefix: ``""``,
    or ``closing-1/`` where an earlier try had left other files under their names.

    The predicate's ``self_digest`` is the SHA-256 of the manifest with ``self_digest`` empty: it
    tells a damaged manifest also where no key is known.
    """
    predicate = plain(predicate_of(contents, address, folder) | _sealing(key, authority_url))
    assert isinstance(predicate, dict)  # as given; texts that UTF-8 cannot write are replaced
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [_subject(file) for file in sorted(files, key=lambda file: file.name)],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    predicate["self_digest"] = ""
    predicate["self_digest"] = hashlib.sha256(canonical_json(statement)).hexdigest()
    return canonical_json(statement)


def _subject(file: PackagedFile) -> dict[str, object]:
    """A ResourceDescriptor of in-toto; what it has no field for stands in ``annotations``."""
    annotations: dict[str, object] = {"size": file.size}
    if file.note is not None:
        annotations["note"] = file.note
    return {"name": file.name, "digest": {"sha256": file.sha256}, "annotations": annotations}


def predicate_of(
    contents: PackageContents, address: AttemptAddress, folder: str
) -> dict[str, object]:
    """What the manifest says of the attempt, all but who signs it and when."""
    return {
        "verdict": contents.verdict.value,
        "cause": contents.cause,
        "report": _report(contents, address),
        "period": period_bounds(address.period),
        "attempt": {
            "id": address.attempt,
            "run": contents.run_id,
            "who": contents.who,
            "closed_by": contents.closed_by,
            "started": utc_text(contents.started),
            "ended": utc_text(contents.ended),
            "retries": list(contents.retries),
        },
        "folder": folder,
        "data": _data(contents, folder),
        "rows_reached": contents.rows_reached,
        "checks": [
            {"name": check.name, "verdict": check.verdict.value} for check in contents.checks
        ],
        "stored": [
            {
                "key": receipt.key,
                "version": receipt.version,
                "sha256": receipt.sha256,
                "size": receipt.size,
            }
            for receipt in contents.stored
        ],
    }


def _sealing(key: SigningKey, authority_url: str | None) -> dict[str, object]:
    return {
        "signer": {
            "assertion": key.assertion,
            "holder": key.holder,
            "key_id": key.key_id,
            "public_key": base64.b64encode(key.public_key).decode(),
        },
        "time": {
            "authority": authority_url,
            "claim": "none" if authority_url is None else "rfc3161",
        },
    }


def _report(contents: PackageContents, address: AttemptAddress) -> dict[str, object]:
    """What recomputation needs to know; null and empty where the report's folder is broken."""
    report = None if contents.entry is None else contents.entry.report
    return {
        "id": address.report,
        "title": None if report is None else report.title,
        "control": None if report is None else report.control,
        "primary_key": [] if report is None else list(report.primary_key),
        "amounts": [] if report is None else list(report.amounts),
        "event_date": None if report is None else report.event_date,
    }


def _data(contents: PackageContents, folder: str) -> dict[str, object] | None:
    data = contents.data
    if data is None:
        return None
    return {
        "file": folder + DATA_FILE,
        "rows": data.rows,
        "totals": contents.totals,
        "content_digest": data.content_digest,
        "content_digest_version": CONTENT_DIGEST_VERSION,
    }
