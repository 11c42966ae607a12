"""Spares the node the unmasking of what a coordinator sends unmasked, that is with a mask of zeros.

A WebSocket client must mask its messages, so that a web page cannot make a proxy take them for HTTP (RFC 6455, 10.3). A
coordinator is no web page, and pure Python takes most of the time of a large upload to unmask it.
"""

from __future__ import annotations

from typing import Any

from websockets.legacy import framing

_NO_MASK = bytes(4)


def spare_unmasked() -> None:
    """Changes the WebSocket library, for this process. Idempotent. Without the function it changes, nothing happens."""
    original: Any = getattr(framing, "apply_mask", None)
    if original is None or getattr(original, "spares_unmasked", False):
        return

    def apply_mask(data: bytes, mask: bytes) -> bytes:
        return data if mask == _NO_MASK else original(data, mask)

    apply_mask.spares_unmasked = True  # type: ignore[attr-defined]
    setattr(framing, "apply_mask", apply_mask)
