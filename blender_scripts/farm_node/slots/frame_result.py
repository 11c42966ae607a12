"""Is what a slot left on disk the frame that was asked for?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..errors import Fault
from .attempts import Attempt, Result
from .png_check import PngError, check_png


@dataclass(frozen=True)
class FrameExpectation:
    """What the scene's settings demand of every frame, and where it is rendered."""

    width: int
    height: int
    depth: int
    color_mode: str
    device: str
    slot: int

    @classmethod
    def of(cls, expected: dict[str, Any], device: str, slot: int) -> FrameExpectation:
        """`expected` is as a slot tells it when it has loaded the scene."""
        return cls(expected["width"], expected["height"], expected["depth"], expected["colorMode"], device, slot)


def result_of(attempt: Attempt, path: Path, expect: FrameExpectation, seconds: float) -> Union[Result, Fault]:
    """Reads and hashes the file. That Blender said "rendered" proves nothing: only a whole file of this frame does.

    The size that the scene demands is told beside the file's own bytes; the coordinator compares them.
    """
    try:
        png = check_png(path)
    except FileNotFoundError:
        return Fault("NO_OUTPUT", f"Blender rendered frame {attempt.frame} and wrote no file")
    except OSError as error:
        return Fault("READ_FAILED", f"The file of frame {attempt.frame} cannot be read on the node: {error.strerror}")
    except PngError as error:
        return Fault("NO_OUTPUT", f"The file of frame {attempt.frame} is not whole: {error}")
    if png.frame != attempt.frame:
        return Fault("NO_OUTPUT", f"The file of frame {attempt.frame} says that it is frame {png.frame}")
    message = {
        **attempt.to_message(),
        "slot": expect.slot,
        "sha256": png.sha256,
        "sizeBytes": png.size_bytes,
        "width": expect.width,
        "height": expect.height,
        "depth": expect.depth,
        "colorMode": expect.color_mode,
        "seconds": round(seconds, 3),
        "device": expect.device,
    }
    return Result(attempt, path, message)
