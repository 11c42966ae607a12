"""Finds what a scene can be heard by, and mixes it down. Only data is read for the first: no file is opened."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Iterator, Optional, Set

import bpy

from .faults import SlotFault
from .files.visibility import strips_of, unmutes_strips
from .simulations.unbaked import Uses, used_by

RATE = 48000
"""Samples per second of a mix."""

_STREAM_INFO_BYTES = 42
"""A FLAC file begins with `fLaC`, 4 bytes about its first block, and that block, STREAMINFO: its last 16 bytes are the MD5 of
the samples (RFC 9639, section 8.2). An encoder that has not finished leaves them 0.
"""

_LOOK_EVERY_S = 0.05

STILL_S = 30
"""After this time without a change of its file, a mix has failed. Blender goes through hours of silence, of which it writes
little, in less.
"""


def audible(scene: Any, uses: Optional[Uses] = None) -> Set[Any]:
    """The sounds that can be heard in this scene: those of its sequencer, and of the speakers in all data that it uses, as a
    background or an instance, or in a scene whose strip is muted. `uses`: see `used_by`.
    """
    speakers = {each for each in bpy.data.speakers if each.sound is not None and not each.muted}
    if speakers:  # what a scene uses takes long to find
        speakers &= used_by(scene, uses)
    return {*_heard_in_sequencer(scene, set()), *(each.sound for each in speakers)}


def _heard_in_sequencer(scene: Any, seen: Set[Any]) -> Iterator[Any]:
    if scene not in seen and scene.sequence_editor is not None:
        seen.add(scene)
        yield from _heard_in_strips(scene.sequence_editor, unmutes_strips(scene), seen)


def _heard_in_strips(holder: Any, are_unmuted: bool, seen: Set[Any]) -> Iterator[Any]:
    muted = {number for number, channel in enumerate(getattr(holder, "channels", ())) if channel.mute}
    for strip in strips_of(holder):
        if strip.channel in muted or (strip.mute and not are_unmuted):
            continue
        if strip.type == "SOUND" and strip.sound is not None:
            yield strip.sound
        elif strip.type == "META":
            yield from _heard_in_strips(strip, are_unmuted, seen)
        elif strip.type == "SCENE" and strip.scene is not None and getattr(strip, "scene_input", "CAMERA") == "SEQUENCER":
            yield from _heard_in_sequencer(strip.scene, seen)


def mix(scene: Any, first: int, last: int, path: str, on_wait: Callable[[], None]) -> None:
    """Writes what is heard from the frame `first` to the end of the frame `last` to a FLAC file. The scene is the window's.
    `on_wait` is called now and then. Raises SlotFault if Blender does not write it.
    """
    scene.frame_start, scene.frame_end = first, last
    if (scene.frame_start, scene.frame_end) != (first, last):
        raise SlotFault("UNSUPPORTED", "Blender mixes no sound of frames below 0")
    scene.frame_step = 1
    scene.frame_set(first)
    scene.render.ffmpeg.audio_mixrate = RATE
    scene.render.ffmpeg.audio_channels = "STEREO"
    options = {"filepath": path, "container": "FLAC", "codec": "FLAC", "format": "S16"}
    known = bpy.ops.sound.mixdown.get_rna_type().properties
    if "mixrate" in known:  # since 4.0; before, the scene's settings count
        options.update(mixrate=RATE, channels="STEREO")
    try:
        answer = bpy.ops.sound.mixdown(**options)
    except RuntimeError as error:
        raise SlotFault("UNSUPPORTED", str(error).strip()) from error
    if "FINISHED" not in answer and "RUNNING_MODAL" not in answer:
        raise SlotFault("UNSUPPORTED", "Blender did not mix the sound down")
    _wait_until_whole(path, on_wait)


def _wait_until_whole(path: str, on_wait: Callable[[], None]) -> None:
    """Since 5.2, Blender answers before it has begun, and says nothing if it fails."""
    size, grown_at = -1, time.monotonic()
    while not _is_whole(path):
        now = os.path.getsize(path) if os.path.isfile(path) else -1
        if now != size:
            size, grown_at = now, time.monotonic()
        elif time.monotonic() - grown_at > STILL_S:
            raise SlotFault("UNSUPPORTED", "Blender has written none of the sound for %d s" % STILL_S)
        on_wait()
        time.sleep(_LOOK_EVERY_S)


def _is_whole(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        start = file.read(_STREAM_INFO_BYTES)
    return len(start) == _STREAM_INFO_BYTES and start[:4] == b"fLaC" and any(start[-16:])
