"""A checkpoint of the log: its size and root, as a signed note of C2SP.

    soxauto.evidence-log/<16 hex digits>     the origin: the log's name, from its first leaf
    <number of leaves>
    <root, base64>
                                             an empty line, then the signature:
    — <origin> <base64 of the key's id (4 bytes) and an ECDSA signature in DER>

(https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note, signature type 2: ECDSA, whose key
id is the beginning of the SHA-256 of the SubjectPublicKeyInfo, as in all key ids of the product.)

Here: the form, and whether a signature holds. Not here: whose key it is.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from soxauto_assets.verify.envelope import check_bytes, key_id_of, strict_base64
from soxauto_assets.verify.strict_json import UnreadableError

ORIGIN_PREFIX = "soxauto.evidence-log/"
LARGEST_CHECKPOINT = 4096
_ORIGIN = re.compile(re.escape(ORIGIN_PREFIX) + r"[0-9a-f]{16}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,14}")
_ID_BYTES = 4


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of the one form; nothing is known of its signature yet.

    ``text`` is what was signed; ``key_hint`` the first four bytes of the key's id, in hex.
    """

    origin: str
    size: int
    root: bytes
    text: bytes
    key_hint: str
    signature: bytes


def origin_of(first_leaf: bytes) -> str:
    """The name of the log that begins with the leaf of this hash."""
    return f"{ORIGIN_PREFIX}{first_leaf.hex()[:16]}"


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """What is signed: the note's text with its last newline."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def signed_note(text: bytes, public_key: bytes, signature: bytes) -> bytes:
    """The whole note; ``signature`` is DER, of the key with this SubjectPublicKeyInfo (DER)."""
    origin = text.split(b"\n", 1)[0].decode()
    hint = bytes.fromhex(key_id_of(public_key))[:_ID_BYTES]
    return text + f"\n— {origin} {base64.b64encode(hint + signature).decode()}\n".encode()


def read_checkpoint(content: bytes) -> Checkpoint:
    """The checkpoint of these bytes; raises UnreadableError for any other form."""
    expected = "a checkpoint with one signature"
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UnreadableError("the checkpoint", expected, "no UTF-8") from error
    if len(content) > LARGEST_CHECKPOINT or len(lines) != 6 or lines[3] or lines[5]:
        raise UnreadableError("the checkpoint", expected, "something else")
    origin, size, root = lines[:3]
    if not _ORIGIN.fullmatch(origin):
        raise UnreadableError("the checkpoint's origin", f"{ORIGIN_PREFIX}…", repr(origin))
    if not _SIZE.fullmatch(size) or int(size) == 0:
        raise UnreadableError("the checkpoint's size", "a number of leaves", repr(size))
    hashed = strict_base64(root, "the checkpoint's root")
    if len(hashed) != 32:
        raise UnreadableError("the checkpoint's root", "32 bytes", f"{len(hashed)}")
    dash, name, signature = (*lines[4].split(" "), "", "", "")[:3]
    if dash != "—" or name != origin or lines[4].count(" ") != 2:
        raise UnreadableError("the checkpoint's signature", f"one of {origin}", repr(lines[4]))
    signed = strict_base64(signature, "the checkpoint's signature")
    text = "".join(f"{line}\n" for line in lines[:3]).encode()
    hint = signed[:_ID_BYTES].hex()
    return Checkpoint(origin, int(size), hashed, text, hint, signed[_ID_BYTES:])


def check_note(checkpoint: Checkpoint, public_key: bytes) -> None:
    """Raise UnreadableError where the checkpoint was not signed by this key (DER)."""
    key_id = key_id_of(public_key)
    if not key_id.startswith(checkpoint.key_hint):
        raise UnreadableError("the checkpoint's key", f"the key {key_id}", checkpoint.key_hint)
    check_bytes(checkpoint.text, checkpoint.signature, public_key, "the checkpoint's signature")
