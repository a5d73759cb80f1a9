"""Trusted time: claimed and there, or pending and completed by a later run; never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.timestamping import (
    TimeStampAuthority,
    TimeUnavailableError,
    complete_pending,
    pending,
    publish_and_stamp,
)
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import StoreUnavailableError
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.evidence.test_package import FailingStore
from soxauto_assets_tests.support.packages import ADDRESS, SEALING, SIGNER, interrupted, sample
from soxauto_assets_tests.support.tsa import Tsa, TsaServer, openssl, serving


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa") / "authority")


@pytest.fixture
def server(tsa: Tsa) -> Iterator[TsaServer]:
    with serving(tsa) as server:
        yield server


class Place:
    """An evidence and a state store."""

    def __init__(self, root: Path, url: str) -> None:
        self.evidence, self.state = (
            LocalStore(root / name, name=name, reserve_bytes=0) for name in ("evidence", "state")
        )
        self.folder = root / "evidence" / ADDRESS.prefix
        self.authority = TimeStampAuthority(url, seconds=5)
        self.sealing = Sealing(SIGNER, self.authority)

    def verdict(self) -> Verification:
        report = verify_package(self.folder)
        assert report.first_difference is None
        return report.verdict

    @property
    def waiting(self) -> list:
        return list(pending(self.state))


@pytest.fixture
def place(tmp_path: Path, server: TsaServer) -> Place:
    return Place(tmp_path, server.url)


def test_a_package_has_its_time_stamp_at_once(tmp_path: Path, place: Place) -> None:
    publish_and_stamp(sample(tmp_path), ADDRESS, place.evidence, place.state, place.sealing)

    assert (place.folder / "time.tsr").is_file()
    assert place.verdict() is Verification.VERIFIED
    assert place.waiting == []


def test_the_stored_time_stamp_satisfies_openssl_and_another_library(
    tmp_path: Path, place: Place, tsa: Tsa
) -> None:
    publish_and_stamp(sample(tmp_path), ADDRESS, place.evidence, place.state, place.sealing)

    said = openssl(
        "ts", "-verify", "-data", "manifest.dsse.json", "-in", "time.tsr",
        "-CAfile", str(tsa.root_file),
        folder=place.folder,
    )  # fmt: skip
    verifier = VerifierBuilder().add_root_certificate(tsa.root).build()
    response = decode_timestamp_response((place.folder / "time.tsr").read_bytes())
    assert "Verification: OK" in said
    assert verifier.verify_message(response, (place.folder / "manifest.dsse.json").read_bytes())


def test_an_outage_leaves_the_time_pending_and_a_later_run_completes_it(
    tmp_path: Path, place: Place, server: TsaServer
) -> None:
    server.down = True
    publish_and_stamp(sample(tmp_path), ADDRESS, place.evidence, place.state, place.sealing)

    assert place.verdict() is Verification.TIME_PENDING
    assert place.waiting == [ADDRESS]
    during = complete_pending(place.evidence, place.state, place.authority)
    assert (during.stamped, type(during.problem)) == ((), TimeUnavailableError)
    assert complete_pending(place.evidence, place.state, None).problem is None

    server.down = False
    after = complete_pending(place.evidence, place.state, place.authority)

    assert (after.stamped, after.problem) == ((ADDRESS,), None)
    assert place.verdict() is Verification.VERIFIED
    assert place.waiting == []
    asked = server.requests
    assert complete_pending(place.evidence, place.state, place.authority).stamped == ()
    assert server.requests == asked


def test_an_authority_that_nobody_hears_does_not_hold_a_package_up(tmp_path: Path) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/tsa")

    publish_and_stamp(sample(tmp_path), ADDRESS, place.evidence, place.state, place.sealing)

    assert place.verdict() is Verification.TIME_PENDING
    assert place.waiting == [ADDRESS]


LAST_WRITTEN = ["manifest.dsse.json", "manifest.json", "seal.json", "time.tsr"]


@pytest.fixture(scope="module")
def writes(tsa: Tsa, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many objects a package with its time is written in; those are the last."""
    root = tmp_path_factory.mktemp("whole")
    store, state = FailingStore(root, at=999, after=False), LocalStore(root / "s", name="s")
    with serving(tsa) as server:
        sealing = Sealing(SIGNER, TimeStampAuthority(server.url))
        publish_and_stamp(sample(root), ADDRESS, store, state, sealing)
    assert [key.removeprefix(ADDRESS.prefix) for key in store.written[-4:]] == LAST_WRITTEN
    return len(store.written)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("lost", LAST_WRITTEN)
def test_a_time_stamp_is_not_forgotten_whenever_the_process_dies(
    tmp_path: Path, place: Place, writes: int, lost: str, after: bool
) -> None:
    contents = sample(tmp_path)
    at = writes - len(LAST_WRITTEN) + LAST_WRITTEN.index(lost)
    failing = FailingStore(tmp_path / "evidence", at=at, after=after)
    with pytest.raises(StoreUnavailableError):
        publish_and_stamp(contents, ADDRESS, failing, place.state, place.sealing)
    assert place.waiting == [ADDRESS]

    # Whoever comes next: the attempt gets its one package, and the package its time.
    if lost == "manifest.dsse.json" and not after:
        contents = interrupted(contents)
    publish_and_stamp(contents, ADDRESS, place.evidence, place.state, place.sealing)

    assert place.verdict() is Verification.VERIFIED
    assert place.waiting == []


def test_an_attempt_that_is_still_open_is_not_stamped_and_stays_pending(
    tmp_path: Path, place: Place
) -> None:
    failing = FailingStore(tmp_path / "evidence", at=3, after=False)
    with pytest.raises(StoreUnavailableError):
        publish_and_stamp(sample(tmp_path), ADDRESS, failing, place.state, place.sealing)

    assert complete_pending(place.evidence, place.state, place.authority).stamped == ()
    assert place.waiting == [ADDRESS]


def test_a_package_that_claims_no_time_is_not_given_one(tmp_path: Path, place: Place) -> None:
    contents = sample(tmp_path)
    failing = FailingStore(tmp_path / "evidence", at=3, after=False)
    with pytest.raises(StoreUnavailableError):
        publish_and_stamp(contents, ADDRESS, failing, place.state, place.sealing)
    publish_and_stamp(contents, ADDRESS, place.evidence, place.state, SEALING)

    complete_pending(place.evidence, place.state, place.authority)

    assert not (place.folder / "time.tsr").exists()
    assert place.verdict() is Verification.VERIFIED
    assert place.waiting == []


def test_an_answer_that_is_no_time_stamp_of_these_bytes_is_not_kept(
    tmp_path: Path, place: Place, server: TsaServer
) -> None:
    other = place.authority.stamp(b"other bytes")
    refusal = bytes.fromhex("300530030201 02".replace(" ", ""))
    for answer in (other, refusal, b"", b"<html>", other[:-1], b"x" * 2**21):
        server.answer = answer
        with pytest.raises(TimeUnavailableError, match="no usable time stamp"):
            place.authority.stamp(b"these bytes")


def test_two_that_complete_the_same_package_at_once_both_end_well(
    tmp_path: Path, place: Place, server: TsaServer
) -> None:
    server.down = True
    publish_and_stamp(sample(tmp_path), ADDRESS, place.evidence, place.state, place.sealing)
    server.down = False

    class Overtaken(TimeStampAuthority):
        def stamp(self, envelope: bytes) -> bytes:
            token = super().stamp(envelope)
            complete_pending(place.evidence, place.state, place.authority)
            return token

    complete_pending(place.evidence, place.state, Overtaken(server.url))

    assert server.requests == 3
    assert place.verdict() is Verification.VERIFIED


def test_each_attempt_has_its_own_place_in_the_queue(tmp_path: Path, place: Place) -> None:
    server_down = Sealing(SIGNER, TimeStampAuthority("http://127.0.0.1:9/"))
    second = replace(ADDRESS, attempt="20241001_090000Z-0123abcd")
    for address in (ADDRESS, second):
        publish_and_stamp(
            interrupted(sample(tmp_path)), address, place.evidence, place.state, server_down
        )

    assert place.waiting == [ADDRESS, second]
    done = complete_pending(place.evidence, place.state, place.authority)
    assert done.stamped == (ADDRESS, second)
