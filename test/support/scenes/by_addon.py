"""Scenes whose engine is that of an add-on: blender -b --factory-startup -P by_addon.py -- FOLDER

The engine is registered only here. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy


class Engine(bpy.types.RenderEngine):
    bl_idname = "FLAT_ENGINE"
    bl_label = "Flat"


bpy.utils.register_class(Engine)
folder = sys.argv[sys.argv.index("--") + 1]
scene = bpy.context.scene
own_engine = scene.render.engine
scene.render.resolution_x, scene.render.resolution_y = 32, 18
scene.render.resolution_percentage = 100
scene.render.image_settings.color_mode = "RGB"
scene.view_settings.view_transform = "Standard"
scene.frame_end = 3


def save(name):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, name + ".blend"))


scene.render.engine = "FLAT_ENGINE"
save("main")

# The scene's own engine is Blender's, and another scene is not used by it.
scene.render.engine = own_engine
save("eevee")
flat = bpy.data.scenes.new("Flat")
flat.render.engine = "FLAT_ENGINE"
flat.camera = scene.camera
flat.collection.objects.link(scene.camera)
scene.render.engine = "CYCLES"
save("beside")

# Strips show the other scene, or a color only, whatever the engine of the scene with the sequencer is.
editor = scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences
shown = strips.new_scene(name="Flat", scene=flat, channel=1, frame_start=1)
save("strip")
strips.remove(shown)
length = {"length": 3} if bpy.app.version >= (5, 0) else {"frame_end": 4}
strips.new_effect(name="Color", type="COLOR", channel=1, frame_start=1, **length)
bpy.data.scenes.remove(flat)
scene.render.engine = "FLAT_ENGINE"
save("sequencer")

# The compositor reads the other scene.
scene.sequence_editor_clear()
scene.render.engine = "CYCLES"
other = bpy.data.scenes.new("Flat")
other.render.engine = "FLAT_ENGINE"
other.camera = scene.camera
scene.use_nodes = True
tree = scene.node_tree if hasattr(scene, "node_tree") else None
if tree is not None:  # since 5.0 it is a group
    tree.nodes["Render Layers"].scene = other
    save("node")
