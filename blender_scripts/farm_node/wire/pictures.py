"""What pictures a job wants beside the PNG of each frame (docs/protocol.md, "Pictures"). Pure."""

from __future__ import annotations

from typing import Any

FORMATS = ("png", "exr", "exr-multilayer", "jpeg", "tiff", "webp")
"""`node-info` names them."""

MAX_PICTURES = 256
"""Pictures of a frame."""


def are_pictures(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    formats = value.get("formats")
    are_known = isinstance(formats, list) and 0 < len(formats) <= len(FORMATS) and all(each in FORMATS for each in formats)
    is_depth = value.get("depth", 0) in (None, 8, 16, 32)
    return are_known and is_depth and all(type(value.get(name)) is bool for name in ("nodes", "video"))
