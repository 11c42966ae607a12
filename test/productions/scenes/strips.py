"""Builds a scene whose sequencer shows numbered pictures in many ways: blender … -P strips.py -- FOLDER/shot.blend

Every picture is another one. It was saved at frame 8 of 12. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(__file__))
from numbered import picture

blend = sys.argv[sys.argv.index("--") + 1]
folder = os.path.dirname(blend)


def strip_of(name, count, channel, first):
    names = ["s_%04d.png" % number for number in range(1, count + 1)]
    for each in names:
        picture(os.path.join(folder, name, each), 60)
    strip = strips.new_image(name, os.path.join(folder, name, names[0]), channel, first)
    for each in names[1:]:
        strip.elements.append(each)
    strip.directory = "//%s/" % name
    return strip


bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
bpy.ops.wm.save_as_mainfile(filepath=blend)  # relative paths need a folder
editor = scene.sequence_editor_create()
strips = editor.strips if hasattr(editor, "strips") else editor.sequences

strip_of("plain", 12, 1, 1)
late = strip_of("late", 6, 2, 4)
late.blend_type, late.blend_alpha = "ALPHA_OVER", 0.5
backwards = strip_of("backwards", 12, 3, 1)
backwards.use_reverse_frames = True
backwards.blend_type, backwards.blend_alpha = "ALPHA_OVER", 0.4
slow = strip_of("slow", 12, 4, 1)
slow.strobe = 3
slow.blend_type, slow.blend_alpha = "ALPHA_OVER", 0.3
trimmed = strip_of("trimmed", 12, 5, -3)
trimmed.animation_offset_start = 4
trimmed.blend_type, trimmed.blend_alpha = "ALPHA_OVER", 0.2
single = strip_of("single", 1, 6, 2)
single.frame_final_end = 6
single.blend_type, single.blend_alpha = "ALPHA_OVER", 0.2

bpy.ops.object.camera_add()
scene.camera = bpy.context.object
scene.render.use_sequencer = True
scene.render.resolution_x = scene.render.resolution_y = 60
scene.render.fps = 24
if hasattr(scene.render.image_settings, "media_type"):
    scene.render.image_settings.media_type = "IMAGE"
scene.render.image_settings.file_format = "PNG"
scene.frame_start, scene.frame_end = 1, 12
scene.frame_set(8)
bpy.ops.wm.save_as_mainfile(filepath=blend)
