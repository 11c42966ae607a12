"""Builds a small CYCLES scene with an image texture: blender -b --factory-startup -P textured.py -- TARGET.blend TEXTURE TILT

TEXTURE is a path and stays outside the blendfile; TILT rotates the plane, in radians, like an artist's edit.
"""

import sys

import bpy

target, texture, tilt = sys.argv[sys.argv.index("--") + 1 :]

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.device = "CPU"
scene.cycles.samples = 16
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
scene.render.resolution_x = 64
scene.render.resolution_y = 36
scene.render.resolution_percentage = 100
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_mode = "RGB"
scene.frame_start = 1
scene.frame_end = 8

bpy.data.objects.remove(bpy.data.objects["Cube"])
bpy.ops.mesh.primitive_plane_add(size=8)
plane = bpy.context.object
material = bpy.data.materials.new("Painted")
material.use_nodes = True
nodes = material.node_tree.nodes
image = nodes.new("ShaderNodeTexImage")
image.image = bpy.data.images.load(texture)
material.node_tree.links.new(image.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
plane.data.materials.append(material)
for frame, turn in ((1, 0.0), (8, 1.5)):
    plane.rotation_euler = (float(tilt), 0.0, turn)
    plane.keyframe_insert("rotation_euler", frame=frame)

bpy.ops.wm.save_as_mainfile(filepath=target, relative_remap=False)
