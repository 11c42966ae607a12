"""Enables the add-ons that a job asks for. The node allows only those that its owner has named."""

from __future__ import annotations

import inspect
import traceback
from typing import Dict, List, Sequence

import addon_utils

from .faults import SlotFault


def enable(names: Sequence[str]) -> None:
    """For this process; the user's preferences are not saved. Raises SlotFault if an add-on is missing or does not work."""
    if not names:
        return
    there = {each.__name__ for each in addon_utils.modules(refresh=True)}
    for name in names:
        if name not in there:
            # Checked first, as Blender would import any module of this name.
            raise SlotFault("ADDON_FAILED", "This Blender has no add-on '%s'" % name)
        if not addon_utils.check(name)[1]:
            _enable(name)


def _enable(name: str) -> None:
    errors = []  # type: List[BaseException]

    def on_error(error: BaseException) -> None:
        traceback.print_exc()
        errors.append(error)

    why = _incompatible(name)
    # With an entry in the preferences, in memory only: most add-ons read their own.
    if not why and addon_utils.enable(name, default_set=True, handle_error=on_error, **_refreshing()) is None:
        why = "%s: %s" % (type(errors[0]).__name__, errors[0]) if errors else "it is not made for this version"
    if why:
        raise SlotFault("ADDON_FAILED", "The add-on '%s' cannot be enabled: %s" % (name, why))


def _refreshing() -> Dict[str, bool]:
    """Since 4.2 Blender deletes the Python packages of extensions that are not enabled, and with factory settings none of
    the owner's is: it must be told that this is done already.
    """
    is_known = "refresh_handled" in inspect.signature(addon_utils.enable).parameters
    return {"refresh_handled": True} if is_known else {}


def _incompatible(name: str) -> str:
    """Why this Blender cannot use the extension, which `enable` then does not find out; empty if it can."""
    find = getattr(addon_utils, "_extension_compat_cache_create", None)
    if find is None or not addon_utils.check_extension(name):
        return ""
    _, repository, extension = name.split(".", 2)
    # Blender's own function, as the public one also writes what it has found to the owner's folder.
    found = find((), {(repository, extension)}, [], None)["incompatible"]
    return str(found.get((repository, extension), ""))
