"""Reads from a file's first bytes which Blender saved it: a Blender that is too old may crash when opening it."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Optional

HEADER_BYTES = 32
# "BLENDER", pointer size, endianness, version; since 5.0 "BLENDER17-01v0500": header size, form, version.
_OLD = re.compile(rb"BLENDER[-_][vV](\d)(\d\d)")
_NEW = re.compile(rb"BLENDER\d\d-\d\dv(\d\d)(\d\d)")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


def parse_header(first: bytes) -> Optional[tuple[int, int]]:
    """(4, 3) for a file saved by 4.3; None if it is not an uncompressed blendfile."""
    match = _OLD.match(first) or _NEW.match(first)
    return (int(match[1]), int(match[2])) if match else None


def saved_by(path: Path) -> Optional[tuple[int, int]]:
    """Version of the Blender that saved a blendfile, plain or compressed; None if it cannot be read.

    Python can read zstd from 3.14 on. With an older one, Blender itself must accept or refuse the file.
    Raises OSError.
    """
    with open(path, "rb") as file:
        first = file.read(HEADER_BYTES)
    try:
        if first.startswith(_GZIP):
            with gzip.open(path) as unpacked:
                first = unpacked.read(HEADER_BYTES)
        elif first.startswith(_ZSTD):
            from compression import zstd  # type: ignore[import-not-found,unused-ignore]

            with zstd.open(path) as unpacked:
                first = unpacked.read(HEADER_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile, ImportError):
        return None
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        return None
    return parse_header(first)
