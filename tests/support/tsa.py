"""Timestamp authorities for tests: one that is OpenSSL's own, served over HTTP, and a forger that signs whatever a test wants."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
STAMPING: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
CONFIG: Final = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Certified:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def certified(
    name: str,
    *,
    by: Certified | None = None,
    ca: bool = False,
    usage: x509.ExtendedKeyUsage | None = None,
    critical: bool = True,
    days: tuple[int, int] = (0, 3650),
    key: Any = None,
    more: x509.ExtensionType | None = None,
    path_length: int | None = None,
) -> Certified:
    """A certificate, by itself unless somebody else signs it; ``days`` are its validity, counted from 2026-01-01."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(by.certificate.subject if by else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(EPOCH + timedelta(days[0])).not_valid_after(EPOCH + timedelta(days[1]))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if usage:
        builder = builder.add_extension(usage, critical=critical)
    if more:
        builder = builder.add_extension(more, critical=True)
    return Certified(builder.sign(by.key if by else key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Authority:
    """A root, and the timestamp authority that it vouches for. Simulated: anybody may have its key."""

    root: Certified
    signer: Certified

    @classmethod
    def simulated(cls, name: str = "Simulated timestamp authority", *, key: Any = None) -> Authority:
        root = certified(f"Root of {name}", ca=True)
        return cls(root, certified(name, by=root, usage=STAMPING, key=key))


@contextmanager
def openssl_authority(folder: Path, authority: Authority) -> Iterator[str]:
    """Serve ``openssl ts`` on a free port of this machine; yields the address.

    Raises:
        pytest.skip.Exception: there is no OpenSSL program here.
    """
    if not shutil.which("openssl"):
        pytest.skip("no openssl program on this machine")
    write_authority(folder, authority)
    with served(lambda environ, start: openssl_reply(folder, environ, start)) as url:
        yield url


def write_authority(folder: Path, authority: Authority) -> None:
    """Write what ``openssl ts`` reads."""
    (folder / "root.pem").write_bytes(authority.root.pem)
    (folder / "tsa.pem").write_bytes(authority.signer.pem)
    (folder / "tsa.key").write_bytes(authority.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.conf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")


def openssl_reply(folder: Path, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """One answer of ``openssl ts``."""
    (folder / "query.tsq").write_bytes(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    command = ["openssl", "ts", "-reply", "-config", "tsa.conf", "-section", "one", "-queryfile", "query.tsq", "-out", "answer.tsr"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=30)
    start("200 OK", [("Content-Type", "application/timestamp-reply")])
    return [(folder / "answer.tsr").read_bytes()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def served(application: Any) -> Iterator[str]:
    """Serve a WSGI application on a free port of this machine; yields its address."""
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(content: bytes, status: str = "200 OK") -> Any:
    """An application that always answers the same."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start(status, [("Content-Length", str(len(content)))])
        return [content]

    return application


# What follows signs anything. Source of the forms: RFC 3161, RFC 5652, RFC 5035.


def der(tag: int, *parts: bytes) -> bytes:
    """One element of DER."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + body


def integer(number: int) -> bytes:
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(each) for each in dotted.split("."))
    body = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        body += bytes(reversed(groups))
    return der(0x06, body)


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


SHA256: Final = sequence(oid("2.16.840.1.101.3.4.2.1"))
TST_INFO: Final = oid("1.2.840.113549.1.9.16.1.4")
SIGNED_DATA: Final = oid("1.2.840.113549.1.7.2")
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (oid(f"1.2.840.113549.1.9.{last}") for last in (3, 4, 5))
CERTIFICATE_V1, CERTIFICATE_V2 = (oid(f"1.2.840.113549.1.9.16.2.{last}") for last in (12, 47))


def attribute(name: bytes, *values: bytes) -> bytes:
    return sequence(name, der(0x31, *values))


@dataclass(frozen=True)
class Forger:
    """An authority without scruples: each part of the token is as honest as the test leaves it."""

    authority: Authority
    at: str = "20261124040000Z"
    nonce: int | None = None
    chain: tuple[bytes, ...] | None = None
    more_info: bytes = b""
    attributes: Callable[[list[bytes]], list[bytes]] = field(default=lambda usual: usual)
    rewrite: Callable[[bytes], bytes] = field(default=lambda answer: answer)
    v1: bool = False
    status: int = 0

    def but(self, **changes: Any) -> Forger:
        return replace(self, **changes)

    def answer(self, message: bytes) -> bytes:
        """An answer over a message."""
        nonce = b"" if self.nonce is None else integer(self.nonce)
        imprint = sequence(SHA256, der(0x04, sha256(message).digest()))
        info = sequence(integer(1), oid("1.2.3.4.1"), imprint, integer(7), der(0x18, self.at.encode()), nonce, self.more_info)
        signer = self.authority.signer
        named = sequence(sequence(sequence(der(0x04, sha256(signer.der).digest()))))
        claim = attribute(CERTIFICATE_V2, named)
        if self.v1:
            claim = attribute(CERTIFICATE_V1, sequence(sequence(sequence(der(0x04, sha1(signer.der, usedforsecurity=False).digest())))))
        usual = [attribute(CONTENT_TYPE, TST_INFO), attribute(MESSAGE_DIGEST, der(0x04, sha256(info).digest())), claim]
        attributes = b"".join(self.attributes(usual))
        who = sequence(signer.certificate.issuer.public_bytes(), integer(signer.certificate.serial_number))
        signature = self._sign(der(0x31, attributes))
        one = sequence(integer(1), who, SHA256, der(0xA0, attributes), self._algorithm, der(0x04, signature))
        certificates = self.chain if self.chain is not None else (signer.der,)
        content = sequence(TST_INFO, der(0xA0, der(0x04, info)))
        data = sequence(integer(3), der(0x31, SHA256), content, der(0xA0, *certificates), der(0x31, one))
        return self.rewrite(sequence(sequence(integer(self.status)), sequence(SIGNED_DATA, der(0xA0, data))))

    @property
    def _algorithm(self) -> bytes:
        if isinstance(self.authority.signer.key, rsa.RSAPrivateKey):
            return sequence(oid("1.2.840.113549.1.1.1"), der(0x05))
        return sequence(oid("1.2.840.10045.4.3.2"))

    def _sign(self, data: bytes) -> bytes:
        key = self.authority.signer.key
        if isinstance(key, rsa.RSAPrivateKey):
            return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
        return bytes(key.sign(data, ec.ECDSA(hashes.SHA256())))
