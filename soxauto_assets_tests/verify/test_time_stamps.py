"""The trusted time of a package, against authorities made with `openssl ts`."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.evidence.timestamping import (
    TimeStampAuthority,
    TimeUnavailableError,
    publish_and_stamp,
)
from soxauto_assets.store.local import LocalStore
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.verify.strict_json import UnreadableError
from soxauto_assets.verify.timestamp import check_time_stamp
from soxauto_assets.verify.trust import Trust
from soxauto_assets_tests.support.keys import trusted_key
from soxauto_assets_tests.support.packages import ADDRESS, SIGNER, copied, sample, sign
from soxauto_assets_tests.support.tsa import (
    Tsa,
    serving,
    trusted_authority,
    with_unsigned_attribute,
)
from soxauto_assets_tests.verify.test_authenticity import difference, told, trust

# The authority's clock is this machine's, and keys of the tests end some day.
KEY = trusted_key(SIGNER, valid_to=datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture(scope="module")
def tsa(folders: Path) -> Tsa:
    return Tsa(folders / "tsa")


@pytest.fixture(scope="module")
def stamped(tsa: Tsa, folders: Path) -> Path:
    return package(folders / "package", tsa)


def package(root: Path, tsa: Tsa) -> Path:
    """A package with a time stamp of the authority."""
    evidence, state = (LocalStore(root / name, name=name) for name in ("evidence", "state"))
    with serving(tsa) as server:
        sealing = Sealing(SIGNER, TimeStampAuthority(server.url))
        publish_and_stamp(sample(root), ADDRESS, evidence, state, sealing)
    assert (root / "evidence" / ADDRESS.prefix / "time.tsr").exists()
    return root / "evidence" / ADDRESS.prefix


@pytest.fixture
def folder(stamped: Path, tmp_path: Path) -> Path:
    return copied(stamped, tmp_path)


def trusting(tmp_path: Path, tsa: Tsa) -> Trust:
    return trust(tmp_path, KEY, tsa.trusted)


def test_the_time_and_its_authority_are_told(folder: Path, tmp_path: Path, tsa: Tsa) -> None:
    said = told(folder, "time stamp", trusting(tmp_path, tsa))

    stamp, rest = said.split(" UTC by ", 1)
    age = datetime.now(UTC) - datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    assert timedelta(0) <= age < timedelta(hours=1)
    assert rest == ("CN=Test Time; the attempt ended at 2024-10-01 08:00:42 UTC by its own clock")


def test_without_a_trust_file_the_authority_vouches_for_itself_and_the_report_says_so(
    folder: Path,
) -> None:
    assert told(folder, "time stamp authority") == (
        "CN=Test Time, self-asserted: no trust file was given"
    )


@pytest.mark.parametrize("which", ["root", "between", "certificate"])
def test_a_trust_file_may_name_any_certificate_of_the_chain(
    folder: Path, tmp_path: Path, tsa: Tsa, which: str
) -> None:
    trusted = trust(tmp_path, KEY, trusted_authority(getattr(tsa, which)))

    assert verify_package(folder, trusted).verdict is Verification.VERIFIED


@pytest.mark.parametrize("kind", [{"rsa_key": True}, {"root_in_chain": False}], ids=str)
def test_authorities_of_other_kinds_are_accepted(tmp_path: Path, kind: dict[str, Any]) -> None:
    tsa = Tsa(tmp_path / "tsa", **kind)
    folder = package(tmp_path, tsa)

    assert verify_package(folder, trusting(tmp_path, tsa)).verdict is Verification.VERIFIED
    assert verify_package(folder).verdict is Verification.VERIFIED


def test_a_time_stamp_of_a_foreign_authority_is_found(folder: Path, tmp_path: Path) -> None:
    foreign = Tsa(tmp_path / "foreign")  # of the same names

    assert difference(folder, trusting(tmp_path, foreign)).startswith(
        "time.tsr, its certificate: expected one that a time authority of the trust file issued; "
    )
    assert difference(folder, trust(tmp_path, KEY)).startswith("time.tsr, its certificate: ")


def test_a_time_stamp_by_an_expired_certificate_is_neither_stored_nor_accepted(
    folder: Path, tmp_path: Path
) -> None:
    expired = Tsa(tmp_path / "expired", expired=True)
    with serving(expired) as server, pytest.raises(TimeUnavailableError, match="one valid at "):
        TimeStampAuthority(server.url).stamp(b"x")
    with_time(folder, expired)

    assert difference(folder).startswith("time.tsr, its certificate CN=Test Time: ")


def with_time(folder: Path, tsa: Tsa) -> None:
    """Put an authority's answer beside the package, as whoever can write there may."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    from soxauto_assets.evidence.timestamp_form import stored_form

    envelope = (folder / "manifest.dsse.json").read_bytes()
    request = TimestampRequestBuilder().data(envelope).hash_algorithm(HashAlgorithm.SHA256)
    (folder / "time.tsr").write_bytes(stored_form(tsa.reply(request.build().as_bytes()))[1])


def test_an_authority_that_was_given_no_right_to_issue_is_found(
    folder: Path, tmp_path: Path
) -> None:
    tsa = Tsa(tmp_path / "tsa", may_issue=False)
    with_time(folder, tsa)

    assert difference(folder, trusting(tmp_path, tsa)).startswith("time.tsr, its certificate: ")


def test_a_time_stamp_of_another_envelope_is_found(folder: Path) -> None:
    """Also where the same manifest was signed once more: the time is that of the signature."""
    sign(folder)

    assert difference(folder).startswith("time.tsr, the digest that was stamped: ")


def test_a_claimed_time_that_is_missing_is_pending_and_not_verified(folder: Path) -> None:
    (folder / "time.tsr").unlink()
    report = verify_package(folder)

    assert (report.verdict, report.first_difference) == (Verification.TIME_PENDING, None)


def test_a_link_in_place_of_the_time_stamp_is_found(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "time.tsr", tmp_path / "elsewhere")
    (folder / "time.tsr").symlink_to(tmp_path / "elsewhere")

    assert difference(folder).startswith("time.tsr, the file: ")


def test_the_key_must_have_been_valid_at_the_trusted_time(
    folder: Path, tmp_path: Path, tsa: Tsa
) -> None:
    """The package says 2024, when the key was valid; the authority says now, when it is not."""
    late = trusted_key(SIGNER, valid_to=datetime(2025, 1, 1, tzinfo=UTC))

    assert difference(folder, trust(tmp_path, late, tsa.trusted)).startswith("signing key: ")


@settings(max_examples=60)
@given(data=st.data())
def test_any_changed_byte_of_a_time_stamp_is_found(
    stamped: Path, tsa: Tsa, data: st.DataObject
) -> None:
    content = (stamped / "time.tsr").read_bytes()
    envelope = (stamped / "manifest.dsse.json").read_bytes()
    at = data.draw(st.integers(0, len(content) - 1), "position")
    flip = data.draw(st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]), "flip")
    changed = content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :]

    with pytest.raises(UnreadableError):
        check_time_stamp(changed, envelope, [tsa.root])


def test_unsigned_attributes_are_accepted_and_told(folder: Path) -> None:
    content = (folder / "time.tsr").read_bytes()
    (folder / "time.tsr").write_bytes(with_unsigned_attribute(content))
    report = verify_package(folder)

    assert report.verdict is Verification.VERIFIED
    assert [f.found for f in report.checks if f.name == "time.tsr, unsigned attributes"] == [
        "some, which nobody signed and nothing rests on"
    ]
