"""What two pictures of one Blender must have in common to be the same."""

from __future__ import annotations

import os
from pathlib import Path

from ..files.safe_files import open_own


def pixels_of(path: Path) -> bytes:
    """The header and the compressed pixels: one version of Blender compresses the same pixels in the same way. Raises
    OSError, ValueError.
    """
    with os.fdopen(open_own(path), "rb") as file:
        data = memoryview(file.read())
    parts, position = [], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if bytes(data[position + 4 : position + 8]) in (b"IHDR", b"IDAT"):
            parts.append(data[position + 8 : position + 8 + length])
        position += 12 + length
    if len(parts) < 2:
        raise ValueError("it has no pixels")
    return b"".join(parts)
