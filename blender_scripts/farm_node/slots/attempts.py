"""An attempt at a frame, and its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Pair = tuple[int, int]
"""Frame and attempt number, which identify an attempt."""


@dataclass(frozen=True)
class Attempt:
    """An attempt at a frame, running in a slot or assigned to it."""

    frame: int
    number: int

    @property
    def pair(self) -> Pair:
        return self.frame, self.number

    def to_message(self) -> dict[str, int]:
        return {"frame": self.frame, "attempt": self.number}


@dataclass(frozen=True)
class Result:
    """A rendered frame, complete on disk at `path`; `message` is its form in the protocol."""

    attempt: Attempt
    path: Path
    message: dict[str, Any]

    @property
    def size_bytes(self) -> int:
        return int(self.message["sizeBytes"])
