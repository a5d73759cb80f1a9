"""What every store promises alike: the folder, and S3 with and without versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soxauto_assets.store.keys import InvalidKeyError, InvalidMetadataError
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectInfo,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
    Receipt,
    StoreError,
)
from soxauto_assets_tests.support.s3_server import S3Server, s3_server

METADATA = {"attempt": "1", "empty": "", "text": " ü % \n 100%25 ", "latin-1": "é", "quoted": '"'}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(params=["local", "s3", "s3 without versions"])
def store(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> ObjectStore:
    if request.param == "local":
        return LocalStore(tmp_path / "store", name="results")
    return server.store(versioned=request.param == "s3")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_object_is_described_by_what_was_stored_and_nothing_more(
    store: ObjectStore, tmp_path: Path
) -> None:
    source = tmp_path / "spool"
    source.write_bytes(b"rows" * 5_000_000)  # more than one chunk of the copy
    began = datetime.now(UTC).replace(microsecond=0)  # S3's stamps are whole seconds
    receipt = store.create("a/data.parquet", source, metadata=METADATA)
    info = store.info("a/data.parquet")
    assert info is not None
    assert began <= info.modified <= datetime.now(UTC)
    digest = sha256(b"rows" * 5_000_000)
    assert receipt == Receipt("a/data.parquet", info.version, digest, 20_000_000)
    assert info == ObjectInfo(
        "a/data.parquet",
        receipt.version,
        digest,
        20_000_000,
        info.modified,
        METADATA,
    )
    assert store.verify(receipt) == info
    (listed,) = store.list("")
    assert (listed.key, listed.size) == ("a/data.parquet", 20_000_000)
    assert began <= listed.modified <= datetime.now(UTC)
    assert store.local_path("a/data.parquet").read_bytes() == source.read_bytes()
    with store.open("a/data.parquet") as file:
        assert file.read(8) == b"rowsrows"


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    store.create("from/bytes", b"")
    store.create("from/file", tmp_path / "empty")
    assert [(listed.key, listed.size) for listed in store.list("")] == [
        ("from/bytes", 0),
        ("from/file", 0),
    ]
    for key in ("from/bytes", "from/file"):
        info = store.info(key)
        assert info is not None
        assert info.sha256 == sha256(b"")
        assert store.read(key) == store.local_path(key).read_bytes() == b""


def test_a_create_only_object_is_never_written_over(store: ObjectStore) -> None:
    receipt = store.create("a/b", b"first")
    with pytest.raises(ObjectExistsError, match="a/b stands in the results store"):
        store.create("a/b", b"second")
    assert store.read("a/b") == b"first"
    assert store.verify(receipt).version == receipt.version


def test_a_replacement_needs_the_version_that_stands(store: ObjectStore) -> None:
    with pytest.raises(PreconditionFailedError):
        store.replace("current", b"1", expected_version="made up")
    first = store.replace("current", b"1", expected_version=None, metadata={"attempt": "1"})
    with pytest.raises(PreconditionFailedError):
        store.replace("current", b"2", expected_version=None)
    second = store.replace("current", b"2", expected_version=first.version)
    with pytest.raises(PreconditionFailedError):
        store.replace("current", b"3", expected_version=first.version)
    info = store.info("current")
    assert info is not None
    assert (info.version, info.metadata, store.read("current")) == (second.version, {}, b"2")


def test_the_same_bytes_stored_again_are_another_version(store: ObjectStore) -> None:
    first = store.replace("current", b"same", expected_version=None)
    second = store.replace("current", b"same", expected_version=first.version)
    assert first.version != second.version
    assert first.sha256 == second.sha256


def test_a_reader_keeps_the_object_that_it_opened(store: ObjectStore) -> None:
    first = store.create("current", b"old")
    with store.open("current") as file:
        store.replace("current", b"new", expected_version=first.version)
        assert file.read() == b"old"


def test_a_missing_object_is_told_by_name(store: ObjectStore) -> None:
    assert store.info("a/b") is None
    assert list(store.list("")) == []
    receipt = Receipt("a/b", "v", sha256(b""), 0)
    for ask in (store.read, store.open, store.local_path):
        with pytest.raises(ObjectMissingError, match="no a/b in the results store"):
            ask("a/b")
    with pytest.raises(ObjectMissingError, match="a/b"):
        store.verify(receipt)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../outside",
        "a/../b",
        "a//b",
        "a/",
        ".records/a",
        "a/.hidden",
        "a\\b",
        "a\nb",
        "a\0b",
        "half\ud800",
        "a" * 191,
        "/".join(["a" * 100] * 11),
    ],
)
def test_a_key_that_some_store_could_not_hold_is_refused(store: ObjectStore, key: str) -> None:
    for use in (
        lambda: store.create(key, b""),
        lambda: store.replace(key, b"", expected_version=None),
        lambda: store.info(key),
        lambda: store.read(key),
        lambda: store.local_path(key),
    ):
        with pytest.raises(InvalidKeyError, match="The key"):
            use()


def test_the_longest_key_part_can_be_stored(store: ObjectStore) -> None:
    key = "é" * 95 + "/" + "b" * 190
    store.create(key, b"x", metadata={"kept": "yes"})
    info = store.info(key)
    assert info is not None
    assert info.metadata == {"kept": "yes"}


def test_listing_is_in_key_order_and_starts_anywhere_in_a_name(store: ObjectStore) -> None:
    keys = ["a-b", "a.b", "a/1", "a/10", "a/2", "a/b/c", "a0", "ab", "b", "é/x"]
    for key in reversed(keys):
        store.create(key, b"")

    def listed(prefix: str) -> list[str]:
        return [info.key for info in store.list(prefix)]

    assert listed("") == sorted(keys, key=str.encode) == keys
    assert listed("a/") == ["a/1", "a/10", "a/2", "a/b/c"]
    assert listed("a/1") == ["a/1", "a/10"]
    assert listed("a/b") == ["a/b/c"]
    assert listed("a") == keys[:8]
    assert listed("a-b/") == listed("zzz") == listed("../") == listed("/") == []


def test_a_source_that_cannot_be_read_is_told(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing, cannot be read: No such file"):
        store.create("a", tmp_path / "missing")
    assert store.info("a") is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"größe": "1"},
        {"Attempt": "1"},
        {"": "1"},
        {"soxauto-sha256": "1"},
        {"half": "\ud800"},
        {"long": "x" * 1600},
    ],
)
def test_metadata_that_some_store_could_not_hold_is_refused(
    store: ObjectStore, metadata: dict[str, str]
) -> None:
    with pytest.raises(InvalidMetadataError):
        store.create("a", b"", metadata=metadata)
    with pytest.raises(InvalidMetadataError):
        store.replace("a", b"", expected_version=None, metadata=metadata)
    assert store.info("a") is None
