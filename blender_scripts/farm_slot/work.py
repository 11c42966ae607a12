"""The slot's loop: load once, then render frame by frame until told to quit."""

from __future__ import annotations

import shutil
import time
import traceback
from typing import Any, Dict

import bpy
from bpy.app.handlers import persistent

from . import scene_info, settings
from .channel import Channel
from .devices import choose_device
from .faults import SlotFault
from .loading import blocked_by_blender, open_blendfile, pick_scene, scripts_blocked

STEPS_INTERVAL_S = 1.0


class Work:
    """The state of a slot: the loaded scene's name (a reference to the scene would become invalid), and its progress."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._scene = ""
        self._outputs = ""
        self._told_of_scripts = False
        self._needs_frame_text = False
        self._frame = 0
        self._steps = 0
        self._reported_at = 0.0

    def load(self, command: Dict[str, Any]) -> None:
        self._outputs = command["outputs"]
        warnings, outside = open_blendfile(command["blend"], command["scripts"], self._outputs, command["moved"])
        self._told_of_scripts = bool(blocked_by_blender())
        active = bpy.context.scene.name
        scene = pick_scene(command["scene"])
        self._scene = scene.name
        stock = scene_info.stock_of(outside, command["project"])
        # Before the settings are changed, because it describes the file.
        info = scene_info.describe(scene, active, outside, command["project"], stock)
        self._needs_frame_text = settings.prepare(scene, command["colorMode"])
        device, fallback = choose_device(scene)
        if fallback:
            warnings.append({"code": "CPU_FALLBACK", "message": fallback})
        info["device"] = device
        expected = settings.expected_output(scene)
        told = {"scene": info, "stock": stock, "expected": expected, "warnings": warnings}
        self._channel.send({"event": "loaded", **told})
        self._report_scripts()

    def render(self, command: Dict[str, Any]) -> None:
        scene = bpy.data.scenes[self._scene]
        self._frame, self._steps, self._reported_at = command["frame"], 0, time.monotonic()
        started = time.monotonic()
        scene.render.filepath = command["path"]
        scene.frame_set(command["frame"])  # also switches to a marker's camera, as `-a` does
        result = bpy.ops.render.render(write_still=True, scene=scene.name)
        if "FINISHED" not in result:
            raise SlotFault("RENDER_FAILED", "Blender cancelled the render")
        if self._needs_frame_text:
            settings.write_frame_text(command["path"], command["frame"])
        shutil.rmtree(self._outputs, ignore_errors=True)  # nobody needs the files of File Output nodes
        self._report_scripts()
        self._channel.send({"event": "rendered", "frame": command["frame"], "seconds": time.monotonic() - started})

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
        action = {"load": work.load, "render": work.render}[command["do"]]
        try:
            action(command)
        except Exception as error:  # the supervisor classifies it
            traceback.print_exc()
            code = error.code if isinstance(error, SlotFault) else None
            message = str(error).strip() or type(error).__name__
            channel.send({"event": command["do"] + "-failed", "code": code, "message": message})
            return
