"""The local signing key: one file, made once, readable by its owner alone.

``signing-key.pem`` holds the private key (P-256, PKCS #8, mode 0600), ``signing-key.pub.pem`` the
public one, for an auditor's trust file. To change the key, move both away: the next start makes
another, and old packages keep naming the one that signed them.

Not here: signing (``signing.py``).
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from soxauto_assets.errors import PermanentError
from soxauto_assets.store.durable import make_folder, sync_folder

PRIVATE_KEY = "signing-key.pem"
PUBLIC_KEY = "signing-key.pub.pem"


class SigningKeyError(PermanentError):
    """The signing key is missing, damaged, of another kind, or open to others."""


def local_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key in ``folder``, made there where it is missing.

    Of several processes that make it at once one wins, and all return the winner's. Raises
    SigningKeyError where the file cannot be read or written, holds no P-256 key, or where its
    group or others may read it.
    """
    path = folder / PRIVATE_KEY
    try:
        if not path.exists():
            make_folder(folder.parent)
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            _create(path, _private_pem(ec.generate_private_key(ec.SECP256R1())), 0o600)
        key = _load(path)
        _create(folder / PUBLIC_KEY, public_pem(key.public_key()), 0o644)
    except OSError as error:
        raise SigningKeyError(
            f"The signing key {path} cannot be used: {error.strerror}.",
            remedy="Give the user of the process the right to read and write its folder, or name "
            "a key of KMS in SOXAUTO_SIGNING_KEY.",
        ) from error
    return key


def load_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A person's private key (P-256, PEM, not encrypted); raises SigningKeyError."""
    try:
        return _load(path)
    except OSError as error:
        raise SigningKeyError(
            f"The key {path} cannot be read: {error.strerror}.",
            remedy="Name the file of your own private key; nobody else may read it (mode 0600).",
        ) from error


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as PEM, as a trust file takes it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        content = file.read()
    if mode & 0o077:
        raise SigningKeyError(
            f"The signing key {path} is open to others (mode {mode:04o}).",
            remedy=f"Find out who could read it; if nobody else: chmod 600 {path}. Else move it "
            "away, so that a new one is made, and end its time in the trust file.",
        )
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> SigningKeyError:
    return SigningKeyError(
        f"{path} holds no private key on the curve P-256.",
        remedy="Restore it from a backup, or move it away so that a new one is made.",
    )


def _create(path: Path, content: bytes, mode: int) -> None:
    """Make the file whole or not at all; one that stands, whosever, is left as it is."""
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a file stands, so of two makers only one can win.
        with suppress(FileExistsError):
            os.link(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
