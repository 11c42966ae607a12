"""Writes to a terminal or a pipe from a thread, so that the program never waits for a reader."""

from __future__ import annotations

import io
import select
import threading
from collections import deque
from typing import Any

MAX_WAITING = 1_000_000
"""Bytes that may wait for a reader. Further lines are dropped, and counted."""
_CHECK_S = 0.25


class ConsoleWriter:
    """Writes to one file, in order. A stopped terminal or a full pipe only blocks its thread."""

    def __init__(self, raw: Any) -> None:
        """`raw` is unbuffered: its `write` may take only some bytes, or return None if a non-blocking file is full."""
        self._raw = raw
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def put(self, lines: bytes) -> None:
        """Adds complete lines. Never waits."""
        with self._changed:
            if self._size + len(lines) > MAX_WAITING:
                self._dropped += lines.count(b"\n")
                return
            self._report_gap()
            self._append(lines)

    def close(self, within_s: float) -> bool:
        """Ends the thread once everything is written. Waits at most `within_s`. Returns whether it has ended."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _report_gap(self) -> None:
        if self._dropped:
            self._append(f"({self._dropped} lines dropped here: the output was not read in time)\n".encode())
            self._dropped = 0

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._size += len(data)
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_over)
                if not self._waiting:
                    return
                data = self._waiting.popleft()
            self._write(data)
            with self._changed:
                self._size -= len(data)
                if not self._waiting:
                    self._report_gap()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                taken = self._raw.write(rest)
                if taken is None:  # another program that shares the file has made it non-blocking
                    select.select([], [self._raw], [], _CHECK_S)
                else:
                    rest = rest[taken:]
        except (OSError, ValueError):
            pass  # a closed console or a full disk must not stop the node


class ConsoleStream(io.TextIOBase):
    """Replaces sys.stdout or sys.stderr, for everything that Python prints. Passes on complete lines."""

    def __init__(self, writer: ConsoleWriter, encoding: str) -> None:
        super().__init__()
        self._writer = writer
        self._encoding = encoding
        self._lock = threading.Lock()
        self._rest = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            whole, end, self._rest = (self._rest + text).rpartition("\n")
            if end:
                self._writer.put((whole + end).encode(self._encoding, "replace"))
        return len(text)
