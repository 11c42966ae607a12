"""A slot's output: the last lines in memory, for errors, and a limited file in the run folder, for people."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Optional, TextIO

from ..errors import MAX_LOG_LINES, MAX_TEXT
from ..files.safe_files import open_or_make

MAX_FILE_CHARS = 8 * 1024 * 1024
ERROR_LINES = 60
"""How many lines are sent with an error."""


class SlotLog:
    """Splits a process's output into lines. `lines` has the last 200 at most, from the last `mark` on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Optional[TextIO] = None
        self._written = 0
        self._rest = b""
        self.lines: deque[str] = deque(maxlen=MAX_LOG_LINES)

    def feed(self, data: bytes) -> list[str]:
        """Returns the lines that `data` completes, in order."""
        *whole, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > MAX_TEXT:  # an endless line must not fill the memory
            whole.append(self._rest)
            self._rest = b""
        lines = [line.decode("utf-8", "replace")[:MAX_TEXT] for line in whole if line.strip()]
        self.lines.extend(lines)
        self._write(lines)
        return lines

    def mark(self) -> None:
        """A new attempt starts. Earlier lines do not belong to it."""
        self.lines.clear()

    def tail(self) -> list[str]:
        return list(self.lines)[-ERROR_LINES:]

    def close(self) -> None:
        """Never raises, so that ending a slot always completes."""
        self.feed(b"\n")
        self._close_file()

    def _write(self, lines: list[str]) -> None:
        try:
            if self._file is None or self._written > MAX_FILE_CHARS:
                self._close_file()
                self._file = _open_empty(self._path)
                self._written = 0
            for line in lines:
                self._file.write(line + "\n")
                self._written += len(line) + 1
            self._file.flush()
        except OSError:
            pass  # the render will fail on a full disk; the log is not worth an error

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass  # closing tries again to write the lines that a full disk refused


def _open_empty(path: Path) -> TextIO:
    """Checks that the file is ours before emptying it: scripts in the slot can write to its folder. Raises OSError."""
    handle = open_or_make(path, os.O_WRONLY)
    os.ftruncate(handle, 0)
    return os.fdopen(handle, "w", encoding="utf-8")
