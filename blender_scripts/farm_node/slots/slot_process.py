"""A process of a slot: starts it, reads its events, and makes sure that it ends. It knows nothing about attempts."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Awaitable, Callable, Optional

from ..limits import EXIT_GRACE_S, KILL_GRACE_S, OUTPUT_GRACE_S, QUIT_GRACE_S
from .job_object import JobObject
from .slot_channel import SlotChannel, SlotSwitchboard
from .slot_log import SlotLog

NICENESS = 10
"""Of a slot, unless the node itself leaves even more to other programs."""


@dataclass(frozen=True)
class SlotEnd:
    """How the process ended. `status` is None if it could not be started, and negative for a signal."""

    status: Optional[int]
    message: str = ""
    missing: bool = False


class SlotProcess:
    """`on_event` is awaited for each event before the next is read; `on_line` gets each line of output.

    The caller limits how long it may be silent, with `kill`.
    """

    def __init__(
        self,
        command: list[str],
        environment: Callable[[int, str], dict[str, str]],
        folder: Path,
        switchboard: SlotSwitchboard,
        log: SlotLog,
    ) -> None:
        self._command = command
        self._environment = environment
        self._folder = folder
        self._switchboard = switchboard
        self._log = log
        self._process: Optional[asyncio.subprocess.Process] = None
        self._channel: Optional[SlotChannel] = None
        self._job_object: Optional[JobObject] = None
        self._killing = asyncio.Event()
        self._ended = asyncio.Event()
        self.killed = False
        """Whether the node stopped it."""

    async def run(
        self,
        on_connected: Callable[[], None],
        on_event: Callable[[dict[str, Any]], Awaitable[None]],
        on_line: Callable[[str], None],
    ) -> SlotEnd:
        """Returns when the process and its group have ended, or cannot be killed, and all output is read."""
        token, channel = self._switchboard.expect()
        output: Optional[asyncio.Task[None]] = None
        gone: Optional[asyncio.Task[None]] = None
        try:
            environment = self._environment(self._switchboard.port, token)
            self._process = await self._spawn(environment)
            output = asyncio.create_task(self._read_output(on_line))
            gone = asyncio.create_task(self._wait_until_gone(self._process))
            if self.killed:
                return SlotEnd(None, "stopped while starting")
            if await self._connected(channel, gone):
                on_connected()
                await self._read_events(on_event)
            return await self._end_of_process(gone)
        except OSError as error:
            message = f"Cannot start {self._command[0]}: {error.strerror}"
            return SlotEnd(None, message, isinstance(error, FileNotFoundError))
        finally:
            self._switchboard.forget(token)
            self._kill_group()
            if self._channel is not None:
                self._channel.close()
            if gone is not None:
                await gone
            if output is not None:
                await asyncio.wait({output}, timeout=OUTPUT_GRACE_S)
                output.cancel()
            self._log.close()
            self._ended.set()

    def send(self, command: dict[str, Any]) -> None:
        if self._channel is not None:
            self._channel.send(command)

    def kill(self) -> None:
        """Kills it at once; `run` returns soon afterwards."""
        self.killed = True
        self._kill_group()
        if self._channel is not None:
            self._channel.close()  # a process that cannot be killed keeps its end open

    async def stop(self, ask: bool) -> None:
        """Stops it. With `ask`, which is for an idle process, it is asked to quit first. Returns when it has ended."""
        self.killed = True
        if ask and self._channel is not None:
            self.send({"do": "quit"})
            await asyncio.wait({asyncio.ensure_future(self._ended.wait())}, timeout=QUIT_GRACE_S)
        self.kill()
        await self._ended.wait()

    async def _spawn(self, environment: dict[str, str]) -> asyncio.subprocess.Process:
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
            options = {"creationflags": flags | subprocess.CREATE_NO_WINDOW}
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env=environment,
            **options,
        )
        self._job_object = JobObject.of(process.pid)
        if sys.platform != "win32":
            try:
                os.setpriority(os.PRIO_PROCESS, process.pid, max(NICENESS, os.nice(0)))
            except OSError:
                pass  # it has already ended, or the system forbids it
        return process

    async def _wait_until_gone(self, process: asyncio.subprocess.Process) -> None:
        """Also returns if a killed process still exists after some time."""
        exited = asyncio.ensure_future(process.wait())
        killing = asyncio.ensure_future(self._killing.wait())
        await asyncio.wait({exited, killing}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({exited}, timeout=KILL_GRACE_S)
        exited.cancel()
        killing.cancel()

    async def _connected(self, channel: asyncio.Future[SlotChannel], gone: asyncio.Task[None]) -> bool:
        """False if the process ended before it sent its token."""
        either: set[asyncio.Future[Any]] = {channel, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if channel.done() and not channel.cancelled():
            self._channel = channel.result()
        return self._channel is not None

    async def _read_events(self, on_event: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        assert self._channel is not None
        while (event := await self._channel.receive()) is not None:
            await on_event(event)

    async def _end_of_process(self, gone: asyncio.Task[None]) -> SlotEnd:
        assert self._process is not None
        await asyncio.wait({gone}, timeout=EXIT_GRACE_S)
        status = self._process.returncode
        return SlotEnd(status, "" if status is not None else "Blender closed its connection, but did not exit")

    async def _read_output(self, on_line: Callable[[str], None]) -> None:
        assert self._process is not None and self._process.stdout is not None
        while data := await self._process.stdout.read(65536):
            for line in self._log.feed(data):
                on_line(line)

    def _kill_group(self) -> None:
        """Includes programs that Blender has started, and a wrapper script around it."""
        self._killing.set()
        if self._process is None or self._ended.is_set():
            return  # the process id is unused by now, or belongs to another process
        try:
            if sys.platform == "win32":
                if self._job_object is not None:
                    self._job_object.kill()
                elif self._process.returncode is None:
                    self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended; macOS reports EPERM for a group of zombies
