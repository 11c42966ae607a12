"""Whether frames depend on those before: the scene is played by one Blender, and jumped to by new ones."""

from __future__ import annotations

from typing import Any, Optional

from ..errors import Fault, FaultError, fault_of
from ..limits import LOAD_LIMIT_S
from .side_blender import SideBlender

LIMIT_S = 4 * LOAD_LIMIT_S
"""For one Blender, which may have to play a long simulation."""

MAX_NAMED = 20
"""Objects and data-blocks that are named for a frame."""

Digests = dict[str, dict[str, str]]
"""By frame, and then by the name of the object or data-block."""


async def check_order(
    blender: SideBlender, load: dict[str, Any], frames: list[int]
) -> tuple[list[dict[str, Any]], Optional[Fault]]:
    """The frames that differ, each with some of what is different; and why the check could not be made, if so.

    `load` is what slots are told.
    """

    async def digests(wanted: list[int], play: bool) -> Digests:
        told = await blender.ask(load, [{"do": "digest", "frames": wanted, "play": play}], LIMIT_S)
        found: Digests = told[-1]["digests"]
        return found

    try:
        played = await digests(sorted(frames), play=True)
        differing = []
        for frame in sorted(frames):
            jumped = await digests([frame], play=False)
            names = _differences(played[str(frame)], jumped[str(frame)])
            if names:
                differing.append({"frame": frame, "what": [name[:256] for name in names[:MAX_NAMED]]})
        return differing, None
    except (FaultError, OSError) as error:
        return [], fault_of(error)


def _differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(name for name in set(one) | set(other) if one.get(name) != other.get(name))
