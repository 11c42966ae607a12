"""Renders small pictures with all settings that may change a PNG's metadata: blender … -P chunks.py -- FOLDER

All are frame 1, and contain its number. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

folder = sys.argv[-1]
scene = bpy.context.scene
render, image = scene.render, scene.render.image_settings
render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
render.resolution_x, render.resolution_y, render.resolution_percentage = 32, 24, 100
if hasattr(image, "media_type"):
    image.media_type = "IMAGE"
image.file_format = "PNG"
image.color_mode, image.color_depth = "RGB", "8"
shots = []


def shoot(name):
    render.filepath = os.path.join(folder, "%03d-%s.png" % (len(shots), name))
    shots.append(render.filepath)
    bpy.ops.render.render(write_still=True)


def choices(owner, name):
    """The items of an enumeration that depends on other settings: only the error names them."""
    try:
        setattr(owner, name, "no such thing")
    except TypeError as error:
        return [word for word in str(error).split("not found in")[-1].split("'")[1::2]]
    return []


for option in dir(render):
    if option.startswith("use_stamp_"):
        setattr(render, option, True)
scene.timeline_markers.new("Märker 日本", frame=1)
scene.camera.name = "Kämera 日本"
for note in ("short", "x" * 5_000, "é日本" * 100, "lines\nand \x01 controls"):
    render.stamp_note_text = note
    shoot("note")
for mode in ("BW", "RGB", "RGBA"):
    for depth in ("8", "16"):
        image.color_mode, image.color_depth = mode, depth
        shoot("form")
image.color_mode, image.color_depth = "RGB", "8"
render.pixel_aspect_x = 2
shoot("aspect")
render.pixel_aspect_x = 1

for index in range(8):
    scene.view_layers.new("läyer %d" % index)
layer = scene.view_layers[0]
if hasattr(layer, "use_pass_cryptomatte_object"):
    layer.use_pass_cryptomatte_object = True
shoot("layers")

# Before 5.0 the file contains none of it, and unusual displays crash 3.4 and 4.3.
displays = choices(scene.display_settings, "display_device") if bpy.app.version >= (5, 0) else []
for display in displays:
    scene.display_settings.display_device = display
    for view in choices(scene.view_settings, "view_transform"):
        scene.view_settings.view_transform = view
        shoot("view")
