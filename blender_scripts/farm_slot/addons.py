"""Enables the add-ons that a job asks for. The node allows only those that its owner has named."""

from __future__ import annotations

import traceback
from typing import List, Sequence

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

    # With an entry in the preferences, in memory only: most add-ons read their own.
    if addon_utils.enable(name, default_set=True, handle_error=on_error) is None:
        why = "%s: %s" % (type(errors[0]).__name__, errors[0]) if errors else "it is not made for this version"
        raise SlotFault("ADDON_FAILED", "The add-on '%s' cannot be enabled: %s" % (name, why))
