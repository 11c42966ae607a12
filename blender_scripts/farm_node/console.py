"""What the node prints: whole lines for a person, at once, without control characters from elsewhere."""

from __future__ import annotations

import sys
import time


def printable(text: str) -> str:
    """Control characters and lone surrogates are escaped: a name from the network must not move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def say(text: str, error: bool = False) -> None:
    """Prints one line with the time. A console that is gone is no reason to end."""
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
