"""What a folder promises beyond any store (``test_every_store.py``), in one process."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    ObjectStore,
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
