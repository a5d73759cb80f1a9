"""The files of a log: tiles of hashes and bundles of entries, as C2SP's tlog-tiles names them.

Below the log's folder stand ``checkpoint``; ``tile/<level>/<index>``, 256 hashes each;
``tile/entries/<index>``, 256 entries each, every one behind its length in two bytes; and of the
last ones those that are not full, ``….p/<width>`` (https://c2sp.org/tlog-tiles). ``leaf/<number>``
holds one entry: with it the entry has its place, before it is in a tile.

Here: names and forms. Not here: hashing (``merkle.py``), what entries say (``log_records.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from soxauto_assets.verify.merkle import node_hash, root_of, split_of
from soxauto_assets.verify.strict_json import UnreadableError

CHECKPOINT = "checkpoint"
TILE_WIDTH = 256
HASH_BYTES = 32
LARGEST_ENTRY = 2**16 - 1
"""The most bytes of an entry: its length is written in two."""

Read = Callable[[str], bytes]
"""The bytes of a file of the log by its name; raises FileNotFoundError where there is none."""


def leaf_name(number: int) -> str:
    """``leaf/000000000041``: where the entry of that number takes its place."""
    return f"leaf/{number:012d}"


def tile_name(level: int | str, index: int, width: int = TILE_WIDTH) -> str:
    """``tile/<level>/x001/067``, with ``.p/<width>`` where it is not full; ``entries`` alike."""
    digits = f"{index:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == TILE_WIDTH else f".p/{width}")


def tiles_of(level: int, size: int) -> Iterator[tuple[int, int]]:
    """Index and width of each tile at a level of the tree of ``size`` leaves; none is empty."""
    hashes = size >> (8 * level)
    for index in range(-(-hashes // TILE_WIDTH)):
        yield index, min(TILE_WIDTH, hashes - index * TILE_WIDTH)


def levels_of(size: int) -> range:
    """The levels at which the tree of ``size`` leaves has tiles."""
    return range(max(1, -(-(size.bit_length()) // 8))) if size else range(0)


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """The bundle of these entries; each is at most LARGEST_ENTRY bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_in(bundle: bytes, width: int, name: str) -> list[bytes]:
    """The entries of a bundle; raises UnreadableError where they are not ``width`` whole ones."""
    entries, at = [], 0
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : at + 2 + size])
        at += 2 + size
    if at != len(bundle) or len(entries) != width:
        raise UnreadableError(name, f"{width} whole entries", f"{len(entries)}, or a broken one")
    return entries


def hashes_in(tile: bytes, width: int, name: str) -> list[bytes]:
    """The hashes of a tile; raises UnreadableError where they are not ``width``."""
    if len(tile) != width * HASH_BYTES:
        raise UnreadableError(name, f"{width} hashes", f"{len(tile)} bytes")
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]


def read_entries(read: Read, size: int) -> Iterator[bytes]:
    """The first ``size`` entries, from the bundles that a log of that size has.

    Raises UnreadableError, and what ``read`` raises.
    """
    for index, width in tiles_of(0, size):
        name = tile_name("entries", index, width)
        yield from entries_in(read(name), width, name)


def expected_tiles(leaf_hashes: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every tile of hashes that a log with these leaves has, with its content."""
    size, hashes = len(leaf_hashes), list(leaf_hashes)
    for level in levels_of(size):
        for index, width in tiles_of(level, size):
            part = hashes[index * TILE_WIDTH : index * TILE_WIDTH + width]
            yield tile_name(level, index, width), b"".join(part)
        hashes = [
            root_of(hashes[i : i + TILE_WIDTH])
            for i in range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)
        ]


class TiledTree:
    """The hashes of a log of ``size`` leaves, read from its tiles as they are asked for."""

    def __init__(self, read: Read, size: int) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[str, list[bytes]] = {}

    def tile(self, level: int, index: int) -> list[bytes]:
        """The hashes of a tile; raises UnreadableError and what ``read`` raises."""
        width = min(TILE_WIDTH, (self.size >> (8 * level)) - index * TILE_WIDTH)
        name = tile_name(level, index, width)
        if name not in self._tiles:
            self._tiles[name] = hashes_in(self._read(name), width, name)
        return self._tiles[name]

    def range_hash(self, low: int, high: int) -> bytes:
        """The root of the leaves ``low`` to ``high``, a range that the tree has a node for."""
        count = high - low
        if count & (count - 1) == 0:  # a full subtree stands in one tile, or is one hash of it
            level = (count.bit_length() - 1) // 8
            first, number = low >> (8 * level), count >> (8 * level)
            at = first % TILE_WIDTH
            return root_of(self.tile(level, first // TILE_WIDTH)[at : at + number])
        middle = low + split_of(count)
        return node_hash(self.range_hash(low, middle), self.range_hash(middle, high))

    def root(self) -> bytes:
        """The root of the whole tree."""
        return self.range_hash(0, self.size)
