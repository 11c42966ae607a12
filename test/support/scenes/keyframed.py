"""Builds a small keyframed CYCLES scene: blender -b --factory-startup -P keyframed.py -- TARGET.blend FRAMES SAMPLES

No frame depends on another, so they may be rendered in any order. Its rate is 24000/1001, which the file's decimal can only
approximate.
"""

import sys

import bpy

target, frames, samples = sys.argv[sys.argv.index("--") + 1 :]

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = int(samples)
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
scene.cycles.use_adaptive_sampling = False
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
material = bpy.data.materials.new("Orange")
material.use_nodes = True
material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.9, 0.35, 0.05, 1.0)
cube.data.materials.clear()
cube.data.materials.append(material)
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1))

for frame, turn, height in ((1, 0.0, 0.0), (int(frames), 3.0, 1.0)):
    cube.rotation_euler = (0.0, turn / 3, turn)
    cube.location.z = height
    cube.keyframe_insert("rotation_euler", frame=frame)
    cube.keyframe_insert("location", frame=frame)

bpy.ops.wm.save_as_mainfile(filepath=target)
