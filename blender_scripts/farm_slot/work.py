"""The slot's loop: load once, then render frame by frame until told to quit."""

from __future__ import annotations

import time
import traceback
from typing import Any, Dict, List, Optional

import bpy
from bpy.app.handlers import persistent

from . import addons, engines, evaluated, reuse, scene_info, settings, sound
from .channel import Channel
from .devices import choose_device
from .faults import SlotFault
from .loading import Opened, Warning_, blocked_by_blender, open_blendfile, pick_scene, scripts_blocked
from .output import overrides
from .output.frame_writer import FrameWriter
from .simulations import baking
from .simulations.unbaked import MAX_SIMULATIONS

STEPS_INTERVAL_S = 1.0

COMMANDS = ("load", "render", "sample", "digest", "bake", "mix")
"""Methods of `Work` that a supervisor may ask for, besides "quit"."""


class Work:
    """The state of a slot: the loaded scene's name (a reference to the scene would become invalid), and its progress."""

    def __init__(self, channel: Channel, way: Optional[reuse.Reuse] = None) -> None:
        """`way`: how to use this process; None to decide by the scene."""
        self._channel = channel
        self._way = way
        self._command = {}  # type: Dict[str, Any]
        self._scene = ""
        self._saved_at = 0  # the frame at which the file was saved
        self._device = ""
        self._is_new = True
        self._played = None  # type: Optional[int]
        self._playing_s = 0.0  # since the file was opened
        self._told_of_scripts = False
        self._folders = {}  # type: Dict[str, str]
        self._writer = None  # type: Optional[FrameWriter]
        self._overriding = []  # type: List[Warning_]
        self._frame = 0
        self._steps = 0
        self._reported_at = 0.0

    def load(self, command: Dict[str, Any]) -> None:
        self._command = command
        enabled = command.get("addons") or ()
        addons.enable(enabled)
        opened = self._open()
        warnings, outside, simulations = opened.warnings, opened.outside, opened.simulations
        active = bpy.context.scene.name
        scene = self._pick()
        engines.require(scene)
        warnings += self._overriding
        self._saved_at = scene.frame_current
        stock = scene_info.stock_of(outside, command["project"])
        # Before the output is set up, because it describes the file, with the job's overrides.
        info = scene_info.describe(scene, active, outside, command["project"], stock)
        self._way = self._way or reuse.decide(scene, simulations, command["simulations"] == "play", enabled)
        fallback = self._prepare(scene)
        if fallback:
            warnings.append({"code": "CPU_FALLBACK", "message": fallback})
        info.update(device=self._device, reuse=self._way.to_message())
        info["simulations"] = [each.to_message() for each in simulations[:MAX_SIMULATIONS]]
        assert self._writer is not None
        info["pictures"] = self._writer.describe(scene)
        warnings += self._writer.form.warnings
        told = {"scene": info, "stock": stock, "expected": self._writer.expected, "warnings": warnings}
        self._channel.send({"event": "loaded", **told})
        self._report_scripts()

    def _open(self, kept: Optional[str] = None) -> Opened:
        command = self._command
        given = command["outputs"], command["moved"], command["scene"]
        opened = open_blendfile(command["blend"], command["scripts"], *given, kept)
        self._told_of_scripts = bool(blocked_by_blender())
        self._is_new, self._played, self._playing_s = True, None, 0.0
        self._folders = opened.folders
        return opened

    def _pick(self) -> Any:
        """The scene to render, in the file that was just opened, as the job wants it."""
        scene = pick_scene(self._command["scene"])
        wanted = self._command.get("pictures") or {"formats": ()}
        self._overriding = overrides.apply(scene, self._command.get("overrides") or {}, wanted["formats"])
        return scene

    def _prepare(self, scene: Any) -> str:
        """Returns why the device is not what the scene asks for, if so."""
        assert self._way is not None
        self._scene = scene.name
        self._writer = FrameWriter(scene, self._command, self._folders, self._way.way == reuse.PERSISTENT)
        self._device, fallback = choose_device(scene)
        return fallback

    def render(self, command: Dict[str, Any]) -> None:
        self._frame, self._steps, self._reported_at = command["frame"], 0, time.monotonic()
        started = time.monotonic()
        assert self._way is not None and self._writer is not None
        is_passed = self._played is not None and command["frame"] <= self._played
        if is_passed or (self._way.way == reuse.REOPENED and not self._is_new):
            self._open()
            self._prepare(self._pick())
        self._is_new = False
        scene = bpy.data.scenes[self._scene]
        play_s = 0.0
        is_played = self._way.way == reuse.SEQUENTIAL
        if is_played:
            play_s = self._play(scene, command["frame"])
        pictures = self._writer.write(scene, command["frame"], command["path"], is_played, command.get("pictures"))
        self._report_scripts()
        told = {"seconds": time.monotonic() - started, "playSeconds": play_s, "allPlaySeconds": self._playing_s}
        self._channel.send({"event": "rendered", "frame": command["frame"], "pictures": pictures, **told})

    def sample(self, command: Dict[str, Any]) -> None:
        """Renders a small picture of the scene, of the frame at which it was saved: files of other frames may come later."""
        scene = bpy.data.scenes[self._scene]
        assert self._way is not None and self._writer is not None
        self._is_new = False
        is_played = self._way.way == reuse.SEQUENTIAL  # which would take long, and needs all files at once
        frame = scene.frame_start if is_played else self._saved_at
        with settings.small(scene):
            if is_played:
                self._play(scene, frame)
            self._writer.write(scene, frame, command["path"], is_played)
        self._channel.send({"event": "rendered", "frame": frame, "seconds": 0})

    def bake(self, command: Dict[str, Any]) -> None:
        """Opens the file instead of `load`, which prepares a render, and saves a copy in which simulations are baked. Tells
        the first and last frame of the scene.
        """
        self._command = command
        addons.enable(command.get("addons") or ())
        frames = baking.bake(self._open, lambda: pick_scene(command["scene"]), command["path"], self._on_baking)
        self._channel.send({"event": "baked", "frames": frames})

    def mix(self, command: Dict[str, Any]) -> None:
        """Mixes the sound of some frames down."""
        scene = bpy.data.scenes[self._scene]
        sound.mix(scene, command["first"], command["last"], command["path"], self.on_stats)
        self._channel.send({"event": "mixed"})

    def _on_baking(self, share: float) -> None:
        now = time.monotonic()
        if now - self._reported_at >= STEPS_INTERVAL_S:
            self._reported_at = now
            self._channel.send({"event": "baking", "share": share})

    def digest(self, command: Dict[str, Any]) -> None:
        """Tells what the scene is like at some frames: played up to each, in order, or jumped to."""
        scene = bpy.data.scenes[self._scene]
        found = {}
        for frame in command["frames"]:
            if command["play"]:
                self._play(scene, frame)
            else:
                scene.frame_set(frame)
            found[str(frame)] = evaluated.digests(scene)
        self._channel.send({"event": "digested", "digests": found})

    def _play(self, scene: Any, frame: int) -> float:
        """Returns how long it took. Goes through all frames up to this one, as a user does who plays the scene: simulations need each of them."""
        started = time.monotonic()
        first = min(scene.frame_start, frame) if self._played is None else self._played + 1
        for each in range(first, frame + 1):
            scene.frame_set(each)
            self.on_stats()
        self._played = frame
        play_s = time.monotonic() - started
        self._playing_s += play_s
        return play_s

    def _report_scripts(self) -> None:
        """Blender refuses a driver only when it is evaluated, which may be in any frame or in another scene."""
        blocked = blocked_by_blender()
        if blocked and not self._told_of_scripts:
            self._told_of_scripts = True
            self._channel.send({"event": "warning", **scripts_blocked(blocked)})

    def on_stats(self, *_: Any) -> None:
        """Blender calls this at every step of a render; it reports to the supervisor once per second."""
        self._steps += 1
        now = time.monotonic()
        if now - self._reported_at >= STEPS_INTERVAL_S:
            self._reported_at = now
            self._channel.send({"event": "steps", "frame": self._frame, "steps": self._steps})


def serve(channel: Channel) -> None:
    """Returns when the supervisor sends quit, and after any error, because Blender may then render blank pictures."""
    work = Work(channel)

    @persistent
    def stats(*arguments: Any) -> None:
        work.on_stats(*arguments)

    bpy.app.handlers.render_stats.append(stats)
    while True:
        command = channel.next_command()
        if command["do"] == "quit":
            return
        action = {name: getattr(work, name) for name in COMMANDS}[command["do"]]
        try:
            action(command)
        except Exception as error:  # the supervisor classifies it
            traceback.print_exc()
            code, hint = (error.code, error.hint) if isinstance(error, SlotFault) else (None, "")
            message = str(error).strip() or type(error).__name__
            channel.send({"event": command["do"] + "-failed", "code": code, "message": message, "hint": hint})
            return
