"""Checks that the file from a slot is the requested frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..errors import Fault
from .attempts import Attempt, Result
from .png_check import PngError, check_png


@dataclass(frozen=True)
class FrameExpectation:
    """The form that the scene's settings demand of all frames, and the device and slot that render them."""

    width: int
    height: int
    depth: int
    color_mode: str
    device: str
    slot: int

    @classmethod
    def of(cls, expected: dict[str, Any], device: str, slot: int) -> FrameExpectation:
        """`expected` is what a slot reports when it has loaded the scene."""
        return cls(expected["width"], expected["height"], expected["depth"], expected["colorMode"], device, slot)


def result_of(attempt: Attempt, path: Path, expect: FrameExpectation, seconds: float, play_s: float = 0) -> Union[Result, Fault]:
    """Reads and hashes the file. `play_s`: the part of `seconds` in which the scene was played up to the frame.

    A report of "rendered" proves nothing; only a complete file of this frame does.

    The result includes the size that the scene demands; the coordinator compares it with the file.
    """
    try:
        png = check_png(path)
    except FileNotFoundError:
        return Fault("NO_OUTPUT", f"Blender rendered frame {attempt.frame}, but wrote no file")
    except OSError as error:
        return Fault("READ_FAILED", f"The file of frame {attempt.frame} cannot be read on the node: {error.strerror}")
    except PngError as error:
        return Fault("NO_OUTPUT", f"The file of frame {attempt.frame} is not complete: {error}")
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
        **({"playSeconds": round(play_s, 3)} if play_s > 0 else {}),
        "device": expect.device,
    }
    return Result(attempt, path, message)
