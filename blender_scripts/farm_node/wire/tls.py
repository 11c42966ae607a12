"""The node's certificate, for encrypted links (docs/protocol.md, "TLS")."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import StartError
from ..files.regular_file import open_regular_file

ANNOUNCED_DIGITS = 16
"""Digits of the fingerprint in the advertisement. They are a hint for people; the handshake proves the fingerprint."""


@dataclass(frozen=True)
class Tls:
    """`fingerprint` is the SHA-256 of the certificate in DER form: 32 bytes."""

    context: ssl.SSLContext
    fingerprint: bytes

    @property
    def announced(self) -> str:
        return self.fingerprint.hex()[:ANNOUNCED_DIGITS]


def load_tls(cert: Optional[Path], key: Optional[Path]) -> Optional[Tls]:
    """None without files. Raises StartError if they cannot be used."""
    if cert is None or key is None:
        return None
    for path in (cert, key):
        _check_readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def refuse_passphrase() -> str:  # otherwise OpenSSL would ask at the terminal, and a background node would hang
        problem = "it is encrypted; write it without a passphrase, with mode 0600"
        raise StartError(f"Cannot use the TLS key {key}: {problem}")

    try:
        context.load_cert_chain(cert, key, password=refuse_passphrase)
        return Tls(context, hashlib.sha256(_shown_certificate(context)).digest())
    except ssl.SSLError as error:
        raise StartError(f"Cannot use the TLS certificate {cert} with the key {key}: {_reason(error)}") from error


def _check_readable(path: Path) -> None:
    try:
        with open_regular_file(path) as file:
            file.read(1)
    except OSError as error:
        raise StartError(f"Cannot read the TLS file {path}: {error.strerror}") from error


def _reason(error: ssl.SSLError) -> str:
    if error.reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):  # the latter if their kinds differ
        return "the key belongs to another certificate"
    if error.reason is None or "PEM" in str(error) or error.reason == "NO_START_LINE":
        return "they are not a certificate and a private key in PEM form"
    return str(error.reason).replace("_", " ").lower()


def _shown_certificate(context: ssl.SSLContext) -> bytes:
    """The certificate that a coordinator will see: a file may contain several, so it is taken from a real handshake."""
    to_node, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    client = anybody.wrap_bio(to_client, to_node)
    node = context.wrap_bio(to_node, to_client, server_side=True)
    for side in (client, node, client):  # hello; the node's certificate; the client has read it
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
    shown = client.getpeercert(binary_form=True)
    if shown is None:
        raise ssl.SSLError("the server shows no certificate")
    return shown
