"""Keeps the machine awake while it renders, because an overnight job would stop when it sleeps."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import Any, Callable, Optional

from .limits import REFUSED_WITHIN_S
from .slots.blender_program import child_environment

_SYSTEMD = "/run/systemd/system"
"""Exists if systemd runs the machine. Otherwise, as in a container, systemd-inhibit cannot work."""

AWAKE = "this machine stays awake while it has a job (--allow-sleep lets it sleep)"
_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x1


class Awake:
    """`begin` and `end` may be called in any order, any number of times. Nothing waits for it, and a failure is only
    a warning.

    It runs one of the system's own programs, which never outlives this process. On Windows it calls the system.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        warn: Callable[[str], None],
        allowed_to_sleep: bool = False,
        platform: str = sys.platform,
    ) -> None:
        self._say = say
        self._warn = warn
        self._command = None if allowed_to_sleep else _command(platform)
        self._is_windows = platform == "win32" and not allowed_to_sleep
        self._task: Optional[asyncio.Task[None]] = None

    def begin(self) -> None:
        """Call it from the event loop's thread, like `end`."""
        if self._is_windows:
            if _ask_windows(_CONTINUOUS | _SYSTEM_REQUIRED):
                self._say(AWAKE)
            else:
                self._warn_of_sleep("Windows refused")
        elif self._command is not None and self._task is None:
            self._task = asyncio.create_task(self._keep(self._command), name="awake")

    def end(self) -> None:
        """Lets the machine sleep again. Idempotent."""
        if self._is_windows:
            _ask_windows(_CONTINUOUS)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _keep(self, command: list[str]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.PIPE,  # closes when this process ends, however it ends
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C must only reach this process
                env=child_environment(),
            )
        except OSError:
            return  # the program is not installed
        try:
            answer = asyncio.ensure_future(_error_output(process))
            done, _ = await asyncio.wait({answer}, timeout=REFUSED_WITHIN_S)
            if not done:
                self._say(AWAKE)
            reason = await answer
            if process.returncode:
                self._warn_of_sleep(reason or "no reason given")
        finally:
            # The child of systemd-inhibit does not get the signal. It ends because its input does.
            if process.stdin is not None:
                process.stdin.close()
            if process.returncode is None:
                process.terminate()

    def _warn_of_sleep(self, why: str) -> None:
        self._warn(f"this machine may fall asleep while it has a job: {why}")


def _ask_windows(flags: int) -> bool:
    """The request lasts as long as this thread, which lives as long as the node. Returns whether it was granted."""
    if sys.platform != "win32":
        return False
    import ctypes

    return bool(ctypes.windll.kernel32.SetThreadExecutionState(flags))


async def _error_output(process: Any) -> str:
    output = (await process.stderr.read()).decode("utf-8", "replace").strip()
    await process.wait()
    return str(output)


def _command(platform: str) -> Optional[list[str]]:
    if platform == "darwin":
        return ["caffeinate", "-i", "-s", "-w", str(os.getpid())]
    if platform.startswith("linux") and os.path.isdir(_SYSTEMD) and shutil.which("systemd-inhibit"):
        why = ["--who=renderfarm", "--why=A render is running", "--what=sleep:idle", "--mode=block"]
        return ["systemd-inhibit", *why, "cat"]  # cat ends when our end of its stdin is closed
    return None
