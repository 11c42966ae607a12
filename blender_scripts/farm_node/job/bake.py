"""Bakes a scene's simulations into a copy of its blendfile. Nothing is believed: the copy must look like the played scene."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Callable, Optional

from ..errors import Fault, FaultError
from ..slots.picture_pixels import pixels_of
from .made_file import MadeFile
from .side_blender import SideBlender

COPY = "renderfarm-baked.blend"
"""Its name, beside the blendfile: relative paths in it lead to the same files."""

COMPARED = 3
"""Frames at which the copy is compared with the played scene."""


ESTIMATED_AFTER_S = 10
"""Earlier, how long a bake will take is a guess."""


class Estimate:
    """How long a bake will take. `tell` gets the share that is done."""

    def __init__(self, limit_s: float, tell: Callable[[float], None], now: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._tell = tell
        self._now = now
        self._first: Optional[tuple[float, float]] = None

    def watch(self, event: dict[str, Any]) -> Optional[Fault]:
        """See `Watch`: a bake that would take too long is not worth beginning."""
        if event.get("event") != "baking":
            return None
        share, now = float(event["share"]), self._now()
        self._tell(share)
        if self._first is None:
            self._first = now, share
            return None
        since, begun = self._first
        if now - since < ESTIMATED_AFTER_S or share <= begun:
            return None
        whole_s = (now - since) / (share - begun)
        if whole_s <= self._limit_s:
            return None
        return Fault("TIMED_OUT", f"it would take about {whole_s / 60:.0f} minutes, and {self._limit_s / 60:g} are allowed")


async def bake(blender: SideBlender, load: dict[str, Any], limit_s: float, tell: Callable[[float], None]) -> MadeFile:
    """`load` is what slots are told; `tell` gets the share that is baked. Raises FaultError with the reason if the scene must
    be played instead; OSError.
    """
    path = Path(load["blend"]).with_name(COPY)
    if load["moved"]:
        raise FaultError(Fault("UNSUPPORTED", "the scene uses files that are elsewhere on this machine"))
    estimate = Estimate(limit_s, tell)
    # Two pictures under a time limit are hardly ever the same.
    overrides = {name: value for name, value in (load["overrides"] or {}).items() if name != "timeLimit"}
    load = {**load, "overrides": overrides, "pictures": _compared_pictures(load["pictures"])}
    (baked,) = await blender.ask({**load, "do": "bake", "path": str(path)}, [], limit_s, estimate.watch)
    frames = _compared(*baked["frames"])
    pictures = [await _pictures(blender, {**load, "simulations": "play"}, frames, limit_s)]
    pictures.append(await _pictures(blender, {**load, "blend": str(path), "simulations": None}, frames[::-1], limit_s))
    for frame in frames:
        if pictures[0][frame] != pictures[1][frame]:
            raise FaultError(Fault("UNSUPPORTED", f"baked, frame {frame} is not as in the played scene"))
    return await MadeFile.of(path)


async def _pictures(blender: SideBlender, load: dict[str, Any], frames: list[int], limit_s: float) -> dict[int, bytes]:
    """The pixels of each frame, by one Blender in this order."""
    folder = blender.folder.parent
    paths = {frame: folder / f"bake-{frame}.png" for frame in frames}
    renders = [{"do": "render", "frame": frame, "path": str(path)} for frame, path in paths.items()]
    opened = (await blender.ask(load, renders, limit_s))[0]
    left = [each for each in opened["scene"]["simulations"] if each["kind"] != "hair dynamics"]
    if load["simulations"] is None and left:
        raise FaultError(Fault("UNSUPPORTED", f"no bake keeps {left[0]['kind']} ({left[0]['owner']})"))
    try:
        return {frame: await asyncio.to_thread(pixels_of, path) for frame, path in paths.items()}
    except (OSError, ValueError) as error:
        raise FaultError(Fault("UNSUPPORTED", f"it could not be compared: {error}")) from error
    finally:
        for path in paths.values():
            path.unlink(missing_ok=True)


def _compared_pictures(wanted: Optional[dict[str, Any]]) -> Optional[dict[str, Any]]:
    """PNGs with the depth of the job's pictures, as far as PNG has it. Those beside other pictures have 8 bits, which hide
    what those pictures show. `wanted`: the job's `pictures`.
    """
    if wanted is None:
        return None
    least = 16 if wanted["formats"][0].startswith("exr") else None  # and never fewer, whatever the scene has
    return {"formats": ["png"], "depth": wanted["depth"] or least, "nodes": False, "video": True}


def _compared(first: int, last: int) -> list[int]:
    """Frames of the scene's range, the last among them."""
    last = max(first, last)
    return sorted({first + (last - first) * part // COMPARED for part in range(1, COMPARED + 1)})
