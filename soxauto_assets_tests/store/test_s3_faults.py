"""S3 and the network on a bad day, through a proxy that does it to real requests.

Each request is sent twice at most (``tries=2`` of ``support/s3_server.py``).
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    PreconditionFailedError,
    StoreError,
    StoreUnavailableError,
)
from soxauto_assets.store.s3 import S3Store
from soxauto_assets_tests.support.faulty_http import Deed, FaultyProxy, faulty_proxy
from soxauto_assets_tests.support.s3_server import S3Server, s3_server

MIB = 2**20
DEEDS: list[Deed] = ["answer", "reset in request", "lose answer"]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.bucket()


@pytest.fixture
def store(server: S3Server, proxy: FaultyProxy, bucket: str) -> S3Store:
    """A store that is reached through the proxy."""
    return S3Store(
        server.address(
            bucket,
            endpoint=proxy.endpoint,
            multipart_above=5 * MIB,
            part_bytes=5 * MIB,
            read_seconds=2,
        ),
        name="results",
    )


@pytest.fixture
def direct(server: S3Server, bucket: str) -> S3Store:
    """The same store without the proxy: what really stands there."""
    return S3Store(server.address(bucket), name="results")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "spool"
    path.write_bytes(bytes(range(256)) * 8000)  # 2 MB: a reset comes in the middle of it
    return path


@pytest.mark.parametrize("deed", DEEDS)
def test_a_write_that_fails_once_succeeds_at_its_second_try(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, source: Path, deed: Deed
) -> None:
    fault = proxy.plan(deed, method="PUT")
    receipt = store.create("a/data", source)
    assert fault.hits == 1
    assert direct.verify(receipt).size == 2_048_000
    assert direct.read("a/data") == source.read_bytes()


@pytest.mark.parametrize("deed", DEEDS)
def test_a_replacement_that_fails_once_succeeds_at_its_second_try(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, deed: Deed
) -> None:
    first = store.create("current", b"old")
    proxy.plan(deed, method="PUT")
    second = store.replace("current", b"new", expected_version=first.version)
    info = direct.info("current")
    assert info is not None
    assert (info.version, direct.read("current")) == (second.version, b"new")


@pytest.mark.parametrize("code", ["InternalError", "SlowDown"])
def test_a_store_that_stays_overloaded_is_unavailable_and_nothing_stands(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, code: str
) -> None:
    proxy.plan(
        "answer", method="PUT", status=503 if code == "SlowDown" else 500, code=code, times=9
    )
    with pytest.raises(StoreUnavailableError, match=f"overloaded, at a/data .{code}") as told:
        store.create("a/data", b"content")
    assert "look at the network, the endpoint" in told.value.remedy
    assert direct.info("a/data") is None


def test_a_connection_that_always_breaks_in_the_body_leaves_nothing(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, source: Path
) -> None:
    proxy.plan("reset in request", method="PUT", times=9)
    with pytest.raises(StoreUnavailableError):
        store.create("a/data", source)
    assert list(direct.list("")) == []


def test_a_write_whose_answers_were_all_lost_is_found_to_have_succeeded(
    store: S3Store, direct: S3Store, proxy: FaultyProxy
) -> None:
    proxy.plan("lose answer", method="PUT", times=9)
    receipt = store.create("a/data", b"content")
    assert direct.verify(receipt).size == 7


def test_an_object_of_the_same_bytes_that_somebody_else_stored_is_not_taken_for_ours(
    store: S3Store, direct: S3Store, proxy: FaultyProxy
) -> None:
    theirs = direct.create("a/data", b"content")
    proxy.plan("answer", method="PUT")  # the first try fails, the second is refused
    with pytest.raises(ObjectExistsError):
        store.create("a/data", b"content")
    assert direct.verify(theirs) == direct.info("a/data")


def test_a_lost_answer_and_a_faster_writer_is_a_changed_object(
    store: S3Store, direct: S3Store, proxy: FaultyProxy
) -> None:
    first = direct.create("current", b"old")
    # Their write comes between our look (HEAD) and ours: it is ours that must be refused.
    real_head = store._bucket.head

    def head_then_they_write(key: str, version: str | None = None) -> object:
        found = real_head(key, version)
        if not proxy.faults:
            proxy.plan("answer", method="PUT")
            direct.replace("current", b"theirs", expected_version=first.version)
        return found

    store._bucket.head = head_then_they_write  # type: ignore[assignment,method-assign]
    with pytest.raises(PreconditionFailedError):
        store.replace("current", b"ours", expected_version=first.version)
    assert direct.read("current") == b"theirs"


def test_a_conflict_with_another_write_is_settled_by_trying_again(
    store: S3Store, direct: S3Store, proxy: FaultyProxy
) -> None:
    proxy.plan("answer", method="PUT", status=409, code="ConditionalRequestConflict")
    assert direct.verify(store.create("a", b"content")).size == 7
    proxy.plan("answer", method="PUT", status=409, code="ConditionalRequestConflict", times=9)
    with pytest.raises(StoreUnavailableError, match="ConditionalRequestConflict"):
        store.create("b", b"content")
    assert direct.info("b") is None


@pytest.mark.parametrize(
    "fault",
    [
        {"deed": "answer", "method": "PUT", "part": "partNumber=2", "times": 9},
        {"deed": "reset in request", "method": "PUT", "part": "partNumber=2", "times": 9},
        {"deed": "answer", "method": "POST", "part": "uploadId=", "times": 9},
    ],
)
def test_parts_that_do_not_all_arrive_are_given_up(
    store: S3Store,
    direct: S3Store,
    proxy: FaultyProxy,
    server: S3Server,
    bucket: str,
    fault: dict[str, object],
) -> None:
    proxy.plan(**fault)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailableError):
        store.create("a/large", bytes(11 * MIB))
    assert list(direct.list("")) == []
    assert "Uploads" not in server.client.list_multipart_uploads(Bucket=bucket)


def test_parts_of_a_file_that_changes_meanwhile_are_given_up(
    store: S3Store,
    direct: S3Store,
    proxy: FaultyProxy,
    server: S3Server,
    bucket: str,
    tmp_path: Path,
) -> None:
    source = tmp_path / "spool"
    source.write_bytes(bytes(11 * MIB))
    real_head = store._bucket.head

    def change(key: str, version: str | None = None) -> object:
        source.write_bytes(b"\1" * 11 * MIB)
        return real_head(key, version)

    store._bucket.head = change  # type: ignore[assignment,method-assign]
    with pytest.raises(ObjectDamagedError, match="changed while it was sent"):
        store.replace("a/large", source, expected_version=None)
    assert list(direct.list("")) == []
    assert "Uploads" not in server.client.list_multipart_uploads(Bucket=bucket)


def test_a_lost_answer_to_the_commit_of_parts_is_no_second_object(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, server: S3Server, bucket: str
) -> None:
    proxy.plan("lose answer", method="POST", part="uploadId=", times=9)
    receipt = store.create("a/large", bytes(11 * MIB))
    assert direct.verify(receipt).size == 11 * MIB
    versions = server.client.list_object_versions(Bucket=bucket)["Versions"]
    assert [version["VersionId"] for version in versions] == [receipt.version]


def test_a_commit_that_was_not_taken_does_not_hide_an_object_of_somebody_else(
    store: S3Store, direct: S3Store, server: S3Server, bucket: str
) -> None:
    direct.create("a/large", b"theirs")
    with pytest.raises(ObjectExistsError):
        store.create("a/large", bytes(11 * MIB))
    assert direct.read("a/large") == b"theirs"
    assert "Uploads" not in server.client.list_multipart_uploads(Bucket=bucket)


def test_a_connection_that_breaks_in_an_answer_is_mended_from_where_it_broke(
    store: S3Store, direct: S3Store, proxy: FaultyProxy, source: Path
) -> None:
    direct.create("a/data", source)
    proxy.plan("reset in answer", method="GET")
    assert store.read("a/data") == source.read_bytes()
    proxy.plan("reset in answer", method="GET")
    assert store.local_path("a/data").read_bytes() == source.read_bytes()
    proxy.plan("reset in answer", method="GET")
    with store.open("a/data") as stream:
        assert stream.read(10) == source.read_bytes()[:10]
        direct.replace("a/data", b"new", expected_version=direct.info("a/data").version)  # type: ignore[union-attr]
        assert stream.read() == source.read_bytes()[10:]


def test_an_answer_that_always_breaks_is_an_error_and_no_short_file(
    store: S3Store,
    direct: S3Store,
    proxy: FaultyProxy,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    direct.create("a/data", source)
    proxy.plan("reset in answer", method="GET", times=99)
    for use in (store.read, store.local_path):
        with pytest.raises(StoreUnavailableError):
            use("a/data")
    assert [path for path in (tmp_path / "temporary").rglob("*") if path.is_file()] == []


def test_a_silent_store_is_given_up_after_its_time_out(
    store: S3Store, direct: S3Store, proxy: FaultyProxy
) -> None:
    proxy.plan("stay silent", method="HEAD", times=9)
    with pytest.raises(StoreUnavailableError, match="ReadTimeoutError"):
        store.info("a")


def test_a_store_that_nobody_answers_for_is_unavailable(server: S3Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        store = S3Store(server.address("some-bucket", endpoint=endpoint), name="state")
        with pytest.raises(StoreUnavailableError, match="EndpointConnectionError") as told:
            store.create("a", b"")
    assert endpoint in told.value.remedy


def test_a_missing_right_is_named(store: S3Store, proxy: FaultyProxy) -> None:
    for method in ("PUT", "HEAD", "GET"):
        proxy.plan("answer", method=method, status=403, code="AccessDenied", times=9)
    for use, told in (
        (lambda: store.create("a", b""), "denies PutObject at a .* s3:PutObject, "),
        (lambda: store.info("a"), "denies HeadObject at a .* s3:GetObject, .*s3:ListBucket"),
        (lambda: store.read("a"), "denies GetObject at a .* s3:GetObject, "),
        (lambda: list(store.list("")), "denies ListObjectsV2 at the bucket .* s3:ListBucket"),
    ):
        with pytest.raises(StoreError, match=told):
            use()
    assert len(proxy.requests) == 4  # a refusal is not tried again


def test_a_missing_bucket_is_never_taken_for_an_empty_store(server: S3Server) -> None:
    store = S3Store(server.address("no-such-bucket"), name="results")
    for use in (
        lambda: store.create("a", b""),
        lambda: store.replace("a", b"", expected_version=None),
        lambda: store.info("a"),
        lambda: store.read("a"),
        lambda: store.local_path("a"),
        lambda: list(store.list("")),
        store.require_evidence_bucket,
    ):
        with pytest.raises(StoreError, match="There is no bucket no-such-bucket at http"):
            use()


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
def test_bad_credentials_are_told_and_never_shown(
    store: S3Store,
    proxy: FaultyProxy,
    code: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    proxy.plan("answer", method="PUT", status=400 if code == "ExpiredToken" else 403, code=code)
    with pytest.raises(StoreError, match=f"no valid AWS credentials .* .{code}") as told:
        store.create("a", b"content")
    assert "content" not in str(told.value) + caplog.text


def test_no_credentials_at_all_are_told(
    server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("soxauto_assets.store.s3_bucket._session", new_session)
    store = S3Store(server.address("some-bucket"), name="results")
    with pytest.raises(StoreError, match=r"no valid AWS credentials .*NoCredentialsError"):
        store.info("a")


def new_session() -> object:
    import boto3.session

    return boto3.session.Session()


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (301, "PermanentRedirect", "is not in the region eu-west-1 .*AWS_REGION"),
        (400, "KMS.DisabledException", "The KMS key .* cannot be used"),
        (400, "BadDigest", "are not those sent .* nothing was stored"),
        (400, "SomethingNew", "S3 refuses PutObject at a .*SomethingNew"),
    ],
)
def test_other_refusals_name_what_to_mend(
    store: S3Store, proxy: FaultyProxy, status: int, code: str, told: str
) -> None:
    proxy.plan("answer", method="PUT", status=status, code=code, times=9)
    with pytest.raises(StoreError, match=told):
        store.create("a", b"content")
