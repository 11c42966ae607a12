"""The add-ons that a job needs (docs/protocol.md, `job-load`). Pure."""

from __future__ import annotations

import re
from typing import Any

from .checks import is_name

MAX_ADDONS = 64

_ADDON = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
"""The name of an add-on's module, `bl_ext.user_default.name` for an extension."""


def are_addons(value: Any) -> bool:
    """Whether it is a list of names that add-ons may have."""
    is_list = isinstance(value, list) and len(value) <= MAX_ADDONS
    return is_list and all(is_name(each) and _ADDON.fullmatch(each) is not None for each in value)
