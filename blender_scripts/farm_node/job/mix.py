"""Mixes the sound of a scene down, by a Blender of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .made_file import MadeFile
from .side_blender import SideBlender

LIMIT_S = 30 * 60.0
"""Far above what any film takes: a mix that ends in itself is an endless one."""


async def mix(blender: SideBlender, load: dict[str, Any], first: int, last: int) -> MadeFile:
    """`load` is what slots are told. Raises FaultError, OSError."""
    path = Path(load["blend"]).with_name(f"renderfarm-sound-{first}-{last}.flac")
    path.unlink(missing_ok=True)  # a slot may take it for its own
    await blender.ask(load, [{"do": "mix", "first": first, "last": last, "path": str(path)}], LIMIT_S)
    return await MadeFile.of(path)
