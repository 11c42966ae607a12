"""The node's output for people: whole lines, written at once, with control characters escaped."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, NoReturn, Optional

from .console_writer import ConsoleStream, ConsoleWriter

END_S = 1.0
"""How long the last output may take to be read when the node ends."""


class Console:
    """Until `end`, printing from Python never waits for a reader: a terminal may be stopped, a pipe may be full."""

    def __init__(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        self._writers: list[ConsoleWriter] = []
        stdout, stderr = self._streams
        out = self._writer(stdout)
        # If both go to the same file, one thread keeps their lines in order.
        err = out if out is not None and _is_same_file(stdout, stderr) else self._writer(stderr)
        if out is not None:
            sys.stdout = ConsoleStream(out, stdout.encoding)
        if err is not None:
            sys.stderr = ConsoleStream(err, stderr.encoding)

    def end(self, status: int) -> NoReturn:
        """Ends this process. If nobody reads, it ends at once: Blender would wait to print that it quits."""
        sys.stdout, sys.stderr = self._streams
        end_at = time.monotonic() + END_S
        for writer in self._writers:
            if not writer.close(max(0.0, end_at - time.monotonic())):
                os._exit(status)
        sys.exit(status)

    def _writer(self, stream: Any) -> Optional[ConsoleWriter]:
        try:
            stream.flush()
            raw = getattr(stream.buffer, "raw", stream.buffer)
        except (OSError, ValueError, AttributeError):
            return None  # there is no console, or it is not a file
        writer = ConsoleWriter(raw)
        self._writers.append(writer)
        return writer


def _is_same_file(one: Any, other: Any) -> bool:
    try:
        found = os.fstat(one.fileno())
        # On Windows consoles and pipes have no inode number, so two of them look the same.
        return found.st_ino != 0 and os.path.samestat(found, os.fstat(other.fileno()))
    except (OSError, ValueError, AttributeError):
        return False


def printable(text: str) -> str:
    """Escapes control characters and lone surrogates, so that a name from the network cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def say(text: str, error: bool = False) -> None:
    """Prints one line with the time. A closed console is ignored."""
    stream = sys.stderr if error else sys.stdout
    line = f"{time.strftime('%H:%M:%S')} {printable(text)}\n"
    try:
        encoding = stream.encoding or "utf-8"
        stream.write(line.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass


def warn(text: str) -> None:
    say("warning: " + text, error=True)
