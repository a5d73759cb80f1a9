"""What S3 promises beyond any store (``test_every_store.py``): versions, locks, parts, addresses.

The emulator (``support/s3_server.py``) takes wrong checksums and ignores locks and ``If-Match``
of uploads in parts; that S3 refuses those is not shown here.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.opening import open_store
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    ObjectMissingError,
    PreconditionFailedError,
    Receipt,
    StoreError,
)
from soxauto_assets.store.s3 import EvidenceBucketError, S3Store
from soxauto_assets.store.s3_address import Retention, S3Address, S3Options
from soxauto_assets.store.s3_objects import quoted, unquoted
from soxauto_assets_tests.support.processes import in_child
from soxauto_assets_tests.support.s3_server import S3Server, s3_server
from soxauto_assets_tests.support.store_model import StoreAgainstDictionary

MIB = 2**20


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def store(server: S3Server) -> S3Store:
    return server.store()


class S3StoreAgainstDictionary(StoreAgainstDictionary):
    keeps_versions = True

    def open_store(self) -> None:
        self.running = s3_server()
        self.store = self.running.__enter__().store()

    def teardown(self) -> None:
        self.running.__exit__(None, None, None)
        super().teardown()


TestS3StoreAgainstDictionary = S3StoreAgainstDictionary.TestCase
TestS3StoreAgainstDictionary.settings = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_of_several_creators_exactly_one_wins(server: S3Server) -> None:
    address = server.address(server.bucket())
    outcomes: list[Receipt | None] = []
    gate = threading.Barrier(4)

    def create(writer: int) -> None:
        store = S3Store(address, name="results")
        gate.wait()
        try:
            outcomes.append(store.create("a/b", f"by {writer}".encode()))
        except ObjectExistsError:
            outcomes.append(None)

    writers = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    (winner,) = (receipt for receipt in outcomes if receipt is not None)
    assert len(outcomes) == 4
    assert S3Store(address, name="results").verify(winner).version == winner.version


def test_a_receipt_finds_its_version_after_the_object_was_replaced_or_hidden(
    store: S3Store, server: S3Server
) -> None:
    first = store.create("current", b"old", metadata={"attempt": "1"})
    second = store.replace("current", b"new", expected_version=first.version)
    server.client.delete_object(Bucket=store.url.split("/")[2], Key="soxauto/current")
    assert store.info("current") is None
    assert store.verify(first).metadata == {"attempt": "1"}
    assert store.verify(second).size == 3
    with pytest.raises(PreconditionFailedError):
        store.replace("current", b"newer", expected_version=second.version)


def test_without_versions_a_receipt_of_a_replaced_object_says_so(server: S3Server) -> None:
    store = server.store(versioned=False)
    first = store.create("current", b"old")
    second = store.replace("current", b"old", expected_version=first.version)
    assert first.version != second.version
    with pytest.raises(ObjectMissingError, match=f"not {first.version} of the receipt"):
        store.verify(first)


def test_an_object_of_another_program_is_described_by_its_bytes(
    store: S3Store, server: S3Server, tmp_path: Path
) -> None:
    bucket = store.url.split("/")[2]
    server.client.put_object(Bucket=bucket, Key="soxauto/by-hand", Body=b"content")
    server.client.put_object(Bucket=bucket, Key="soxauto/folder/", Body=b"")
    server.client.put_object(Bucket=bucket, Key="elsewhere", Body=b"")
    info = store.info("by-hand")
    assert info is not None
    assert (info.sha256, info.metadata) == (hashlib.sha256(b"content").hexdigest(), {})
    assert [listed.key for listed in store.list("")] == ["by-hand"]
    store.replace("by-hand", b"new", expected_version=info.version)


def test_other_bytes_than_promised_are_noticed(store: S3Store, server: S3Server) -> None:
    receipt = store.create("a/b", b"content")
    bucket = store.url.split("/")[2]
    stored = server.client.head_object(Bucket=bucket, Key="soxauto/a/b")["Metadata"]
    server.client.put_object(Bucket=bucket, Key="soxauto/a/b", Body=b"contenT", Metadata=stored)
    info = store.info("a/b")
    assert info is not None
    for use in (
        lambda: store.read("a/b"),
        lambda: store.local_path("a/b"),
        lambda: store.verify(Receipt("a/b", info.version, receipt.sha256, receipt.size)),
    ):
        with pytest.raises(ObjectDamagedError, match=r"The bytes of a/b in the results store"):
            use()
    assert store.verify(receipt).sha256 == receipt.sha256  # the version that was written stands


def test_what_is_large_is_sent_in_parts_and_read_back_whole(
    server: S3Server, tmp_path: Path
) -> None:
    store = server.store(multipart_above=5 * MIB, part_bytes=5 * MIB)
    content = b"".join(bytes([number]) * MIB for number in range(12))
    source = tmp_path / "spool"
    source.write_bytes(content)
    receipt = store.create("a/large", source, metadata={"attempt": "1"})
    assert receipt.sha256 == hashlib.sha256(content).hexdigest()
    head = server.client.head_object(Bucket=store.url.split("/")[2], Key="soxauto/a/large")
    assert head["ETag"].endswith('-3"')
    assert store.verify(receipt) == store.info("a/large")
    assert store.local_path("a/large").read_bytes() == content
    with pytest.raises(ObjectExistsError):
        store.create("a/large", source)
    replaced = store.replace("a/large", content[:-1], expected_version=receipt.version)
    assert replaced.size == len(content) - 1
    assert store.read("a/large") == content[:-1]


def test_local_copies_go_with_their_store(server: S3Server) -> None:
    store = server.store()
    store.create("a", b"content")
    path = store.local_path("a")
    assert store.local_path("a") == path
    assert path.stat().st_mode & 0o777 == 0o444
    assert path.parent.stat().st_mode & 0o777 == 0o700
    del store
    assert not path.exists()


def test_a_copy_that_a_killed_process_left_is_removed_by_the_next(server: S3Server) -> None:
    address = server.address(server.bucket())
    S3Store(address, name="results").create("a", b"content")
    read_end, write_end = os.pipe()

    def fetch_and_die() -> None:
        store = S3Store(address, name="results")
        os.write(write_end, str(store.local_path("a")).encode())
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(fetch_and_die) == signal.SIGKILL
    left = Path(os.read(read_end, 1000).decode())
    assert left.exists()
    store = S3Store(address, name="results")
    assert store.local_path("a").exists()
    assert not left.exists()


def test_evidence_is_locked_until_the_day_that_is_set(server: S3Server) -> None:
    store = server.evidence_store()
    store.require_evidence_bucket()
    receipt = store.create("a/manifest.json", b"{}")
    assert store.verify(receipt).sha256 == receipt.sha256
    head = server.client.head_object(
        Bucket=store.url.split("/")[2], Key="soxauto/a/manifest.json", VersionId=receipt.version
    )
    assert head["ObjectLockMode"] == "COMPLIANCE"
    days = head["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < days <= timedelta(days=2)


@pytest.mark.parametrize(
    ("bucket", "lacks"),
    [
        ({"versioned": False}, "the versioning of the bucket .* is not set. Enable versioning"),
        ({}, "Object Lock of the bucket .* is not enabled"),
        ({"locked_days": 0}, "the default retention of the bucket .* is not set"),
    ],
)
def test_nothing_is_written_to_an_evidence_bucket_that_would_not_keep_it(
    server: S3Server, bucket: dict[str, object], lacks: str
) -> None:
    address = server.address(server.bucket(**bucket), retention=Retention(days=1))  # type: ignore[arg-type]
    store = S3Store(address, name="evidence")
    for use in (
        store.require_evidence_bucket,
        lambda: store.create("a", b""),
        lambda: store.replace("a", b"", expected_version=None),
    ):
        with pytest.raises(EvidenceBucketError, match=lacks):
            use()
    assert list(store.list("")) == []


def test_objects_are_encrypted_with_the_key_that_is_set(server: S3Server) -> None:
    store = server.store(kms_key="alias/sox", multipart_above=5 * MIB, part_bytes=5 * MIB)
    store.create("small", b"")
    store.create("large", bytes(6 * MIB))
    for key in ("small", "large"):
        head = server.client.head_object(Bucket=store.url.split("/")[2], Key=f"soxauto/{key}")
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/sox")


def test_a_store_is_opened_by_an_address_and_asks_nothing_before_it_is_used() -> None:
    store = open_store("s3://sox-results/some/prefix?region=eu-west-1", name="results")
    assert isinstance(store, S3Store)
    assert store.url == "s3://sox-results/some/prefix"


@pytest.mark.parametrize(
    "address",
    [
        S3Address("sox-results"),
        S3Address(
            "sox-evidence",
            "a b/ü?",
            S3Options(
                region="eu-west-1",
                endpoint="http://127.0.0.1:5000",
                kms_key="arn:aws:kms:eu-west-1:1:key/2",
                retention=Retention(2922, "GOVERNANCE"),
                tries=3,
            ),
        ),
    ],
)
def test_an_address_survives_as_text(address: S3Address) -> None:
    assert S3Address.parse(address.text) == address


@pytest.mark.parametrize(
    "text",
    [
        "s3:///prefix",
        "s3://Bucket/x",
        "s3://user:secret@bucket/x",
        "s3://bucket/x?regoin=eu-west-1",
        "s3://bucket/x?region=",
        "s3://bucket/x?region=a&region=b",
        "s3://bucket/x?endpoint=http://user:secret@host",
        "s3://bucket/x?retention-days=0",
        "s3://bucket/x?retention-mode=COMPLIANCE",
        "s3://bucket/x?retention-days=1&retention-mode=compliance",
        "s3://bucket/x?tries=many",
        "s3://bucket/x#y",
    ],
)
def test_a_malformed_address_is_refused_and_no_secret_in_it_repeated(text: str) -> None:
    with pytest.raises(StoreError, match="is not the address of a store in S3") as refused:
        open_store(text, name="results")
    assert "secret" not in str(refused.value)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_passes_through_a_header(text: str) -> None:
    header = quoted(text)
    assert unquoted(header) == text
    assert header
    assert all(33 <= ord(character) < 127 for character in header)


def test_a_stream_is_closed_with_its_reader(store: S3Store) -> None:
    store.create("a", b"content")
    with closing(store.open("a")) as stream:
        assert [stream.read(3), stream.read(), stream.read()] == [b"con", b"tent", b""]
    assert stream.closed


def test_both_kinds_of_store_list_and_describe_alike(store: S3Store, tmp_path: Path) -> None:
    local = LocalStore(tmp_path, name="results")
    for one in (store, local):
        for key in ("a/b", "a-b", "é"):
            one.create(key, key.encode(), metadata={"text": "ü"})
    described = [
        [(listed.key, listed.size) for listed in one.list("")]
        + [(one.info(key).sha256, one.info(key).metadata) for key in ("a/b", "é")]  # type: ignore[union-attr]
        for one in (store, local)
    ]
    assert described[0] == described[1]
