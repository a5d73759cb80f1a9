"""The Merkle tree against the vectors of RFC 6962's first implementation, and its own laws."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soxauto_assets.verify.merkle import (
    EMPTY_ROOT,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    split_of,
)

# Of certificate-transparency's MerkleTree tests: eight leaves, and the root after each.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
FIRST_OF_EIGHT = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
SIX_TO_EIGHT = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def ranges(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    return lambda low, high: root_of(leaves[low:high])


def by_the_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split_of(len(leaves))
    return node_hash(by_the_definition(leaves[:middle]), by_the_definition(leaves[middle:]))


def test_the_vectors_of_the_rfcs_implementation_hold() -> None:
    leaves = [leaf_hash(leaf) for leaf in LEAVES]

    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [root_of(leaves[: n + 1]).hex() for n in range(8)] == ROOTS
    assert [h.hex() for h in inclusion_path(0, 8, ranges(leaves))] == FIRST_OF_EIGHT
    assert [h.hex() for h in consistency_path(6, 8, ranges(leaves))] == SIX_TO_EIGHT


@given(st.integers(0, 300))
@settings(max_examples=40, deadline=None)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root_of(hashes(size)) == by_the_definition(hashes(size))


def test_every_leaf_of_every_small_tree_is_proved_and_no_other_is() -> None:
    for size in range(1, 34):
        leaves = hashes(size)
        root = root_of(leaves)
        for index in range(size):
            path = inclusion_path(index, size, ranges(leaves))
            check_inclusion(leaves[index], index, size, path, root)
            for other in set(range(size)) - {index}:
                with pytest.raises(ProofError):
                    check_inclusion(leaves[other], index, size, path, root)


def test_every_small_tree_is_shown_to_extend_every_smaller_one() -> None:
    for second in range(34):
        leaves = hashes(second)
        for first in range(second + 1):
            path = consistency_path(first, second, ranges(leaves))
            check_consistency(first, second, path, root_of(leaves[:first]), root_of(leaves))
            if first:
                forked = [*leaves[: first - 1], leaf_hash(b"other")]
                with pytest.raises(ProofError):
                    check_consistency(first, second, path, root_of(forked), root_of(leaves))


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_proof_that_was_tampered_with_is_refused(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 600))
    first = data.draw(st.integers(1, second - 1))
    leaves = hashes(second)
    root, old = root_of(leaves), root_of(leaves[:first])
    inclusion = inclusion_path(first, second, ranges(leaves))
    consistency = consistency_path(first, second, ranges(leaves))
    check_inclusion(leaves[first], first, second, inclusion, root)
    check_consistency(first, second, consistency, old, root)

    def changed(path: list[bytes]) -> list[bytes]:
        kind = data.draw(st.sampled_from(["flip", "drop", "double", "add"]))
        at = data.draw(st.integers(0, len(path) - 1))
        if kind == "flip":
            flipped = bytes([path[at][0] ^ 1]) + path[at][1:]
            return [*path[:at], flipped, *path[at + 1 :]]
        if kind == "drop":
            return [*path[:at], *path[at + 1 :]]
        return [*path, path[at] if kind == "double" else bytes(32)]

    with pytest.raises(ProofError):
        check_inclusion(leaves[first], first, second, changed(inclusion), root)
    with pytest.raises(ProofError):
        check_consistency(first, second, changed(consistency), old, root)
    with pytest.raises(ProofError):
        check_consistency(second, first, consistency, root, old)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        check_inclusion(leaf_hash(b""), index, size, [], leaf_hash(b""))


def test_two_trees_of_one_size_and_empty_ones_need_no_path() -> None:
    one, two = root_of(hashes(3)), root_of(hashes(4))
    check_consistency(3, 3, [], one, one)
    check_consistency(0, 3, [], EMPTY_ROOT, one)
    for first, second, path, old, new in (
        (3, 3, [], one, two),
        (3, 3, [one], one, one),
        (0, 3, [], one, one),
        (0, 3, [one], EMPTY_ROOT, one),
        (3, 4, [], one, two),
    ):
        with pytest.raises(ProofError):
            check_consistency(first, second, path, old, new)
