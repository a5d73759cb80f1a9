"""Trusted time: a time stamp (RFC 3161) over each envelope, now or by a later run.

An authority that does not answer holds nothing up and drops nothing: before a package that claims
a time is written, ``time/pending/<attempt>.json`` is created in the state store; once its
``time.tsr`` stands, ``time/done/<attempt>.json``. What is pending and not done is asked for again
at each start and by the daemon.

Not here: reading a time stamp for an auditor (``verify/timestamp.py``).
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from soxauto_assets.errors import TransientError
from soxauto_assets.evidence.canonical import canonical_json, utc_text
from soxauto_assets.evidence.contents import PackageContents
from soxauto_assets.evidence.lease import Clock, utc_now
from soxauto_assets.evidence.package import PublishedPackage, publish
from soxauto_assets.evidence.papers.making import PaperMaker, papers
from soxauto_assets.evidence.seal import seal
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.timestamp_form import stored_form
from soxauto_assets.store.layout import ENVELOPE, TIME, AttemptAddress
from soxauto_assets.store.protocol import ObjectExistsError, ObjectMissingError, ObjectStore
from soxauto_assets.verify.envelope import read_envelope
from soxauto_assets.verify.manifest import read_manifest
from soxauto_assets.verify.strict_json import UnreadableError, read_canonical
from soxauto_assets.verify.timestamp import check_time_stamp

SECONDS = 10.0
"""How long an authority may take to answer."""
AT_ONCE = 50
"""How many pending time stamps one round asks for: it runs within the daemon's minute."""
_PENDING, _DONE = "time/pending/", "time/done/"
_LARGEST_ANSWER = 2**20


class TimeUnavailableError(TransientError):
    """The time stamp authority gave no usable answer; the package's time stays pending."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without the request."""

    def redirect_request(self, *args: Any, **more: Any) -> None:
        """Follow none."""


class TimeStampAuthority:
    """An authority that answers over HTTP. ``url`` stands in the manifests that claim its time."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self.url = url
        self._seconds = seconds
        self._opener = urllib.request.build_opener(_NoRedirect)

    def stamp(self, envelope: bytes) -> bytes:
        """The content of ``time.tsr`` for these bytes, checked before it is returned.

        The answer is kept with the authority's certificates, in the form of
        ``timestamp_form.py``. Raises TimeUnavailableError.
        """
        request = (
            TimestampRequestBuilder()
            .data(envelope)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        answer = self._posted(request.as_bytes())
        try:
            status, token = stored_form(answer)
            if status != 0:
                raise self._unusable(f"it answers with the status {status}")
            if decode_timestamp_response(token).tst_info.nonce != request.nonce:
                raise self._unusable("it answers another request")
            check_time_stamp(token, envelope, None)
        except ValueError as error:  # UnreadableError is one
            raise self._unusable(f"its answer is no time stamp ({error})") from error
        return token

    def _posted(self, body: bytes) -> bytes:
        request = urllib.request.Request(
            self.url,
            data=body,
            headers={
                "Content-Type": "application/timestamp-query",
                "Accept": "application/timestamp-reply",
            },
        )
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                content = bytes(answer.read(_LARGEST_ANSWER + 1))
        except urllib.error.HTTPError as error:
            raise self._unusable(f"HTTP status {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise self._unusable(f"{type(reason).__name__}") from error
        if len(content) > _LARGEST_ANSWER:
            raise self._unusable("its answer is larger than any time stamp")
        return content

    def _unusable(self, why: str) -> TimeUnavailableError:
        return TimeUnavailableError(
            f"The time stamp authority {self.url} gave no usable time stamp: {why}.",
            remedy="Its packages say that their time is pending, and it is asked again at each "
            "start; if it lasts, check SOXAUTO_TSA_URL and the network.",
        )


@dataclass(frozen=True)
class TimeRound:
    """What one round of asking did; ``problem`` is why it ended early, with the rest waiting."""

    stamped: tuple[AttemptAddress, ...]
    problem: TimeUnavailableError | None


def publish_and_stamp(
    contents: PackageContents,
    address: AttemptAddress,
    evidence: ObjectStore,
    state: ObjectStore,
    sealing: Sealing,
    *,
    now: Clock = utc_now,
    papers: PaperMaker = papers,
) -> PublishedPackage:
    """Publish the package, seal it, and ask once for its time stamp, which may stay pending.

    Raises what ``publish`` raises, and what the stores raise.
    """
    if sealing.authority is None:
        return _published(contents, address, evidence, sealing, now, papers)
    _create(state, _PENDING, address, now())
    package = _published(contents, address, evidence, sealing, now, papers)
    with suppress(TimeUnavailableError):
        _complete(address, evidence, state, sealing.authority, now)
    return package


def _published(
    contents: PackageContents,
    address: AttemptAddress,
    evidence: ObjectStore,
    sealing: Sealing,
    now: Clock,
    papers: PaperMaker,
) -> PublishedPackage:
    package = publish(contents, address, evidence, sealing, papers=papers)
    return replace(package, seal_sha256=seal(address, evidence, now=now))


def complete_pending(
    evidence: ObjectStore,
    state: ObjectStore,
    authority: TimeStampAuthority | None,
    *,
    now: Clock = utc_now,
) -> TimeRound:
    """Ask for the time stamps that are pending; safe beside others that do the same.

    Ends at the first refusal: what the authority does not answer now waits for the next round.
    Without an authority nothing can be asked, and what is pending stays so.
    """
    stamped: list[AttemptAddress] = []
    if authority is None:
        return TimeRound((), None)
    for address in pending(state):
        if len(stamped) == AT_ONCE:
            break
        try:
            if _complete(address, evidence, state, authority, now):
                stamped.append(address)
        except TimeUnavailableError as error:
            return TimeRound(tuple(stamped), error)
    return TimeRound(tuple(stamped), None)


def pending(state: ObjectStore) -> Iterator[AttemptAddress]:
    """The attempts whose packages wait for their time stamp, or are about to be written."""
    done = {listed.key.removeprefix(_DONE) for listed in state.list(_DONE)}
    for listed in state.list(_PENDING):
        name = listed.key.removeprefix(_PENDING)
        address = AttemptAddress.parse(f"attempts/{name}")
        if name not in done and address is not None:
            yield address


def _complete(
    address: AttemptAddress,
    evidence: ObjectStore,
    state: ObjectStore,
    authority: TimeStampAuthority,
    now: Clock,
) -> bool:
    """Whether the package has its time stamp, or needs none, after this."""
    try:
        envelope = evidence.read(address.key(ENVELOPE))
    except ObjectMissingError:
        return False  # not written yet: its attempt is open
    if _claims_time(envelope) and evidence.info(address.key(TIME)) is None:
        token = authority.stamp(envelope)
        with suppress(ObjectExistsError):  # another process was faster; both hold
            evidence.create(address.key(TIME), token)
    _create(state, _DONE, address, now())
    return True


def _claims_time(envelope: bytes) -> bool:
    """Whether the manifest claims a time: whoever closed the attempt may have had no authority."""
    try:
        manifest = read_manifest(read_canonical(read_envelope(envelope).payload))
    except UnreadableError:
        return True  # damaged: the verifier says so; a time stamp does no harm
    return manifest.time_authority is not None


def _create(state: ObjectStore, folder: str, address: AttemptAddress, at: datetime) -> None:
    name = address.key("time.json").removeprefix("attempts/")
    document = {"attempt": address.attempt, "at": utc_text(at)}
    with suppress(ObjectExistsError):
        state.create(folder + name, canonical_json(document))
