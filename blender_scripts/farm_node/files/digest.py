"""Digests of files."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from .safe_files import open_own

_PIECE = 1024 * 1024


def size_and_digest(path: Path) -> tuple[int, str]:
    """Reads a file of ours. Returns its bytes and its SHA-256. Raises OSError."""
    digest = hashlib.sha256()
    with os.fdopen(open_own(path), "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
        return file.tell(), digest.hexdigest()
