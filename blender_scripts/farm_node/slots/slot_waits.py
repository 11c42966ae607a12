"""What a slot waits for before it starts Blender again."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from ..errors import Fault
from ..limits import BLEND_CHECK_S, RESTART_PAUSE_S, SPACE_CHECK_S
from .slot_owner import SlotOwner


class SlotWaits:
    """All waits end when `closing` is set. `on_lack` is told why the slot cannot start yet."""

    def __init__(self, owner: SlotOwner, closing: asyncio.Event, on_lack: Callable[[Fault], None]) -> None:
        self._owner = owner
        self._closing = closing
        self._on_lack = on_lack
        self._recheck: Optional[asyncio.TimerHandle] = None

    async def before_restart(self, was_killed: bool, is_doubted: bool) -> None:
        """`was_killed`: whether the node stopped the last Blender; `is_doubted`: whether it could not open the file."""
        await self._pause(0 if was_killed else RESTART_PAUSE_S)
        await self._for_space()
        await self._for_blend(is_doubted)

    async def _for_space(self) -> None:
        """No Blender is started while the disk is full."""
        while not self._closing.is_set() and (lack := self._owner.lack_of_space()) is not None:
            self._on_lack(lack)
            await self._pause(SPACE_CHECK_S)

    async def _for_blend(self, is_doubted: bool) -> None:
        """Waits until a damaged blendfile has been sent again; until then no Blender opens it."""
        while not self._closing.is_set() and (lack := await self._owner.lack_of_blend(is_doubted)) is not None:
            self._on_lack(lack)
            is_doubted = False
            await self._pause(BLEND_CHECK_S)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    def recheck_space(self, act: Callable[[], None]) -> None:
        """Calls it after a while, unless `end_recheck` comes first."""
        self._recheck = asyncio.get_running_loop().call_later(SPACE_CHECK_S, act)

    def end_recheck(self) -> None:
        if self._recheck is not None:
            self._recheck.cancel()
