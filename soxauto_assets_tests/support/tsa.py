"""A time stamp authority: `openssl ts` with certificates made here, and a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from soxauto_assets.verify.der import Parts
from soxauto_assets_tests.support.parts import need

_YEAR = timedelta(days=365)
_CONFIG = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/chain.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Tsa:
    """An authority with a root, an authority between and a certificate for time stamps.

    ``expired`` makes the last one a certificate that was valid a year ago; ``may_issue`` False
    makes the one between no authority; ``common_root`` is another Tsa's to share.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rsa_key: bool = False,
        expired: bool = False,
        may_issue: bool = True,
        root_in_chain: bool = True,
    ) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        now = datetime.now(UTC)
        root_key, between_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        key: Key = (
            rsa.generate_private_key(65537, 2048)
            if rsa_key
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.root = _certificate("Root", root_key, "Root", root_key, now, authority=True)
        self.between = _certificate(
            "Between", between_key, "Root", root_key, now, authority=may_issue
        )
        at = now - 2 * _YEAR if expired else now
        self.certificate = _certificate("Time", key, "Between", between_key, at, authority=False)
        chain = [self.between, *([self.root] if root_in_chain else [])]
        (folder / "tsa.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        (folder / "root.pem").write_bytes(self.root.public_bytes(Encoding.PEM))
        (folder / "chain.pem").write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in chain))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder))

    @property
    def trusted(self) -> str:
        """The table of a trust file for its root."""
        return trusted_authority(self.root)

    @property
    def root_file(self) -> Path:
        """Its root as PEM."""
        return self._folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """The answer of `openssl ts` to a request."""
        (self._folder / "query.tsq").write_bytes(query)
        openssl(
            "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "query.tsq", "-out", "reply",
            folder=self._folder,
        )  # fmt: skip
        return (self._folder / "reply").read_bytes()


def trusted_authority(certificate: x509.Certificate) -> str:
    """The table of a trust file for a certificate of an authority."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return f"\n[[time_authorities]]\nname = \"Test\"\ncertificate = '''\n{pem}'''\n"


def with_unsigned_attribute(answer: bytes, value: bytes = b"") -> bytes:
    """The same answer with an attribute at the end of its signer, which no signature covers."""
    name = bytes.fromhex("06032a0304")
    attribute = _element(0x30, name + _element(0x31, _element(0x04, value)))
    # Every element that encloses the end of the signer grows by the attribute.
    path, data = [], answer
    for _ in ("answer", "token", "[0]", "SignedData", "signers", "signer"):
        parts, at = Parts(data, "x"), 0
        while at < len(data):
            last = parts.take(data[at])
            at += len(last.encoded)
        path.append((data[: len(data) - len(last.encoded)], last.tag))
        data = last.content
    grown = data + _element(0xA1, attribute)
    for before, tag in reversed(path):
        grown = before + _element(tag, grown)
    return grown


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return (
        bytes([tag])
        + (bytes([size]) if size < 0x80 else bytes([0x80 | len(digits)]) + digits)
        + content
    )


def openssl(*arguments: str, folder: Path) -> str:
    """What the command says; raises CalledProcessError where it fails."""
    done = subprocess.run(
        [need("openssl"), *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def _certificate(
    name: str, key: Key, issuer: str, issuer_key: Key, at: datetime, *, authority: bool
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + _YEAR)
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    elif name == "Time":
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    # openssl and rfc3161-client ask for both identifiers.
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    ).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {name}")])


class TsaServer:
    """An authority over HTTP. ``answer`` may be set to what it shall answer instead."""

    def __init__(self, tsa: Tsa, url: str) -> None:
        self.tsa = tsa
        self.url = url
        self.requests = 0
        self.down = False
        self.answer: bytes | None = None

    def respond(self, query: bytes) -> tuple[int, bytes]:
        self.requests += 1
        if self.down:
            return 503, b"away"
        return 200, self.tsa.reply(query) if self.answer is None else self.answer


@contextmanager
def serving(tsa: Tsa) -> Iterator[TsaServer]:
    """The authority on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        told: ClassVar[TsaServer]

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, content = self.told.respond(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.told = TsaServer(tsa, f"http://127.0.0.1:{server.server_port}/tsa")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Handler.told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
