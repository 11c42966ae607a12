"""Saves a scene that its own script changes: blender -b --factory-startup -P scripted.py -- TARGET.blend

The picture is red; the text in the file, which Blender runs if scripts may run, makes it green.
"""

import sys

import bpy

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 32, 18
scene.render.resolution_percentage = 100
scene.render.dither_intensity = 0.0
scene.render.image_settings.color_mode = "RGB"
scene.view_settings.view_transform = "Standard"
scene.frame_end = 1
scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
scene.collection.objects.link(scene.camera)
scene.world = bpy.data.worlds.new("World")
scene.world.color = (1.0, 0.0, 0.0)

text = bpy.data.texts.new("recolor.py")
text.write("import bpy\nbpy.data.worlds['World'].color = (0.0, 1.0, 0.0)\n")
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[sys.argv.index("--") + 1])
