"""What may be done to the log of today, or to the proof beside a package: part of ``ALTERING``.

Whoever rewrites a whole log here has its key: only a checkpoint that was kept tells then.
"""

from __future__ import annotations

import shutil

from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.verify.checkpoint import checkpoint_text, read_checkpoint, signed_note
from soxauto_assets.verify.log import folder_reader
from soxauto_assets.verify.log_files import (
    bundle_of,
    entries_in,
    expected_tiles,
    read_entries,
    tile_name,
    tiles_of,
)
from soxauto_assets.verify.merkle import leaf_hash, root_of
from soxauto_assets_tests.support.forger import FORGER, Forger, put
from soxauto_assets_tests.support.held import Held
from soxauto_assets_tests.support.keys import KeySigner
from soxauto_assets_tests.support.packages import SIGNER


def log_leaf_replaced(held: Held, forger: Forger) -> str:
    """The leaf in the proof, or one that the kept checkpoint covers, by whoever has its key."""
    chance = forger.chance
    kind = chance.choice(["proof", "another proof", "bundle", "signed", "foreign key"])
    proof = held.folder / "log-proof.json"
    if kind == "another proof":
        return put(proof, (forger.other.folder / proof.name).read_bytes(), kind)
    if kind == "proof":
        value = parse_canonical(proof.read_bytes())
        fields = value["leaf"]["fields"]
        name = chance.choice(sorted(fields))
        fields[name] = "another" if isinstance(fields[name], str) else None
        return put(proof, canonical_json(value), f"leaf of the proof, {name}")
    entries = entries_of(held)
    number = chance.randrange(read_checkpoint(held.kept).size)
    entries[number] = _another(entries[number])
    if kind == "bundle":
        index, width = list(tiles_of(0, len(entries)))[number // 256]
        path = held.log / tile_name("entries", index, width)
        bundle = entries_in(path.read_bytes(), width, path.name)
        bundle[number % 256] = entries[number]
        return put(path, bundle_of(bundle), f"entry {number} of a bundle")
    _rewrite(held, entries, FORGER if kind == "foreign key" else SIGNER)
    return f"entry {number} replaced, {kind}"


def log_truncated(held: Held, forger: Forger) -> str:
    """To fewer entries than the kept checkpoint covers."""
    size = forger.chance.randrange(1, read_checkpoint(held.kept).size)
    _rewrite(held, entries_of(held)[:size], SIGNER)
    return f"truncated to {size}"


def log_forked(held: Held, forger: Forger) -> str:
    """The same beginning, then other entries, as many as before or more."""
    entries = entries_of(held)
    at = forger.chance.randrange(read_checkpoint(held.kept).size)
    others = [_another(entry) for entry in entries[at:]]
    if forger.chance.random() < 0.5:  # an entry that is not there moves all the others
        others = [*entries[at + 1 :], *others]
    _rewrite(held, [*entries[:at], *others], SIGNER)
    return f"forked at {at}"


def log_rolled_back(held: Held, forger: Forger) -> str:
    """An earlier checkpoint, signed in its day, over the files of today."""
    entries = entries_of(held)
    size = forger.chance.randrange(1, read_checkpoint(held.kept).size)
    today = (held.log / "checkpoint").read_bytes()
    _rewrite(held, entries[:size], SIGNER)
    old = (held.log / "checkpoint").read_bytes()
    if forger.chance.random() < 0.5:  # the files of today stay
        _rewrite(held, entries, SIGNER)
        put(held.log / "checkpoint", old, "")
    return f"rolled back from {read_checkpoint(today).size} to {size}"


def entries_of(held: Held) -> list[bytes]:
    """The entries of the log of today."""
    size = read_checkpoint((held.log / "checkpoint").read_bytes()).size
    return list(read_entries(folder_reader(held.log), size))


def _another(entry: bytes) -> bytes:
    value = parse_canonical(entry)
    return canonical_json({**value, "fields": {**value["fields"], "reason": "another"}})


def _rewrite(held: Held, entries: list[bytes], signer: KeySigner) -> None:
    """The whole log again, with these entries, as whoever has the key can; the name stays."""
    origin = read_checkpoint((held.log / "checkpoint").read_bytes()).origin
    hashes = [leaf_hash(entry) for entry in entries]
    text = checkpoint_text(origin, len(entries), root_of(hashes))
    shutil.rmtree(held.log)
    for name, content in [
        *expected_tiles(hashes),
        *(
            (tile_name("entries", index, width), bundle_of(entries[256 * index :][:width]))
            for index, width in tiles_of(0, len(entries))
        ),
        ("checkpoint", signed_note(text, signer.key.public_key, signer.sign(text))),
    ]:
        (held.log / name).parent.mkdir(parents=True, exist_ok=True)
        (held.log / name).write_bytes(content)
