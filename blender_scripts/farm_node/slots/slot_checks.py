"""Spot checks of a slot: a new process renders some of its frames again, and the pixels must be the same.

A process that renders many frames may go wrong at one of them, with scripts, add-ons and bugs that nobody has met yet.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import shutil
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Union

from ..errors import Fault
from ..limits import LOAD_LIMIT_S
from .attempts import Attempt, Result
from .exit_cause import endless_check
from .picture_pixels import pixels_of
from .picture_rgb import read_picture

MAX_UNPROVEN = 4000
"""A slot with as many frames since its last good check is checked, whatever it costs."""

CHECK_LIMIT_FACTOR = 10
"""A check may take so many times as long as the frame did before: a new process may have to compile kernels."""

EQUAL, DIFFERENT, UNREPEATABLE, NONE = "equal", "different", "unrepeatable", "none"
"""How a check ends. UNREPEATABLE: two new processes differ from each other; NONE: there was no second picture."""


@dataclass
class Check:
    """A frame that is rendered again. `pictures` are the files of each time, the kept process' first."""

    attempt: Attempt
    pictures: list[Path]
    since: float
    is_rendering: bool = False


@dataclass
class Sample:
    """A small picture of the scene, for comparison with other nodes."""

    picture: Path
    files: Optional[str]
    """Digest of the list of the files that the scene was opened with."""
    is_rendering: bool = False


class SlotChecks:
    """`emit` sends a message. `pictures` is a folder."""

    def __init__(self, slot: int, emit: Callable[[dict[str, Any]], None], pictures: Path) -> None:
        self.current: Union[Check, Sample, None] = None
        """What is to be finished before the slot renders its next frame."""
        self.renews_always = False
        """Whether each frame needs a new process, because a check has found a difference."""
        self._frame_s = 0.0
        """What the last frame took, with playing the scene up to it."""
        self._slot = slot
        self._emit = emit
        self._pictures = pictures
        self._has_sampled = slot > 0
        """The first slot does it for its node, once."""
        self._share: Optional[float] = 0.0
        self._dice = random.Random(0)
        self._unproven: list[Attempt] = []
        self._started_at = 0.0
        self._load_s = 0.0
        self._rendered_s = self._spent_s = 0.0
        self._in_process = 0
        """How many frames this process has rendered."""

    def plan(self, share: Optional[float], seed: int) -> None:
        """`share`: how much time checks may take, of the time that frames take; None to check every frame."""
        self._share, self._dice = share, random.Random(seed * 257 + self._slot)

    def process_started(self) -> None:
        self._started_at, self._in_process = time.monotonic(), 0

    def process_loaded(self, scene: dict[str, Any], load: dict[str, Any]) -> None:
        """`load` is what slots are told: scenes with `sampleFrom` frames are sampled; without it, none."""
        self._load_s = time.monotonic() - self._started_at
        sample_from = load.get("sampleFrom")
        its = next((each for each in scene.get("scenes", ()) if each["name"] == scene["scene"]), None)
        if self._has_sampled or its is None or sample_from is None:
            return
        self._has_sampled = True
        if its["frameEnd"] - its["frameStart"] + 1 >= sample_from:
            self.current = Sample(self._pictures / "sample.png", load.get("files"))

    def wants(self, attempt: Attempt, seconds: float, played_s: float) -> bool:
        """A frame is rendered: whether it must be rendered again. The first one of a process would be the same.
        `played_s`: what it takes to play the scene up to this frame.
        """
        self._unproven.append(attempt)
        self._frame_s = played_s + seconds
        self._rendered_s += seconds
        self._in_process += 1
        if self.renews_always or self._in_process < 2 or self._share == 0.0:
            return False
        if self._share is None or len(self._unproven) >= MAX_UNPROVEN:
            return True
        cost = self._load_s + self._frame_s
        return self._spent_s + cost <= self._share * self._rendered_s and self._dice.random() < 0.5

    async def begin(self, result: Result) -> bool:
        """To be called before the result is offered. False if the disk is full."""
        kept = result.path.with_suffix(".kept.png")
        try:
            await asyncio.to_thread(_copy, result.path, kept)
        except OSError:
            return False
        self.current = Check(result.attempt, [kept], time.monotonic())
        return True

    def announce(self) -> None:
        assert isinstance(self.current, Check)
        self._emit({"type": "check-started", "slot": self._slot, **self.current.attempt.to_message()})

    def next_render(self) -> Optional[dict[str, Any]]:
        """The command for the process; None while it renders."""
        check = self.current
        if check is None or check.is_rendering:
            return None
        check.is_rendering = True
        if isinstance(check, Sample):
            return {"do": "sample", "path": str(check.picture)}
        check.pictures.append(check.pictures[0].with_suffix(".%d.png" % len(check.pictures)))
        return {"do": "render", "frame": check.attempt.frame, "path": str(check.pictures[-1])}

    @property
    def limit(self) -> tuple[float, Fault]:
        """How long the process may take for it, in seconds."""
        limit_s = LOAD_LIMIT_S + CHECK_LIMIT_FACTOR * self._frame_s
        return limit_s, endless_check(limit_s)

    async def needs_another(self, frame: int) -> bool:
        """The process has rendered it, or a small picture of this frame. Returns whether another one must do so too."""
        check = self.current
        assert check is not None
        if isinstance(check, Sample):
            self.current = None
            await self._tell(check, frame)
            return False
        check.is_rendering = False
        self._in_process += 1
        try:
            pixels = await asyncio.to_thread(lambda: [pixels_of(picture) for picture in check.pictures])
        except (OSError, ValueError):
            self._end(NONE)
            return False
        if self.current is not check:
            return False  # the process has ended meanwhile
        if pixels[-1] == pixels[0]:
            self._end(EQUAL)
        elif len(pixels) == 2:
            return True
        else:
            self._end(DIFFERENT if pixels[1] == pixels[2] else UNREPEATABLE)
        return False

    def abandon(self) -> None:
        """The process has ended."""
        if isinstance(self.current, Check):
            self._end(NONE)
        self.current = None

    async def _tell(self, sample: Sample, frame: int) -> None:
        try:
            picture = await asyncio.to_thread(read_picture, sample.picture)
        except (OSError, ValueError, zlib.error):
            return  # the scene renders larger pictures than that
        finally:
            sample.picture.unlink(missing_ok=True)
        pixels = base64.b64encode(picture.rgb).decode("ascii")
        told = {"frame": frame, "files": sample.files, "width": picture.width, "height": picture.height, "pixels": pixels}
        self._emit({"type": "job-sampled", **told})

    def _end(self, outcome: str) -> None:
        check, self.current = self.current, None
        assert isinstance(check, Check)
        self._spent_s += time.monotonic() - check.since
        for picture in check.pictures:
            picture.unlink(missing_ok=True)
        others = [each.to_message() for each in self._unproven if each != check.attempt] if outcome == DIFFERENT else []
        if outcome != NONE:
            self._unproven = []
        self.renews_always = self.renews_always or outcome == DIFFERENT
        if outcome == UNREPEATABLE:
            self._share = 0.0
        self._emit({"type": "check-done", "slot": self._slot, **check.attempt.to_message(), "outcome": outcome, "others": others})


def _copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
