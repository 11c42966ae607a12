"""What people are told about a job: on this node's console, and at other coordinators."""

from __future__ import annotations

from typing import NamedTuple

MAX_SHOWN = 64
"""Characters of a name on the console."""


class JobTitle(NamedTuple):
    """What people are told about a job. Both texts come from its coordinator."""

    name: str
    """Empty if an older coordinator does not send it."""
    holder: str
    """Whose job it is, and on which machine."""

    def __str__(self) -> str:
        """For the console. In quotes and short, a name cannot look like a text of this program."""
        name = f"'{self.name[:MAX_SHOWN]}' of " if self.name else "of "
        return name + self.holder[:MAX_SHOWN]
