"""What a folder promises as a store, in one process."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soxauto_assets.store.keys import InvalidKeyError
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectExistsError,
    ObjectInfo,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
    Receipt,
    StoreError,
)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store", name="results")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def copied(store_root: Path, to: Path, *, hidden: bool = True) -> LocalStore:
    """The store copied as ``cp -r`` does: other inodes, other stamps."""
    ignore = None if hidden else shutil.ignore_patterns(".*")
    shutil.copytree(store_root, to, ignore=ignore, copy_function=shutil.copyfile)
    return LocalStore(to, name="copy")


def test_a_local_store_speaks_the_protocol_of_stores(store: LocalStore) -> None:
    protocol: ObjectStore = store
    assert protocol.url == f"{store._root.as_uri()}"


def test_an_object_is_described_by_what_was_stored_and_nothing_more(
    store: LocalStore, tmp_path: Path
) -> None:
    source = tmp_path / "spool"
    source.write_bytes(b"rows" * 5_000_000)  # more than one chunk of the copy
    began = datetime.now(UTC)
    receipt = store.create("a/data.parquet", source, metadata={"attempt": "1", "größe": "ü"})
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
        {"attempt": "1", "größe": "ü"},
    )
    assert store.verify(receipt) == info
    assert list(store.list("")) == [info]
    assert store.local_path("a/data.parquet").read_bytes() == source.read_bytes()
    with store.open("a/data.parquet") as file:
        assert file.read(8) == b"rowsrows"


def test_an_empty_object_is_an_object(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    store.create("from/bytes", b"")
    store.create("from/file", tmp_path / "empty")
    assert [(info.key, info.size, info.sha256) for info in store.list("")] == [
        ("from/bytes", 0, sha256(b"")),
        ("from/file", 0, sha256(b"")),
    ]


def test_a_create_only_object_is_never_written_over(store: LocalStore) -> None:
    receipt = store.create("a/b", b"first")
    with pytest.raises(ObjectExistsError, match="a/b stands in the results store"):
        store.create("a/b", b"second")
    assert store.read("a/b") == b"first"
    assert store.verify(receipt).version == receipt.version


def test_a_replacement_needs_the_version_that_stands(store: LocalStore) -> None:
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


def test_the_same_bytes_stored_again_are_another_version(store: LocalStore) -> None:
    first = store.replace("current", b"same", expected_version=None)
    second = store.replace("current", b"same", expected_version=first.version)
    assert first.version != second.version
    assert first.sha256 == second.sha256


def test_a_reader_keeps_the_object_that_it_opened(store: LocalStore) -> None:
    first = store.create("current", b"old")
    with store.open("current") as file:
        store.replace("current", b"new", expected_version=first.version)
        assert file.read() == b"old"


def test_a_missing_object_is_told_by_name(store: LocalStore) -> None:
    assert store.info("a/b") is None
    assert list(store.list("")) == []
    receipt = Receipt("a/b", "v", sha256(b""), 0)
    for ask in (store.read, store.open, store.local_path):
        with pytest.raises(ObjectMissingError, match="no a/b in the results store"):
            ask("a/b")
    with pytest.raises(ObjectMissingError, match="a/b"):
        store.verify(receipt)


def test_a_folder_is_no_object(store: LocalStore) -> None:
    store.create("a/b/c", b"")
    assert store.info("a/b") is None
    with pytest.raises(ObjectMissingError):
        store.read("a/b")
    with pytest.raises(StoreError, match="a/b cannot stand"):
        store.create("a/b", b"")
    with pytest.raises(StoreError, match="a/b/c/d cannot stand"):
        store.create("a/b/c/d", b"")
    assert [info.key for info in store.list("")] == ["a/b/c"]


def test_a_receipt_of_a_replaced_object_says_that_another_version_stands(
    store: LocalStore,
) -> None:
    first = store.create("current", b"old")
    store.replace("current", b"new", expected_version=first.version)
    with pytest.raises(ObjectMissingError, match=f"not {first.version} of the receipt"):
        store.verify(first)


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
def test_a_key_that_some_store_could_not_hold_is_refused(store: LocalStore, key: str) -> None:
    for use in (
        lambda: store.create(key, b""),
        lambda: store.replace(key, b"", expected_version=None),
        lambda: store.info(key),
        lambda: store.read(key),
        lambda: store.local_path(key),
    ):
        with pytest.raises(InvalidKeyError, match="The key"):
            use()


def test_the_longest_key_part_can_be_stored(store: LocalStore) -> None:
    key = "é" * 95 + "/" + "b" * 190
    store.create(key, b"x", metadata={"kept": "yes"})
    info = store.info(key)
    assert info is not None
    assert info.metadata == {"kept": "yes"}


def test_listing_is_in_key_order_and_starts_anywhere_in_a_name(store: LocalStore) -> None:
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


def test_what_the_store_did_not_write_is_not_its_business(store: LocalStore) -> None:
    store.create("a", b"")
    (store._root / ".DS_Store").write_bytes(b"")
    (store._root / "link").symlink_to("/etc/passwd")
    (store._root / ".hidden").mkdir()
    assert [info.key for info in store.list("")] == ["a"]
    assert store.info("link") is None


def test_a_file_put_there_by_hand_is_an_object_without_metadata(store: LocalStore) -> None:
    store._root.mkdir()
    (store._root / "by-hand").write_bytes(b"content")
    info = store.info("by-hand")
    assert info is not None
    assert (info.sha256, info.size, info.metadata) == (sha256(b"content"), 7, {})
    assert store.info("by-hand") == info
    store.replace("by-hand", b"new", expected_version=info.version)


def test_a_copied_store_keeps_versions_and_metadata(store: LocalStore, tmp_path: Path) -> None:
    first = store.create("current", b"old", metadata={"attempt": "1"})
    receipt = store.replace(
        "current", b"new", expected_version=first.version, metadata={"attempt": "2"}
    )
    copy = copied(store._root, tmp_path / "copy")
    assert copy.info("current") == store.info("current")
    assert copy.verify(receipt) == store.info("current")
    # The copy recognised the object once, and knows it from then on.
    shutil.rmtree(tmp_path / "copy/.partial")
    assert copy.info("current") == store.info("current")
    assert not (tmp_path / "copy/.partial").exists()
    copy.replace("current", b"newer", expected_version=receipt.version)


def test_only_the_visible_files_of_a_store_are_a_readable_store(
    store: LocalStore, tmp_path: Path
) -> None:
    receipt = store.create("a/b", b"content", metadata={"attempt": "1"})
    copy = copied(store._root, tmp_path / "copy", hidden=False)
    info = copy.info("a/b")
    assert info is not None
    assert (info.sha256, info.metadata) == (receipt.sha256, {})
    assert copy.verify(receipt).sha256 == receipt.sha256
    assert copy.read("a/b") == b"content"


@pytest.mark.parametrize("keep_stamp", [False, True])
@pytest.mark.parametrize("damage", [b"contenT", b"content and more", b"cont", b""])
def test_a_damaged_file_is_noticed(store: LocalStore, damage: bytes, keep_stamp: bool) -> None:
    receipt = store.create("a/b", b"content", metadata={"attempt": "1"})
    path = store.local_path("a/b")
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(damage)  # in place: the same inode
    if keep_stamp:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ObjectDamagedError, match=r"a/b in the results store .* its receipt"):
        store.verify(receipt)
    for _ in range(2):  # looking at it does not make it good
        with pytest.raises(ObjectDamagedError, match="its record"):
            store.read("a/b")
        info = store.info("a/b")
        assert info is not None
        assert (info.metadata == {}) or (keep_stamp and len(damage) == 7)
    with pytest.raises(ObjectDamagedError):
        copied(store._root, store._root.parent / "copy").verify(receipt)


def test_stored_files_are_read_only(store: LocalStore) -> None:
    store.create("a", b"")
    assert store.local_path("a").stat().st_mode & 0o222 == 0


def test_a_source_that_cannot_be_read_is_told(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing, cannot be read: No such file"):
        store.create("a", tmp_path / "missing")
    assert store.info("a") is None


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.create("a/other", b"")
    synced: list[int] = []
    real_fsync, real_link, real_replace = os.fsync, os.link, os.replace

    def fsync(handle: int) -> None:
        real_fsync(handle)
        synced.append(os.fstat(handle).st_ino)

    def link(source: Path, target: Path) -> None:
        assert source.stat().st_ino in synced
        assert (store._root / ".records/a").stat().st_ino in synced
        real_link(source, target)
        synced.clear()

    def replace(source: Path, target: Path) -> None:
        assert source.stat().st_ino in synced
        real_replace(source, target)
        if target.name == "b":
            synced.clear()

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(os, "replace", replace)
    receipt = store.create("a/b", b"1")
    assert synced == [(store._root / "a").stat().st_ino]
    store.replace("a/b", b"2", expected_version=receipt.version)
    assert synced == [(store._root / "a").stat().st_ino]
