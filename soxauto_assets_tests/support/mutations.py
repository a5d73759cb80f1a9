"""What may be done to a package between its making and the auditor: two declared lists.

``ALTERING``: whatever is done, the verifier must find it. ``NEUTRAL``: what nobody signed and
nothing rests on; the verifier accepts it and says what it saw. Each entry changes a ``Held`` in
place, at random but always to other bytes, and says in words what it did; it raises
``NothingToChangeError`` where the package has no such part (no time stamp, no data).

Files are hard links to those of other copies: they are replaced, never written into.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from soxauto_assets.evidence.canonical import canonical_json, parse_canonical
from soxauto_assets.evidence.sealing import sealed
from soxauto_assets.verify.envelope import P256_ORDER, read_envelope
from soxauto_assets_tests.support.forger import (
    FORGER,
    Forger,
    NothingToChangeError,
    files,
    put,
)
from soxauto_assets_tests.support.held import Held
from soxauto_assets_tests.support.log_mutations import (
    log_forked,
    log_leaf_replaced,
    log_rolled_back,
    log_truncated,
)
from soxauto_assets_tests.support.tsa import with_unsigned_attribute

MANIFEST, ENVELOPE, TIME = "manifest.json", "manifest.dsse.json", "time.tsr"
Mutation = Callable[[Held, Forger], str]


# -- files


def bytes_changed(held: Held, forger: Forger) -> str:
    chance = forger.chance
    path = chance.choice([*files(held), *held.sign_offs])
    content = path.read_bytes()
    at = chance.randrange(len(content))
    end = min(len(content), at + chance.randrange(1, 64))
    changed = chance.choice(
        [
            content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :],
            content[:at] + chance.randbytes(end - at) + content[end:],
            content[:at] + chance.randbytes(chance.randrange(1, 64)) + content[at:],
            content[:at] + content[end:],
            content[:at],
            content + chance.randbytes(chance.randrange(1, 64)),
            b"",
        ]
    )
    return put(path, changed, f"bytes of {path.name} from {at} on")


def file_removed(held: Held, forger: Forger) -> str:
    # Without its time stamp a package is one whose time is pending: see test_tampering.
    path = forger.chance.choice([p for p in (*files(held), *held.sign_offs) if p.name != TIME])
    path.unlink()
    return f"{path.name} removed"


def file_added(held: Held, forger: Forger) -> str:
    chance = forger.chance
    folder = chance.choice(sorted({path.parent for path in files(held)}))
    names = ["extra.json", ".hidden", "README", "query.sql", "manifest.json.bak", "x" * 200, "é"]
    path = folder / chance.choice([*names, f"{chance.getrandbits(64):x}", "deep/er/file"])
    if path.exists():
        raise NothingToChangeError
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(chance.randbytes(chance.randrange(20)))
    return f"{path.relative_to(held.folder)} added"


def files_swapped(held: Held, forger: Forger) -> str:
    """Two of the package with each other, or one with another month's of the same name."""
    one, other = forger.chance.sample(files(held), 2)
    if forger.chance.random() < 0.3:
        other = forger.other.folder / one.relative_to(held.folder)
        if not other.exists():
            raise NothingToChangeError
        return put(one, other.read_bytes(), f"{one.name} of another month")
    content = one.read_bytes()
    put(one, other.read_bytes(), "")
    return put(other, content, f"{one.name} and {other.name} swapped")


def file_renamed(held: Held, forger: Forger) -> str:
    path = forger.chance.choice(files(held))
    to = forger.chance.choice([f"{path.name}.old", path.name.upper(), f"x{path.name}", "renamed"])
    path.rename(path.parent / to)
    return f"{path.name} renamed to {to}"


# -- manifest and signature


def manifest_reserialised(held: Held, forger: Forger) -> str:
    """The same values in other bytes: of the manifest, of its envelope, or of both."""
    chance = forger.chance
    which = chance.choice(["manifest", "envelope", "both"])
    manifest, envelope = held.folder / MANIFEST, held.folder / ENVELOPE
    done = ""
    if which != "envelope":
        done = put(manifest, _other_spelling(manifest.read_bytes(), chance), which)
    if which == "manifest":
        return done
    value = parse_canonical(envelope.read_bytes())
    if which == "both":
        value["payload"] = base64.b64encode(manifest.read_bytes()).decode()
        return put(envelope, canonical_json(value), which)
    return put(envelope, _other_spelling(envelope.read_bytes(), chance), which)


def _other_spelling(content: bytes, chance: Random) -> bytes:
    value = json.loads(content)
    spellings: list[Callable[[], bytes]] = [
        lambda: json.dumps(value, indent=2, ensure_ascii=False).encode(),
        lambda: json.dumps(value, separators=(",", ":")).encode() + b" ",
        lambda: json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode(),
        lambda: b"\xef\xbb\xbf" + content,
        lambda: content + b"\n",
        lambda: content.replace(b'":', b'": ', 1),
        lambda: content.replace(b",", b", ", chance.randrange(1, 9)),
        lambda: content.replace(b"/", b"\\/", 1),
        lambda: content.replace(b"s", b"\\u0073", chance.randrange(1, 9)),
        lambda: content[:-1] + b',"z":0}',
        lambda: content[:1] + b'"_type":"x",' + content[1:],
    ]
    return chance.choice(spellings)()


def signature_stripped(held: Held, forger: Forger) -> str:
    path = held.folder / ENVELOPE
    kind = forger.chance.choice(["no envelope", "no signature", "empty", "format 1"])
    if kind == "no envelope":
        path.unlink()
        return kind
    if kind == "format 1":  # packages of format 1 were not signed

        def first(statement: Any) -> None:
            statement["predicateType"] = "urn:soxauto:evidence-package:1"
            del statement["predicate"]["signer"], statement["predicate"]["time"]

        _edited_manifest(held, first)
        path.unlink()
        return kind
    value = parse_canonical(path.read_bytes())
    if kind == "no signature":
        value["signatures"] = []
    else:
        value["signatures"][0]["sig"] = ""
    return put(path, canonical_json(value), kind)


def signature_by_another_key(held: Held, forger: Forger) -> str:
    """By a forger's key: over the same manifest, over one that names that key, under our key's
    name; a second signature beside ours; ours in its other form; and a sign-off likewise."""
    chance, path = forger.chance, held.folder / ENVELOPE
    kind = chance.choice(["same manifest", "own manifest", "our name", "second", "high s", "role"])
    value = parse_canonical(path.read_bytes())
    manifest = (held.folder / MANIFEST).read_bytes()
    if kind == "own manifest":

        def own(statement: Any) -> None:
            statement["predicate"]["signer"].update(
                key_id=FORGER.key.key_id,
                public_key=base64.b64encode(FORGER.key.public_key).decode(),
            )

        manifest = _edited_manifest(held, own)
    forged = parse_canonical(sealed(manifest, FORGER))
    if kind == "role":
        return _sign_off_by_another_key(chance.choice(held.sign_offs))
    if kind == "our name":
        value["signatures"][0]["sig"] = forged["signatures"][0]["sig"]
    elif kind == "second":
        value["signatures"] += forged["signatures"]
    elif kind == "high s":
        value["signatures"][0]["sig"] = _with_high_s(value["signatures"][0]["sig"])
    else:
        value = forged
    return put(path, canonical_json(value), kind)


def _edited_manifest(held: Held, change: Callable[[Any], None]) -> bytes:
    """The manifest changed, its own digest made to fit."""
    path = held.folder / MANIFEST
    statement = parse_canonical(path.read_bytes())
    change(statement)
    statement["predicate"]["self_digest"] = ""
    own = hashlib.sha256(canonical_json(statement)).hexdigest()
    statement["predicate"]["self_digest"] = own
    put(path, canonical_json(statement), "")
    return path.read_bytes()


def _sign_off_by_another_key(path: Path) -> str:
    statement = parse_canonical(read_envelope(path.read_bytes()).payload)
    statement["predicate"]["signer"] = {
        "key_id": FORGER.key.key_id,
        "public_key": base64.b64encode(FORGER.key.public_key).decode(),
    }
    return put(path, sealed(canonical_json(statement), FORGER), f"{path.name} by another key")


def _with_high_s(signature: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    r, s = decode_dss_signature(base64.b64decode(signature))
    return base64.b64encode(encode_dss_signature(r, P256_ORDER - s)).decode()


# -- time


def time_stamp_expired(held: Held, forger: Forger) -> str:
    envelope = (held.folder / ENVELOPE).read_bytes()
    return put(_time(held), forger.stamp(forger.expired, envelope), "by an expired certificate")


def time_stamp_foreign(held: Held, forger: Forger) -> str:
    """Of an authority that nobody trusts, or ours over another package."""
    path = _time(held)
    other = forger.other.folder / TIME
    if other.exists() and forger.chance.random() < 0.5:
        return put(path, other.read_bytes(), "time stamp of another package")
    envelope = (held.folder / ENVELOPE).read_bytes()
    return put(path, forger.stamp(forger.foreign, envelope), "time stamp of a foreign authority")


def _time(held: Held) -> Path:
    path = held.folder / TIME
    if not path.exists():
        raise NothingToChangeError
    return path


# -- another package


def another_months_package(held: Held, forger: Forger) -> str:
    """All of it, or all but what stands beside the list; sign-offs may stay or come along."""
    chance, other = forger.chance, forger.other
    kind = chance.choice(["all", "the signed files", "sign-off"])
    if kind == "sign-off":
        one, another = chance.choice(list(zip(held.sign_offs, other.sign_offs, strict=True)))
        return put(one, another.read_bytes(), "sign-off of another month")
    beside = {TIME, "log-proof.json", "seal.json"} if kind == "the signed files" else set()
    for path in files(held):
        if path.name not in beside:
            path.unlink()
    for path in files(other):
        if path.name not in beside:
            target = held.folder / path.relative_to(other.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return f"another month's package, {kind}"


# -- neutral


def zip_container(held: Held, forger: Forger) -> str:
    """A ZIP in any order, with any dates and compression, below any folder or none."""
    chance = forger.chance
    prefix = chance.choice(["", "package/", "a/b/c/", f"{held.address.report}/"])
    paths = files(held)
    chance.shuffle(paths)
    with zipfile.ZipFile(held.root / "package.zip", "w") as archive:
        archive.comment = chance.randbytes(chance.randrange(20))
        for path in paths:
            info = zipfile.ZipInfo(
                prefix + path.relative_to(held.folder).as_posix(),
                (chance.randrange(1980, 2100), chance.randrange(1, 13), 1, 0, 0, 0),
            )
            kind = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
            archive.writestr(info, path.read_bytes(), kind)
    return f"a ZIP below {prefix!r}"


def unsigned_attributes(held: Held, forger: Forger) -> str:
    path = _time(held)
    value = forger.chance.randbytes(forger.chance.randrange(0, 60))
    return put(path, with_unsigned_attribute(path.read_bytes(), value), "unsigned attributes")


ALTERING: dict[str, Mutation] = {
    "bytes": bytes_changed,
    "file removed": file_removed,
    "file added": file_added,
    "files swapped": files_swapped,
    "file renamed": file_renamed,
    "manifest re-serialised": manifest_reserialised,
    "signature stripped": signature_stripped,
    "signature by another key": signature_by_another_key,
    "expired time stamp": time_stamp_expired,
    "foreign time stamp": time_stamp_foreign,
    "log leaf replaced": log_leaf_replaced,
    "another month's package under this name": another_months_package,
    "log truncated": log_truncated,
    "log forked": log_forked,
    "log rolled back": log_rolled_back,
}
"""The last three can be found by a checkpoint that was kept alone."""
NEUTRAL: dict[str, Mutation] = {
    "ZIP container": zip_container,
    "unsigned attributes of the time stamp": unsigned_attributes,
}
