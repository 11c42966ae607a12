"""Paths that every system can have, and that stay in their folder. Pure. `core/paths/portable-path.ts` has the same rule."""

from __future__ import annotations

import re
from typing import Any

LONGEST_PATH = 1024
_LONGEST_NAME_BYTES = 255
FORBIDDEN = re.compile(r'[\x00-\x1f<>:"\\|?*]')
"""Windows refuses these in names; a colon is also a drive or a stream."""

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL)
"""Windows opens devices under these names."""


def is_portable_path(value: Any) -> bool:
    """Whether it is such a path, relative and with slashes."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_PATH:
        return False
    return all(is_portable_name(name) for name in value.split("/"))


def is_portable_name(name: str) -> bool:
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False
    if name in ("", ".", "..") or length > _LONGEST_NAME_BYTES or name[-1] in ". ":
        return False
    return FORBIDDEN.search(name) is None and _RESERVED.fullmatch(name) is None
