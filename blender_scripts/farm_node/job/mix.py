"""Mixes the sound of a scene down, by a Blender of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from .digest import digest_of
from .side_blender import SideBlender

LIMIT_S = 30 * 60.0
"""Far above what any film takes: a mix that ends in itself is an endless one."""


class Mixed(NamedTuple):
    path: Path
    sha256: str
    size_bytes: int


async def mix(blender: SideBlender, load: dict[str, Any], first: int, last: int) -> Mixed:
    """`load` is what slots are told. Raises FaultError."""
    path = Path(load["blend"]).with_name(f"renderfarm-sound-{first}-{last}.flac")
    await blender.ask(load, [{"do": "mix", "first": first, "last": last, "path": str(path)}], LIMIT_S)
    return Mixed(path, await asyncio.to_thread(digest_of, path), path.stat().st_size)
