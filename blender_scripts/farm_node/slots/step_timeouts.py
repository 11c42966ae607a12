"""The time limits of a slot's steps."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from ..errors import Fault
from ..limits import LIMIT_CHECKS


class StepTimeouts:
    """Counts checks instead of seconds: a sleep of the machine, or a stopped node, would use up a limit in seconds.

    The time that an interrupted step has used is kept until `reset`. Otherwise a Blender that dies late in every load
    would get the whole time again for each load.
    """

    def __init__(self, on_exceeded: Callable[[Fault], None]) -> None:
        self._on_exceeded = on_exceeded
        self._used: dict[str, int] = {}
        self._timer: Optional[asyncio.TimerHandle] = None

    def begin(self, step: str, limit_s: float, fault: Fault) -> None:
        """The slot starts this step. If it takes too long, `fault` is reported."""
        self.pause()
        self._timer = asyncio.get_running_loop().call_later(limit_s / LIMIT_CHECKS, self._check, step, limit_s, fault)

    def pause(self) -> None:
        """The slot has no step to do now."""
        if self._timer is not None:
            self._timer.cancel()

    def reset(self) -> None:
        """The slot has no step to do now, and the next steps get their full time again."""
        self.pause()
        self._used.clear()

    def _check(self, step: str, limit_s: float, fault: Fault) -> None:
        self._used[step] = self._used.get(step, 0) + 1
        if self._used[step] >= LIMIT_CHECKS:
            self._on_exceeded(fault)
        else:
            self.begin(step, limit_s, fault)
