"""The handshake and its keys (docs/protocol.md, "Handshake"). Pure: no socket, no clock."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from typing import Any, Optional

from .. import PROTOCOL_VERSION
from ..errors import ProtocolError
from .farm_key import FarmKey

NONCE_BYTES = 32


def lp(data: bytes) -> bytes:
    """Length-prefixed bytes: otherwise ("ab", "c") and ("a", "bc") would be the same for the MAC."""
    return struct.pack(">I", len(data)) + data


def transcript(node_id: str, coordinator_nonce: bytes, node_nonce: bytes, tls_fingerprint: bytes = b"") -> bytes:
    """Everything that both sides must agree on. The two nonces make it unique per link."""
    version = str(PROTOCOL_VERSION).encode("ascii")
    return b"".join(map(lp, (version, node_id.encode("ascii"), coordinator_nonce, node_nonce, tls_fingerprint)))


def proof(key: bytes, role: str, agreed: bytes) -> bytes:
    """`role` is "coordinator", "node" or "session". The roles differ, so a proof cannot be sent back as an answer."""
    return hmac.new(key, lp(role.encode("ascii")) + agreed, hashlib.sha256).digest()


class NodeHandshake:
    """The node's side, one object per link: first `on_hello`, then `on_prove`, which sets `session_key`."""

    def __init__(
        self, key: FarmKey, node_id: str, nonce: Optional[bytes] = None, tls_fingerprint: bytes = b""
    ) -> None:
        self._key = key
        self._node_id = node_id
        self._tls_fingerprint = tls_fingerprint
        self._nonce = nonce or secrets.token_bytes(NONCE_BYTES)
        self._agreed = b""
        self.session_key = b""

    def on_hello(self, hello: dict[str, Any]) -> dict[str, Any]:
        """Returns the challenge. Raises ProtocolError for another protocol version."""
        if hello["protocol"] != PROTOCOL_VERSION:
            raise ProtocolError(f"This node runs another release of renderfarm (protocol {PROTOCOL_VERSION})", "PROTOCOL_VERSION")
        self._agreed = transcript(self._node_id, bytes.fromhex(hello["nonce"]), self._nonce, self._tls_fingerprint)
        return {
            "type": "challenge",
            "protocol": PROTOCOL_VERSION,
            "node": self._node_id,
            "nonce": self._nonce.hex(),
            "keyId": self._key.key_id,
        }

    def on_prove(self, prove: dict[str, Any]) -> dict[str, Any]:
        """Returns the welcome. Raises ProtocolError for a wrong proof; the peer has learned nothing about the key."""
        if not self._agreed:
            raise AssertionError("on_prove must follow on_hello")
        expected = proof(self._key.raw, "coordinator", self._agreed)
        if not hmac.compare_digest(expected, bytes.fromhex(prove["proof"])):
            raise ProtocolError("The two machines have different farm keys", "WRONG_KEY", 1008)
        self.session_key = proof(self._key.raw, "session", self._agreed)
        return {"type": "welcome", "proof": proof(self._key.raw, "node", self._agreed).hex()}
