"""Several processes at one store: one creator wins, no replacement is lost, no reader is torn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectExistsError, PreconditionFailedError
from soxauto_assets_tests.support.processes import WRITERS, at_once


def described(store: LocalStore, key: str) -> Mapping[str, str]:
    info = store.info(key)
    assert info is not None
    return info.metadata


def test_of_several_creators_exactly_one_wins(tmp_path: Path) -> None:
    root, keys = tmp_path / "store", [f"a/{number:02}" for number in range(25)]

    def create_all(writer: int) -> None:
        store = LocalStore(root, name="results")
        won = []
        for key in keys:
            try:
                store.create(key, f"{writer} {key}".encode(), metadata={"writer": str(writer)})
                won.append(key)
            except ObjectExistsError:
                pass
        (tmp_path / f"won by {writer}").write_text("\n".join(won))

    at_once(create_all)
    store = LocalStore(root, name="results")
    winner = {
        key: str(writer)
        for writer in range(WRITERS)
        for key in (tmp_path / f"won by {writer}").read_text().split()
    }
    claims = sum(len((tmp_path / f"won by {w}").read_text().split()) for w in range(WRITERS))
    assert claims == len(keys)
    assert {
        listed.key: described(store, listed.key)["writer"] for listed in store.list("")
    } == winner
    assert [store.read(key) for key in keys] == [f"{winner[key]} {key}".encode() for key in keys]


def test_of_several_replacers_none_overwrites_what_it_has_not_seen(tmp_path: Path) -> None:
    root, rounds = tmp_path / "store", 15
    LocalStore(root, name="state").create("counter", b"0")

    def add(writer: int) -> None:
        store = LocalStore(root, name="state")
        added = 0
        while added < rounds:
            info = store.info("counter")
            assert info is not None
            value = int(store.read("counter")) + 1
            try:
                store.replace("counter", str(value).encode(), expected_version=info.version)
                added += 1
            except PreconditionFailedError:
                pass

    at_once(add)
    assert LocalStore(root, name="state").read("counter") == str(WRITERS * rounds).encode()


def test_a_reader_never_sees_half_an_object_nor_metadata_of_another(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store", name="results")
    contents = [bytes([number]) * 300_000 for number in range(4)]
    digests = {str(n): hashlib.sha256(content).hexdigest() for n, content in enumerate(contents)}
    store.create("current", contents[0], metadata={"number": "0"})

    def read_or_write(process: int) -> None:
        mine = LocalStore(tmp_path / "store", name="results")
        for turn in range(40):
            info = mine.info("current")
            assert info is not None
            assert digests[info.metadata["number"]] == info.sha256
            if process == 0:
                number = turn % 4
                metadata = {"number": str(number)}
                mine.replace(
                    "current", contents[number], expected_version=info.version, metadata=metadata
                )
            else:
                assert mine.read("current") in contents
                assert [(i.key, i.size) for i in mine.list("")] == [("current", 300_000)]

    at_once(read_or_write)
