"""Builds a small CYCLES scene that denoises: blender -b --factory-startup -P denoised.py -- TARGET.blend FRAMES WHICH

FRAMES is the number of frames; WHICH lists those that are denoised, for example "2,5", or is "all".
"""

import sys

import bpy

target, frames, which = sys.argv[sys.argv.index("--") + 1 :]

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = 4
scene.render.resolution_x = 96
scene.render.resolution_y = 54
scene.render.resolution_percentage = 100
scene.render.fps = 24
scene.render.fps_base = 1.001
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_mode = "RGB"
scene.frame_start = 1
scene.frame_end = int(frames)

cube = bpy.data.objects["Cube"]
for frame, turn in ((1, 0.0), (int(frames), 3.0)):
    cube.rotation_euler = (0.0, 0.0, turn)
    cube.keyframe_insert("rotation_euler", frame=frame)

# A property of each view layer up to 2.83, and of the scene since then.
place = scene.cycles if hasattr(scene.cycles, "use_denoising") else scene.view_layers[0].cycles
for frame in range(1, int(frames) + 1):
    place.use_denoising = which == "all" or str(frame) in which.split(",")
    if which != "all":
        place.keyframe_insert("use_denoising", frame=frame)

bpy.ops.wm.save_as_mainfile(filepath=target)
