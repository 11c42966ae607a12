"""Builds a small CYCLES scene that crashes Blender: blender -b --factory-startup -P deadly.py -- TARGET.blend FRAMES DEADLY

FRAMES is the number of frames. DEADLY lists those at which a script in the file ends the process with SIGSEGV, for example
"1,2", or is "load". The script only runs if scripts are allowed.
"""

import sys

import bpy

target, frames, deadly = sys.argv[sys.argv.index("--") + 1 :]

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = 4
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
scene.render.resolution_x = 64
scene.render.resolution_y = 36
scene.render.resolution_percentage = 100
scene.render.image_settings.color_mode = "RGB"
scene.frame_start = 1
scene.frame_end = int(frames)

cube = bpy.data.objects["Cube"]
for frame, turn in ((1, 0.0), (int(frames), 3.0)):
    cube.rotation_euler = (0.0, 0.0, turn)
    cube.keyframe_insert("rotation_euler", frame=frame)

END = "os.kill(os.getpid(), signal.SIGSEGV)"
AT_FRAMES = """
from bpy.app.handlers import persistent

@persistent
def end(scene, *_):
    if scene.frame_current in {%s}:
        os.kill(os.getpid(), signal.SIGSEGV)

bpy.app.handlers.frame_change_post.append(end)
"""
text = bpy.data.texts.new("deadly.py")
text.write("import bpy, os, signal\n" + (END if deadly == "load" else AT_FRAMES % deadly))
text.use_module = True

bpy.ops.wm.save_as_mainfile(filepath=target)
