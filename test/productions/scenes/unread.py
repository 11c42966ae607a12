"""Builds a scene that a Blender without Alembic and OSL cannot show: blender … -P unread.py -- FOLDER/shot.blend

The Alembic file is empty, which no Blender here notices. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

(blend,) = sys.argv[sys.argv.index("--") + 1 :]
assert not bpy.app.build_options.alembic and not bpy.app.build_options.cycles_osl
cache = os.path.join(os.path.dirname(blend), "duck.abc")
open(cache, "wb").write(b"Ogawa")

scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.shading_system = 1, False, True
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
bpy.ops.cachefile.open(filepath=cache)
bpy.data.cache_files[0].filepath = "//duck.abc"
thing = bpy.data.objects["Cube"]
thing.modifiers.new("played", "MESH_SEQUENCE_CACHE").cache_file = bpy.data.cache_files[0]
thing.data.materials[0].use_nodes = True
shader = thing.data.materials[0].node_tree.nodes.new("ShaderNodeScript")
shader.name, shader.script = "Toon", bpy.data.texts.new("toon.osl")
bpy.ops.wm.save_as_mainfile(filepath=blend, relative_remap=False)
