"""An attempt at a frame, and its result."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

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
    """A rendered frame, complete on disk at `path`; `message` is its form in the protocol. `pictures` are the files beside
    it, in the order in which the message lists them.
    """

    attempt: Attempt
    path: Path
    message: dict[str, Any]
    pictures: tuple[Path, ...] = ()

    def remove(self) -> None:
        """Removes its files. On Windows, one that is being sent stays; it is removed with the run folder."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError:
            pass
        if self.pictures:
            shutil.rmtree(pictures_folder(self.path), ignore_errors=True)

    def file(self, picture: Optional[int]) -> Optional[ResultFile]:
        """The frame itself, or one of its pictures; None if there is none of this number."""
        if picture is None:
            return ResultFile(self.path, self.message["sizeBytes"], self.message["sha256"])
        if picture >= len(self.pictures):
            return None
        about = self.message["pictures"][picture]
        return ResultFile(self.pictures[picture], about["sizeBytes"], about["sha256"])


class ResultFile(NamedTuple):
    """A file of a result, which can be fetched."""

    path: Path
    size_bytes: int
    sha256: str


def pictures_folder(path: Path) -> Path:
    """Where the pictures of a frame are, beside the frame's file."""
    return path.with_suffix(".pictures")
