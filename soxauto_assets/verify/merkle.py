"""The Merkle tree of RFC 6962 (section 2.1): hashes, roots, and proofs made and checked.

Here: arithmetic on hashes of 32 bytes, which knows nothing of files. It is written once, for the
log's writer and its verifier: the vectors of the RFC's own implementations hold it. Not here:
tiles (``log_files.py``) and what the leaves say (``log_records.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

RangeHash = Callable[[int, int], bytes]
"""The root of the leaves from ``low`` up to and without ``high``, as a tree of their own."""


class ProofError(ValueError):
    """A proof does not lead to the root that it should."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf: SHA-256 of the byte 0 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 of the byte 1 and its children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split_of(size: int) -> int:
    """The largest power of two below ``size`` (at least 2): how many leaves stand on the left."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves, or of full subtrees that are all of one size."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def inclusion_path(index: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """The audit path of the leaf ``index`` in the tree of ``size`` leaves (section 2.1.1)."""
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split_of(high - low)
        if index < middle:
            path.append(range_hash(middle, high))
            high = middle
        else:
            path.append(range_hash(low, middle))
            low = middle
    return path[::-1]


def consistency_path(first: int, second: int, range_hash: RangeHash) -> list[bytes]:
    """The proof that the tree of ``second`` leaves extends that of ``first`` (section 2.1.2).

    Empty where ``first`` is 0 or ``second``.
    """
    if first in (0, second):
        return []
    path: list[bytes] = []
    low, high, whole = 0, second, True
    while first != high:
        middle = low + split_of(high - low)
        if first <= middle:
            path.append(range_hash(middle, high))
            high = middle
        else:
            path.append(range_hash(low, middle))
            low, whole = middle, False
    return ([] if whole else [range_hash(low, high)]) + path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError where the path does not lead from the leaf's hash to the root.

    As RFC 9162, section 2.1.3.2, which says it for the same tree.
    """
    if not 0 <= index < size:
        raise ProofError("the leaf lies outside the tree")
    number, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the path is too long")
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    if last != 0 or found != root:
        raise ProofError("the path does not lead to the root")


def check_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Raise ProofError where the proof does not show that the second tree extends the first.

    As RFC 9162, section 2.1.4.2.
    """
    if not 0 <= first <= second:
        raise ProofError("the first tree is larger than the second")
    if first in (0, second):
        if path or (first == second and first_root != second_root):
            raise ProofError("two trees of one size have one root and need no path")
        if first == 0 and first_root != EMPTY_ROOT:
            raise ProofError("the first tree is empty and has another root")
        return
    nodes = list(path)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)
    if not nodes:
        raise ProofError("the path is too short")
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise ProofError("the path is too long")
        if number & 1 or number == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, node)
        number, last = number >> 1, last >> 1
    if last != 0 or old != first_root or new != second_root:
        raise ProofError("the path does not lead to both roots")
