"""A writer killed at any call, or refused at any call, leaves all of an object or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.store.durable import clean_partial_files, partial_file
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    PreconditionFailedError,
    StoreError,
    StoreFullError,
)
from soxauto_assets_tests.support.os_faults import failing_at, killed_at
from soxauto_assets_tests.support.processes import in_child

OLD, NEW = b"old" * 30_000, b"new" * 40_000
KEY = "current/ipe_07/data.parquet"


def what_stands(store: LocalStore) -> tuple[bytes, dict[str, str]] | None:
    """The object's bytes and metadata, after checking that the store agrees with itself."""
    info = store.info(KEY)
    assert [found.key for found in store.list("")] == ([] if info is None else [KEY])
    if info is None:
        return None
    content = store.read(KEY)
    assert (info.sha256, info.size) == (hashlib.sha256(content).hexdigest(), len(content))
    return content, dict(info.metadata)


def leftovers(store: LocalStore) -> list[Path]:
    return list((store._root / ".partial").glob("*"))


def test_a_create_killed_at_any_call_leaves_the_object_or_nothing(tmp_path: Path) -> None:
    source = tmp_path / "spool"
    source.write_bytes(NEW)
    whole = (NEW, {"attempt": "2"})
    outcomes = []
    for number in count(1):
        root = tmp_path / f"killed at {number}"

        def create(root: Path = root) -> None:
            LocalStore(root, name="results").create(KEY, source, metadata={"attempt": "2"})

        killed = killed_at(number, create)
        store = LocalStore(root, name="results")
        outcomes.append(what_stands(store))
        assert outcomes[-1] in (None, whole)
        assert leftovers(store) == []
        if outcomes[-1] is None:
            create()  # nothing stands in the way of trying again
            assert what_stands(store) == whole
        if not killed:
            break
    assert outcomes.count(None) > 10
    assert outcomes.count(whole) > 2


def test_a_replace_killed_at_any_call_leaves_the_old_object_or_the_new_one(
    tmp_path: Path,
) -> None:
    before, after = (OLD, {"attempt": "1"}), (NEW, {"attempt": "2"})
    outcomes = []
    for number in count(1):
        root = tmp_path / f"killed at {number}"
        store = LocalStore(root, name="results")
        version = store.create(KEY, OLD, metadata={"attempt": "1"}).version

        def replace(root: Path = root, version: str = version) -> None:
            LocalStore(root, name="results").replace(
                KEY, NEW, expected_version=version, metadata={"attempt": "2"}
            )

        killed = killed_at(number, replace)
        store = LocalStore(root, name="results")
        outcomes.append(what_stands(store))
        assert outcomes[-1] in (before, after)
        info = store.info(KEY)
        assert info is not None
        assert (info.version == version) == (outcomes[-1] == before)
        assert leftovers(store) == []
        store.replace(KEY, b"next", expected_version=info.version)
        assert what_stands(store) == (b"next", {})
        assert len(list((root / ".records").rglob("*.json"))) == 1  # nor do records pile up
        if not killed:
            break
    assert outcomes.count(before) > 5
    assert outcomes.count(after) > 2


@pytest.mark.parametrize(
    ("code", "raised"),
    [(errno.ENOSPC, StoreFullError), (errno.EDQUOT, StoreFullError), (errno.EIO, StoreError)],
)
def test_a_disk_that_refuses_any_call_leaves_the_old_object_or_the_new_one(
    tmp_path: Path, code: int, raised: type[StoreError]
) -> None:
    before, after = (OLD, {"attempt": "1"}), (NEW, {"attempt": "2"})
    source = tmp_path / "spool"
    source.write_bytes(NEW)
    refused, told = 0, set()
    for number in count(1):
        store = LocalStore(tmp_path / f"refused at {number}", name="results")
        version = store.create(KEY, OLD, metadata={"attempt": "1"}).version

        def replace(store: LocalStore = store, version: str = version) -> None:
            store.replace(KEY, source, expected_version=version, metadata={"attempt": "2"})

        try:
            reached = failing_at(number, code, replace)
        except StoreError as error:
            refused += 1
            told.add(type(error))
            assert what_stands(store) in (before, after)
        else:
            assert what_stands(store) == after
            if not reached:
                break
        assert leftovers(LocalStore(store._root, name="results")) == []
    assert refused > 5
    assert raised in told
    assert told <= {raised, StoreError}  # the source is not in the store, so never "full"


def test_the_partial_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    with partial_file(tmp_path) as (path, _):
        clean_partial_files(tmp_path)
        assert in_child(lambda: clean_partial_files(tmp_path)) == 0
        assert path.exists()
    assert not path.exists()


def test_a_stranger_who_ignores_the_locks_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "store", name="results")
    real_link = os.link

    def link(source: Path, target: Path) -> None:
        target.write_bytes(b"of the stranger")
        real_link(source, target)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(ObjectExistsError):
        store.create(KEY, NEW, metadata={"attempt": "2"})
    assert what_stands(store) == (b"of the stranger", {})
    (store._root / KEY).unlink()
    with pytest.raises(PreconditionFailedError):
        store.replace(KEY, NEW, expected_version=None, metadata={"attempt": "2"})
    assert what_stands(store) == (b"of the stranger", {})


def test_an_object_that_is_replaced_while_it_is_hashed_is_described_as_it_is_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "store", name="results")
    version = store.create(KEY, OLD, metadata={"attempt": "1"}).version
    shutil.copytree(store._root, tmp_path / "copy", copy_function=shutil.copyfile)
    copy = LocalStore(tmp_path / "copy", name="copy")  # no record fits, so info() must hash
    real_preadv = os.preadv

    def preadv(*args: Any) -> int:
        monkeypatch.setattr(os, "preadv", real_preadv)
        LocalStore(tmp_path / "copy", name="copy").replace(
            KEY, NEW, expected_version=version, metadata={"attempt": "2"}
        )
        return real_preadv(*args)

    monkeypatch.setattr(os, "preadv", preadv)
    info = copy.info(KEY)
    assert info is not None
    assert (info.size, info.metadata) == (len(NEW), {"attempt": "2"})


def test_the_record_of_a_write_that_never_happened_is_not_believed_after_a_copy(
    tmp_path: Path,
) -> None:
    root = tmp_path / "store"
    for number in count(1):

        def create() -> None:
            LocalStore(root, name="results").create(KEY, NEW, metadata={"attempt": "1"})

        killed_at(number, create)
        if list((root / ".records").rglob("*.json")):
            break
    store = LocalStore(root, name="results")
    assert what_stands(store) is None
    store.create(KEY, NEW, metadata={"attempt": "2"})
    shutil.copytree(root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert what_stands(LocalStore(tmp_path / "copy", name="copy")) == (NEW, {"attempt": "2"})
