"""Finds what a scene can be heard by, and mixes it down. Only data is read for the first: no file is opened."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Iterator, Set

import bpy

from .faults import SlotFault
from .files.visibility import strips_of

RATE = 48000
"""Samples per second of a mix."""

_STREAM_INFO_BYTES = 42
"""A FLAC file begins with `fLaC`, 4 bytes about its first block, and that block, STREAMINFO: its last 16 bytes are the MD5 of
the samples (RFC 9639, section 8.2). An encoder that has not finished leaves them 0.
"""

_LOOK_EVERY_S = 0.05


def audible(scene: Any) -> Set[Any]:
    """The sounds that can be heard in this scene: those of strips and speakers that are not muted."""
    return set(_heard_in(scene, set()))


def _heard_in(scene: Any, seen: Set[Any]) -> Iterator[Any]:
    if scene in seen:
        return
    seen.add(scene)
    editor = scene.sequence_editor
    if editor is not None:
        muted = {number for number, channel in enumerate(getattr(editor, "channels", ())) if channel.mute}
        yield from _heard_in_strips(editor, muted, seen)
    for thing in scene.objects:
        if thing.type == "SPEAKER" and thing.data.sound is not None and not thing.data.muted:
            yield thing.data.sound


def _heard_in_strips(holder: Any, muted: Set[int], seen: Set[Any]) -> Iterator[Any]:
    for strip in strips_of(holder):
        if strip.mute or strip.channel in muted:
            continue
        if strip.type == "SOUND" and strip.sound is not None:
            yield strip.sound
        elif strip.type == "META":
            inner = {number for number, channel in enumerate(getattr(strip, "channels", ())) if channel.mute}
            yield from _heard_in_strips(strip, inner, seen)
        elif strip.type == "SCENE" and strip.scene is not None and getattr(strip, "scene_input", "CAMERA") == "SEQUENCER":
            yield from _heard_in(strip.scene, seen)


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
    while not _is_whole(path):  # since 5.2, Blender answers before it has begun
        on_wait()
        time.sleep(_LOOK_EVERY_S)


def _is_whole(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        start = file.read(_STREAM_INFO_BYTES)
    return len(start) == _STREAM_INFO_BYTES and start[:4] == b"fLaC" and any(start[-16:])
