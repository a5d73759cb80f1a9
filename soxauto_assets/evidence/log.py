"""The evidence log: an append-only Merkle tree (RFC 6962) in the evidence store, below ``log/``.

Nothing in it is ever replaced but the checkpoint:

1. ``leaf/<number>`` is created for an entry, create-only. **With it the entry has its place**: of
   two writers at one number one wins, and the other takes the next. So no entry is lost, and the
   log cannot fork.
2. Tiles and bundles follow from the entries alone, so whoever writes one writes the same bytes,
   create-only.
3. ``checkpoint`` is written over the very version that was read (a conditional write), and only
   with more leaves. Under Object Lock every checkpoint that ever was stays as a version.

A writer that dies between the steps leaves entries beyond the checkpoint; the next one takes them
in. Before it signs, a writer makes sure that tiles and checkpoint agree and were signed by a key
of the log: it never signs on top of another tree.

Here: appending entries and proving them. Not here: what is appended and when (``log_keeping.py``);
the arithmetic, the forms and the reading (``verify``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soxauto_assets.errors import PermanentError
from soxauto_assets.store.protocol import (
    ObjectExistsError,
    ObjectMissingError,
    ObjectStore,
    PreconditionFailedError,
)
from soxauto_assets.verify.checkpoint import (
    Checkpoint,
    check_note,
    checkpoint_text,
    origin_of,
    read_checkpoint,
    signed_note,
)
from soxauto_assets.verify.log_files import (
    CHECKPOINT,
    LARGEST_ENTRY,
    TILE_WIDTH,
    TiledTree,
    bundle_of,
    entries_in,
    leaf_name,
    tile_name,
)
from soxauto_assets.verify.merkle import inclusion_path, leaf_hash, root_of
from soxauto_assets.verify.strict_json import UnreadableError

if TYPE_CHECKING:
    from soxauto_assets.evidence.signing import Signer

FOLDER = "log/"
KEYS = "keys/"
"""The public keys that signed checkpoints, as ``keys/<key id>.der``, for whoever has no trust
file; a trust file alone says which of them count."""


class LogDamagedError(PermanentError):
    """The log's files contradict each other: something was lost, or somebody changed it."""


class EntryTooLargeError(PermanentError):
    """An entry is larger than a bundle can hold."""


@dataclass(frozen=True)
class Head:
    """The signed state of the log; ``note`` is the checkpoint file, ``version`` the store's."""

    checkpoint: Checkpoint
    note: bytes
    version: str


class _Edge:
    """The right edge of the tree: what is not full yet at each level, and what became full."""

    def __init__(self, levels: list[list[bytes]], entries: list[bytes], size: int) -> None:
        self.levels = levels
        self.entries = entries
        self.size = size
        self.full: list[tuple[str, bytes]] = []
        self.first: bytes | None = None

    def add(self, entry: bytes) -> None:
        self.entries.append(entry)
        hashed, level = leaf_hash(entry), 0
        self.first = self.first or hashed
        while True:
            if level == len(self.levels):
                self.levels.append([])
            tile = self.levels[level]
            tile.append(hashed)
            if len(tile) < TILE_WIDTH:
                break
            # The index of the tile that became full is the number of those before it.
            index = (self.size >> (8 * level)) // TILE_WIDTH
            if level == 0:
                self.full.append((tile_name("entries", index), bundle_of(self.entries)))
                self.entries = []
            self.full.append((tile_name(level, index), b"".join(tile)))
            hashed, self.levels[level] = root_of(tile), []
            level += 1
        self.size += 1

    def partial(self) -> list[tuple[str, bytes]]:
        """The tiles that are not full, and the bundle."""
        files = []
        for level, tile in enumerate(self.levels):
            if tile:
                index = (self.size >> (8 * level)) // TILE_WIDTH
                if level == 0:
                    name = tile_name("entries", index, len(tile))
                    files.append((name, bundle_of(self.entries)))
                files.append((tile_name(level, index, len(tile)), b"".join(tile)))
        return files

    def root(self) -> bytes:
        """The root of the tree: of each level's tile, the part below it is its last hash."""
        below: bytes | None = None
        for tile in self.levels:
            hashes = tile if below is None else [*tile, below]
            below = root_of(hashes) if hashes else below
        return root_of([]) if below is None else below


class EvidenceLog:
    """The log in an evidence store, written with one key. Opening it asks nothing."""

    def __init__(self, evidence: ObjectStore, signer: Signer) -> None:
        self._store = evidence
        self._signer = signer

    def read(self, name: str) -> bytes:
        """The file ``name`` of the log, as ``verify.log_files.Read`` wants it."""
        try:
            return self._store.read(FOLDER + name)
        except ObjectMissingError as error:
            raise FileNotFoundError(name) from error

    def names(self, prefix: str) -> list[str]:
        """The names of the log's files that begin with ``prefix``, in order."""
        return [listed.key.removeprefix(FOLDER) for listed in self._store.list(FOLDER + prefix)]

    def head(self) -> Head | None:
        """The checkpoint, with a signature that holds; None where the log has not begun.

        Raises LogDamagedError.
        """
        info = self._store.info(FOLDER + CHECKPOINT)
        if info is None:
            return None
        try:
            note = self._store.read(FOLDER + CHECKPOINT)
            checkpoint = read_checkpoint(note)
            check_note(checkpoint, self._key_of(checkpoint))
        except (UnreadableError, FileNotFoundError) as error:
            raise _damaged(f"its checkpoint cannot be believed: {error}") from error
        return Head(checkpoint, note, info.version)

    def append(
        self, entries: Sequence[bytes], *, known_from: int | None = None
    ) -> tuple[list[int], Head | None]:
        """Give each entry its place, and have a checkpoint cover them all.

        The number of each entry, and the checkpoint (None: no entries, and no log yet). An entry
        that has a place beyond the last checkpoint, in its last bundle, or anywhere from the
        number ``known_from`` on, keeps that one. Raises
        EntryTooLargeError, LogDamagedError, and what the store and the signer raise; whatever has
        its place by then, the next writer brings under a checkpoint.
        """
        for entry in entries:
            if len(entry) > LARGEST_ENTRY:
                raise EntryTooLargeError(
                    f"A record of {len(entry)} bytes is too large for the log.",
                    remedy=f"Keep it below {LARGEST_ENTRY} bytes: store what is long elsewhere "
                    "and record its digest.",
                )
        head = self.head()
        edge = self._edge(head)
        known: dict[bytes, int] = {}
        full = edge.size // TILE_WIDTH
        for index in range(full if known_from is None else known_from // TILE_WIDTH, full + 1):
            bundle = edge.entries if index == full else self._bundle(index)
            for at, entry in enumerate(bundle):
                known.setdefault(entry, index * TILE_WIDTH + at)
        number = edge.size
        for entry in entries:
            while entry not in known:
                try:
                    self._store.create(FOLDER + leaf_name(number), entry)
                    known[entry] = number
                except ObjectExistsError:
                    known.setdefault(self.read(leaf_name(number)), number)
                number += 1
        places = [known[entry] for entry in entries]
        return places, self._covered(max(places, default=-1) + 1, head, edge)

    def cover(self, size: int = 0) -> Head | None:
        """Have a checkpoint of at least ``size`` leaves; takes in every entry that has a place."""
        head = self.head()
        return self._covered(size, head, self._edge(head))

    def _covered(self, size: int, head: Head | None, edge: _Edge) -> Head | None:
        while True:
            begun = edge.size
            while True:
                try:
                    edge.add(self.read(leaf_name(edge.size)))
                except FileNotFoundError:
                    break
            if edge.size < size:
                raise _damaged(f"the entry {edge.size} has lost its place")
            if edge.size == begun:
                return head
            try:
                return self._signed(edge, head)
            except PreconditionFailedError:  # another writer was faster, with ours or without
                head = self.head()
                if head is not None and head.checkpoint.size >= size:
                    return head
                edge = self._edge(head)

    def entries(self) -> list[bytes]:
        """Every entry that has a place, in the order of the log: under the checkpoint and beyond.

        Reads the whole log. Raises LogDamagedError.
        """
        from soxauto_assets.verify.log_files import read_entries

        head = self.head()
        size = 0 if head is None else head.checkpoint.size
        try:
            found = list(read_entries(self.read, size))
        except (UnreadableError, FileNotFoundError) as error:
            raise _damaged(f"{error}") from error
        while True:
            try:
                found.append(self.read(leaf_name(len(found))))
            except FileNotFoundError:
                return found

    def inclusion(self, number: int, head: Head) -> list[bytes]:
        """The path from the entry ``number`` to the root of the checkpoint."""
        size = head.checkpoint.size
        return inclusion_path(number, size, TiledTree(self.read, size).range_hash)

    def public_key(self, head: Head) -> bytes:
        """The key that signed the checkpoint, SubjectPublicKeyInfo in DER."""
        return self._key_of(head.checkpoint)

    def _edge(self, head: Head | None) -> _Edge:
        """The right edge under the checkpoint, which must be what the checkpoint signs."""
        if head is None:
            return _Edge([], [], 0)
        size = head.checkpoint.size
        tree = TiledTree(self.read, size)
        levels, rest, level = [], size, 0
        try:
            while rest:
                part = rest % TILE_WIDTH
                levels.append(list(tree.tile(level, rest // TILE_WIDTH)) if part else [])
                rest, level = rest // TILE_WIDTH, level + 1
            index, width = divmod(size, TILE_WIDTH)
            entries = []
            if width:
                name = tile_name("entries", index, width)
                entries = entries_in(self.read(name), width, name)
        except (UnreadableError, FileNotFoundError) as error:
            raise _damaged(f"{error}") from error
        edge = _Edge(levels, entries, size)
        hashes = [leaf_hash(entry) for entry in entries]
        if edge.root() != head.checkpoint.root or (levels and levels[0] != hashes):
            raise _damaged("its tiles are not those that its checkpoint signs")
        return edge

    def _bundle(self, index: int) -> list[bytes]:
        name = tile_name("entries", index)
        try:
            return entries_in(self.read(name), TILE_WIDTH, name)
        except (UnreadableError, FileNotFoundError) as error:
            raise _damaged(f"{error}") from error

    def _signed(self, edge: _Edge, head: Head | None) -> Head:
        """Write the tiles, then the checkpoint over the version of ``head``."""
        for name, content in [*edge.full, *edge.partial()]:
            self._create(name, content)
        if head is not None:
            origin = head.checkpoint.origin
        else:
            assert edge.first is not None  # a log that begins has a first entry
            origin = origin_of(edge.first)
        text = checkpoint_text(origin, edge.size, edge.root())
        key = self._signer.key.public_key
        self._create(f"{KEYS}{self._signer.key.key_id}.der", key)
        note = signed_note(text, key, self._signer.sign(text))
        checkpoint = read_checkpoint(note)
        check_note(checkpoint, key)
        receipt = self._store.replace(
            FOLDER + CHECKPOINT,
            note,
            expected_version=None if head is None else head.version,
        )
        return Head(checkpoint, note, receipt.version)

    def _create(self, name: str, content: bytes) -> None:
        """Create a file whose content follows from its name, or find it as it must be."""
        try:
            self._store.create(FOLDER + name, content)
        except ObjectExistsError:
            if self.read(name) != content:
                raise _damaged(f"{name} holds other bytes than its entries give") from None

    def _key_of(self, checkpoint: Checkpoint) -> bytes:
        own = self._signer.key
        if own.key_id.startswith(checkpoint.key_hint):
            return own.public_key
        for listed in self._store.list(f"{FOLDER}{KEYS}{checkpoint.key_hint}"):
            return self._store.read(listed.key)
        raise _damaged(f"it is signed by an unknown key {checkpoint.key_hint}…")


def _damaged(what: str) -> LogDamagedError:
    return LogDamagedError(
        f"The evidence log is damaged: {what}.",
        remedy="Nothing was signed on top of it. Run `soxauto log verify` with a checkpoint that "
        "was kept, restore the log from the store's versions, and find out who changed it.",
    )
