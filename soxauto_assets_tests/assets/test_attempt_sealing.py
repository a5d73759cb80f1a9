"""Attempts whose signer or time stamp authority fails, or that die while they seal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.evidence.current import current
from soxauto_assets.evidence.lifecycle import AttemptVerdict
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.signing import SigningKey, SigningUnavailableError
from soxauto_assets.evidence.timestamping import TimeStampAuthority
from soxauto_assets.store.protocol import StoreUnavailableError
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets_tests.evidence.test_package import FailingStore
from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.packages import SIGNER
from soxauto_assets_tests.support.small_warehouse import SmallWarehouse
from soxauto_assets_tests.support.tsa import Tsa, TsaServer, serving
from soxauto_assets_tests.support.workshop import MAY, REPORT, Workshop, small_source


@pytest.fixture(scope="module")
def source(new_folder: Callable[[], Path]) -> SmallWarehouse:
    return small_source(new_folder() / "source")


@pytest.fixture
def workshop(new_folder: Callable[[], Path], source: SmallWarehouse) -> Workshop:
    return Workshop(new_folder(), source.warehouse)


class KeyService(KeySigner):
    """A key service that may be down."""

    down = False

    @property
    def key(self) -> SigningKey:
        self._answer()
        return super().key

    def sign(self, message: bytes) -> bytes:
        self._answer()
        return super().sign(message)

    def _answer(self) -> None:
        if self.down:
            raise SigningUnavailableError("KMS did not answer.", remedy="Try again.")


def test_an_attempt_that_nobody_can_sign_stays_open_and_the_next_start_closes_it(
    workshop: Workshop,
) -> None:
    service = KeyService(5)
    workshop.sealing = Sealing(service)
    service.down = True

    with pytest.raises(SigningUnavailableError):
        workshop.attempt()
    assert [alert.subject for alert in workshop.alerts()] == [
        "SOX PG-01: CR_05 2024-05 could not be finished"
    ]
    assert len(workshop.next_start().failed) == 1
    assert workshop.keys(workshop.evidence).count("manifest.dsse.json") == 0

    service.down = False
    (closed,) = workshop.next_start().closed
    assert closed.verdict is AttemptVerdict.INTERRUPTED
    assert workshop.require_closed_once() is AttemptVerdict.INTERRUPTED


@pytest.mark.parametrize("lost", ["manifest.dsse.json", "manifest.json"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_with_its_envelope_an_attempt_has_passed_whenever_it_dies(
    workshop: Workshop, lost: str, after: bool
) -> None:
    """Before the envelope stands the attempt is interrupted; from then on its verdict stands."""

    class Lost(FailingStore):
        def create(self, key, source, *, metadata=None):  # type: ignore[no-untyped-def]
            if key.endswith("/" + lost):
                self._at = len(self.written)
            return super().create(key, source, metadata=metadata)

    workshop.evidence = Lost(workshop.folder / "evidence", at=999, after=after)
    with pytest.raises(StoreUnavailableError):
        workshop.attempt()

    (closed,) = workshop.next_start().closed

    passed = (lost, after) != ("manifest.dsse.json", False)
    expected = AttemptVerdict.PASS if passed else AttemptVerdict.INTERRUPTED
    assert closed.verdict is expected
    assert workshop.require_closed_once() is expected
    published = current(workshop.results, REPORT, MAY)
    assert (published is not None) is passed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TsaServer]:
    with serving(Tsa(tmp_path / "tsa")) as server:
        yield server


def test_an_authority_that_is_down_delays_no_month_and_the_next_start_completes_its_time(
    workshop: Workshop, server: TsaServer
) -> None:
    workshop.sealing = Sealing(SIGNER, TimeStampAuthority(server.url))
    server.down = True

    outcome = workshop.attempt()

    assert outcome.passed
    assert outcome.became_current
    package = workshop.package(outcome)
    assert verify_package(package).verdict is Verification.TIME_PENDING
    workshop.next_start()
    assert verify_package(package).verdict is Verification.TIME_PENDING

    server.down = False
    workshop.next_start()
    assert verify_package(package).verdict is Verification.VERIFIED
