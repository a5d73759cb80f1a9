"""Disks without room and folders without permission, for real."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import StoreError, StoreFullError
from soxauto_assets_tests.support.processes import in_child

NOBODY = 65534


def test_free_space_is_checked_before_the_first_byte(tmp_path: Path) -> None:
    root, huge = tmp_path / "store", 2**60
    store = LocalStore(root, name="results", reserve_bytes=huge)
    source = tmp_path / "spool"
    source.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(
        StoreFullError,
        match=r"results .* no room for a/b: it needs 1,152,921,504,607,911,937 bytes .* are free",
    ):
        store.create("a/b", source)
    assert not root.exists()


def test_small_records_may_use_the_reserve_so_that_a_full_disk_can_be_reported(
    tmp_path: Path,
) -> None:
    store = LocalStore(tmp_path / "store", name="state", reserve_bytes=2**60)
    store.create("alerts/outbox/disk-full.json", b"{}")
    assert store.read("alerts/outbox/disk-full.json") == b"{}"


def test_a_write_that_hits_a_limit_half_way_leaves_nothing(tmp_path: Path) -> None:
    root = tmp_path / "store"
    LocalStore(root, name="results").create("a/other", b"")
    source = tmp_path / "spool"
    source.write_bytes(b"x" * 500_000)

    def write_with_a_file_size_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        store = LocalStore(root, name="results")
        for content in (source, b"x" * 500_000):
            with pytest.raises(StoreFullError, match="no room for a/b: it needs 5"):
                store.create("a/b", content)
            assert list((root / ".partial").iterdir()) == []
            assert [info.key for info in store.list("")] == ["a/other"]

    assert in_child(write_with_a_file_size_limit) == 0


def test_a_file_system_that_fills_up_half_way_keeps_whole_objects_only(tmp_path: Path) -> None:
    """On a tmpfs of 2 MiB and few inodes, mounted in a namespace of its own."""
    program = (
        "from soxauto_assets_tests.store import test_local_store_limits as limits;"
        f"limits.fill_up({str(tmp_path)!r})"
    )
    script = (
        f'mount -t tmpfs -o size=2m,nr_inodes=$1 tmpfs \'{tmp_path}\' || exit 42; exec "$2" -c "$3"'
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs util-linux's unshare")
    flags = "-m" if os.getuid() == 0 else "-rm"
    seen = set()
    for inodes in (6, 9, 12, 14, 16, 18, 22, 1000):
        done = subprocess.run(
            [unshare, flags, "sh", "-c", script, "sh", str(inodes), sys.executable, program],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode in (1, 42) and "Error" not in done.stderr:
            pytest.skip(f"may not mount a tmpfs here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        seen.update(json.loads(done.stdout))
    assert seen == {"stored", "full"}


def fill_up(folder: str) -> None:
    """Store until the file system refuses, in the mount namespace of the test above."""
    root = Path(folder) / "store"
    store = LocalStore(root, name="results", reserve_bytes=0)
    outcomes = []
    # /dev/zero never ends, so this one passes the check of free space and fails half way.
    sources: list[tuple[str, Path | bytes]] = [
        ("a/1", b"x" * 100_000),
        ("b/2", b"y" * 100_000),
        ("c/3", Path("/dev/zero")),
        ("d/4", b"z" * 100_000),
    ]
    for key, source in sources:
        try:
            store.create(key, source, metadata={"key": key})
            outcomes.append("stored")
        except StoreFullError:
            outcomes.append("full")
        assert not list((root / ".partial").glob("*"))
    stored = [key for (key, _), outcome in zip(sources, outcomes, strict=True) if outcome[0] == "s"]
    assert [info.key for info in store.list("")] == stored
    assert all(store.read(key)[:1] in (b"x", b"y", b"z") for key in stored)
    assert outcomes[2] == "full"
    print(json.dumps(outcomes))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_a_user_without_rights(body: Callable[[], object]) -> int:
    def drop_rights_and_run() -> None:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        body()

    return in_child(drop_rights_and_run)


def test_a_folder_without_write_permission_is_told_with_the_remedy(public_folder: Path) -> None:
    root = public_folder / "store"
    store = LocalStore(root, name="evidence")
    receipt = store.create("a/b", b"content", metadata={"attempt": "1"})
    shutil.copyfile(root / "a/b", root / "a/by-hand")
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(0o555)

    def write_and_read() -> None:
        mine = LocalStore(root, name="evidence")
        with pytest.raises(StoreError, match=r"evidence store .* does not let user .* at a/c"):
            mine.create("a/c", b"")
        with pytest.raises(StoreError, match="Give that user the right to read and write"):
            mine.replace("a/b", b"", expected_version=receipt.version)
        assert mine.verify(receipt).metadata == {"attempt": "1"}
        assert [info.size for info in mine.list("")] == [7, 7]

    try:
        assert as_a_user_without_rights(write_and_read) == 0
    finally:
        for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
    assert store.info("a/c") is None


def test_a_file_that_may_not_be_read_is_told_with_the_remedy(public_folder: Path) -> None:
    root = public_folder / "store"
    receipt = LocalStore(root, name="evidence").create("a/b", b"content")
    (root / "a/b").chmod(stat.S_IWUSR)

    def read() -> None:
        for use in (lambda s: s.read("a/b"), lambda s: s.verify(receipt)):
            with pytest.raises(StoreError, match=r"does not let user .* at a/b: Perm"):
                use(LocalStore(root, name="evidence"))

    assert as_a_user_without_rights(read) == 0


def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StoreError, match="Not a directory"):
        LocalStore(tmp_path / "store", name="results").create("a", b"")
