"""Checks whether the disk has space for the next frames."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Optional

from ..errors import Fault
from ..limits import FRAME_RESERVE_BYTES

_CHANNELS = {"BW": 1, "RGB": 3, "RGBA": 4}


def lack_of_space(folder: Path, expected: dict[str, Any], slots: int) -> Optional[Fault]:
    """DISK_FULL if the disk of a folder has no space for an uncompressed frame from each slot, with its views: the most that
    slots can need, but for layers and the pictures of File Output nodes.

    `expected` is what a slot reports when it has loaded the scene. None also if the free space is unknown.
    """
    pixels = expected["width"] * expected["height"]
    needed = pixels * _CHANNELS[expected["colorMode"]] * expected["depth"] // 8 * slots + FRAME_RESERVE_BYTES
    needed += expected.get("picturesBytes", 0) * slots
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return None
    if free >= needed:
        return None
    message = f"The node's disk is full: about {_megabytes(needed)} needed, {_megabytes(free)} free, in {folder}"
    hint = "Free space on that disk of the node, or start the node with another --cache-dir"
    return Fault("DISK_FULL", message, hint)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e8 else f"{count / 1e9:.1f} GB"
