"""Checks that a rendered file is complete, and reads its frame number. Checks chunks and checksums, not pixels."""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..files.safe_files import open_own

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_MODES = {0: "BW", 2: "RGB", 4: "BWA", 6: "RGBA"}
MAX_TEXT_CHUNK = 64 * 1024


class PngError(Exception):
    """The file is not a complete PNG."""


@dataclass(frozen=True)
class PngFacts:
    """`frame` is from the file's metadata, None if it has none; `depth` is bits per channel."""

    width: int
    height: int
    depth: int
    color_mode: str
    frame: Optional[int]
    size_bytes: int
    sha256: str


def check_png(path: Path) -> PngFacts:
    """Reads the whole file once. Raises PngError, OSError."""
    with os.fdopen(open_own(path), "rb") as file:
        data = file.read()
    if not data.startswith(SIGNATURE):
        raise PngError("it is not a PNG file")
    view = memoryview(data)
    position = len(SIGNATURE)
    header: Optional[bytes] = None
    frame: Optional[int] = None
    while True:
        if position + 12 > len(data):
            raise PngError("it ends too early")
        length = int.from_bytes(view[position : position + 4], "big")
        end = position + 12 + length
        if end > len(data):
            raise PngError("it ends too early")
        kind = bytes(view[position + 4 : position + 8])
        body = view[position + 8 : position + 8 + length]
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise PngError(f"a checksum is wrong in {kind!r}")
        if kind == b"IHDR":
            header = bytes(body)
        elif kind == b"tEXt" and length <= MAX_TEXT_CHUNK:
            frame = _frame_in(bytes(body), frame)
        elif kind == b"IEND":
            break
        position = end
    if header is None or len(header) != 13:
        raise PngError("it has no header")
    return PngFacts(
        width=int.from_bytes(header[0:4], "big"),
        height=int.from_bytes(header[4:8], "big"),
        depth=header[8],
        color_mode=COLOR_MODES.get(header[9], "indexed"),
        frame=frame,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _frame_in(text: bytes, otherwise: Optional[int]) -> Optional[int]:
    """Blender writes the frame with leading zeros, e.g. "0007" or "-07"."""
    keyword, _, value = text.partition(b"\0")
    if keyword != b"Frame":
        return otherwise
    try:
        return int(value)
    except ValueError:
        return otherwise
