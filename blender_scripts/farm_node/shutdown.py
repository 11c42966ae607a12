"""The ways to stop a node: signals, and the end of its standard input."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Shutdown:
    """`wait` returns the reason when the node has to stop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reason: asyncio.Future[str] = self._loop.create_future()

    async def wait(self) -> str:
        return await asyncio.shield(self._reason)

    def on_signals(self) -> None:
        """Uses signal.signal instead of asyncio: it works on Windows too, and Blender swallows KeyboardInterrupt."""
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._on_signal)

    def on_stdin_end(self) -> None:
        threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def _on_signal(self, number: int, _frame: Any) -> None:
        self._end(signal.Signals(number).name)

    def _watch_stdin(self) -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass  # without standard input it counts as ended
        self._end("standard input ended")

    def _end(self, reason: str) -> None:
        try:
            self._loop.call_soon_threadsafe(self._set, reason)
        except RuntimeError:
            pass  # the loop has already ended

    def _set(self, reason: str) -> None:
        if not self._reason.done():
            self._reason.set_result(reason)
