"""Adds a cloth that is not baked to a blendfile and saves it: blender -b --factory-startup -P clothed.py -- FILE.blend"""

import sys

import bpy

(blendfile,) = sys.argv[sys.argv.index("--") + 1 :]

bpy.ops.wm.open_mainfile(filepath=blendfile)
bpy.ops.mesh.primitive_grid_add(x_subdivisions=12, y_subdivisions=12, size=4, location=(0, 0, 3))
sheet = bpy.context.object
sheet.modifiers.new("Cloth", "CLOTH").point_cache.frame_end = bpy.context.scene.frame_end

bpy.ops.wm.save_mainfile()
