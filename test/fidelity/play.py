"""Renders frames of the opened scene while it is played from its start: blender -b BLEND -P play.py -- FOLDER FRAME..."""

import os
import sys

import bpy

folder, *frames = sys.argv[sys.argv.index("--") + 1 :]
scene = bpy.context.scene
wanted = set(map(int, frames))
for thing in scene.objects:
    for modifier in thing.modifiers:
        if modifier.type == "FLUID" and modifier.domain_settings is not None:
            modifier.domain_settings.cache_directory = os.path.join(folder, "fluid")  # so that nobody else finds it
for frame in range(scene.frame_start, max(wanted) + 1):
    scene.frame_set(frame)
    if frame in wanted:
        scene.render.filepath = os.path.join(folder, "%04d.png" % frame)
        bpy.ops.render.render(write_still=True)
