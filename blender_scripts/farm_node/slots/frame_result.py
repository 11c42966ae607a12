"""Checks that the file from a slot is the requested frame, and reads the pictures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..errors import Fault
from ..files.digest import size_and_digest
from ..wire.pictures import MAX_PICTURES
from ..wire.protocol import MAX_FRAME_BYTES, MAX_PATH
from .attempts import Attempt, Result, pictures_folder
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


def result_of(attempt: Attempt, path: Path, expect: FrameExpectation, event: dict[str, Any]) -> Union[Result, Fault]:
    """Reads and hashes the file, and the pictures beside it. `event` is what the slot says about them.

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
    pictures = event.get("pictures")
    try:
        files, told = _pictures_of(pictures_folder(path), pictures or [])
    except (OSError, ValueError) as error:
        return Fault("NO_OUTPUT", f"The pictures of frame {attempt.frame} cannot be used: {error}")
    play_s = float(event.get("playSeconds", 0))
    message = {
        **attempt.to_message(),
        "slot": expect.slot,
        "sha256": png.sha256,
        "sizeBytes": png.size_bytes,
        "width": expect.width,
        "height": expect.height,
        "depth": expect.depth,
        "colorMode": expect.color_mode,
        "seconds": round(float(event["seconds"]), 3),
        **({"playSeconds": round(play_s, 3)} if play_s > 0 else {}),
        "device": expect.device,
        **({"pictures": told} if pictures is not None else {}),
    }
    return Result(attempt, path, message, files)


def _pictures_of(folder: Path, told: list[dict[str, Any]]) -> tuple[tuple[Path, ...], list[dict[str, Any]]]:
    """Reads and hashes them. `told` is what the slot has moved into the folder. Returns the paths, and their form in the
    protocol. Raises ValueError if there are too many or one is empty or too large, and OSError.
    """
    if len(told) > MAX_PICTURES:
        raise ValueError(f"there are {len(told)}, and a frame can have {MAX_PICTURES}")
    paths = []
    messages = []
    for each in told:
        path = folder / Path(str(each["file"])).name
        name = str(each["name"])
        size, sha256 = size_and_digest(path)
        if size == 0 or size > MAX_FRAME_BYTES:
            raise ValueError(f"{name or path.name} has {size} bytes")
        if len(name) > MAX_PATH:
            raise ValueError(f"the name of a picture has {len(name)} characters")
        paths.append(path)
        messages.append({"kind": each["kind"], "view": each["view"], "name": name, "sizeBytes": size, "sha256": sha256})
    return tuple(paths), messages
