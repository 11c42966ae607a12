"""The pixels of a small picture. Pure Python would be too slow for a large one."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import NamedTuple

from ..files.safe_files import open_own

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""By PNG's color type."""

MAX_PIXELS = 128 * 128


class Picture(NamedTuple):
    """`rgb` has three bytes for each pixel, row by row."""

    width: int
    height: int
    rgb: bytes


def read_picture(path: Path) -> Picture:
    """A PNG as Blender writes it. Raises OSError, ValueError; also if it is too large."""
    with os.fdopen(open_own(path), "rb") as file:
        data = file.read()
    header, packed, position = b"", b"", 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind, body = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        position += 12 + length
    width, height = int.from_bytes(header[0:4], "big"), int.from_bytes(header[4:8], "big")
    if len(header) != 13 or not 0 < width * height <= MAX_PIXELS or header[9] not in _CHANNELS:
        raise ValueError("it is no small picture")
    channels, size = _CHANNELS[header[9]], header[8] // 8
    rows = _unfiltered(zlib.decompress(packed), width * channels * size, channels * size)
    return Picture(width, height, b"".join(_rgb(row[at : at + channels * size : size]) for row in rows for at in range(0, len(row), channels * size)))


def _rgb(pixel: bytes) -> bytes:
    """Of the most significant byte of each channel."""
    return pixel[:3] if len(pixel) > 2 else pixel[:1] * 3


def _unfiltered(data: bytes, row_bytes: int, pixel_bytes: int) -> list[bytearray]:
    """PNG specification, section 9."""
    rows: list[bytearray] = []
    above = bytearray(row_bytes)
    for start in range(0, len(data), row_bytes + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + row_bytes])
        for at in range(len(row)):
            left = row[at - pixel_bytes] if at >= pixel_bytes else 0
            corner = above[at - pixel_bytes] if at >= pixel_bytes else 0
            row[at] = (row[at] + _predicted(kind, left, above[at], corner)) & 255
        rows.append(row)
        above = row
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        near = left + up - corner
        return min((abs(near - left), 0, left), (abs(near - up), 1, up), (abs(near - corner), 2, corner))[2]
    return (0, left, up, (left + up) // 2)[kind]
