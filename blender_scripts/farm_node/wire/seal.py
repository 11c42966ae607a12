"""Sealed text messages (docs/protocol.md, "Sealed messages"): a counter and a MAC per direction. Pure."""

from __future__ import annotations

import hashlib
import hmac
import struct

from ..errors import ProtocolError
from .handshake import lp

TO_NODE = "to-node"
TO_COORDINATOR = "to-coordinator"
OVERHEAD_BYTES = 20 + 1 + 64 + 1
"""The most that counter, seal and spaces add to a message."""


def _seal(key: bytes, direction: str, counter: int, data: bytes) -> str:
    return hmac.new(key, lp(direction.encode("ascii")) + struct.pack(">Q", counter) + data, hashlib.sha256).hexdigest()


class Sealer:
    """Seals the messages of one direction of a link, in the order in which they are sent."""

    def __init__(self, key: bytes, direction: str) -> None:
        self._key = key
        self._direction = direction
        self._next = 0

    def seal(self, text: str) -> str:
        counter = self._next
        self._next += 1
        return f"{counter} {_seal(self._key, self._direction, counter, text.encode('utf-8'))} {text}"


class Opener:
    """Opens the messages of one direction of a link. A replayed, dropped or altered message is an error."""

    def __init__(self, key: bytes, direction: str) -> None:
        self._key = key
        self._direction = direction
        self._next = 0

    def open(self, sealed: str) -> str:
        """Raises ProtocolError; the link must then be closed without a reply."""
        counter, _, rest = sealed.partition(" ")
        seal, _, text = rest.partition(" ")
        # The counter is compared as text, so that "00" and "+0" are not accepted as 0.
        if counter == str(self._next):
            expected = _seal(self._key, self._direction, self._next, text.encode("utf-8", "surrogatepass"))
            if hmac.compare_digest(expected.encode("ascii"), seal.encode("utf-8", "surrogatepass")):
                self._next += 1
                return text
        raise ProtocolError("The signature of a message is wrong", close_code=1008, reply=False)
