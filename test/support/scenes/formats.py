"""Renders one small picture in every format that is checked: blender … -P formats.py -- FOLDER [quick]

All are frame 7, of 16×12 pixels, of a scene with two view layers, depth and normals. Each is rendered, and saved again
from the render result. Their names say how: FORMAT-MODE-DEPTH-CODEC-rendered.exr and -saved.exr. With `quick`, there is
only one colour mode of each format. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

folder, quick = sys.argv[sys.argv.index("--") + 1], sys.argv[-1] == "quick"
scene = bpy.context.scene
render, image = scene.render, scene.render.image_settings
render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
render.resolution_x, render.resolution_y, render.resolution_percentage = 16, 12, 100
render.use_stamp_frame = True
for layer in (scene.view_layers[0], scene.view_layers.new("second")):
    layer.use_pass_z = layer.use_pass_normal = True
    if hasattr(layer, "cycles") and hasattr(layer.cycles, "use_denoising"):
        layer.cycles.use_denoising = False
scene.frame_set(7)


def choices(name):
    """The items of an enumeration that depends on other settings: only the error names them."""
    try:
        setattr(image, name, "no such thing")
    except TypeError as error:
        return [word for word in str(error).split("not found in")[-1].split("'")[1::2]]
    return []


def shoot(codec):
    name = "%s-%s-%s-%s" % (image.file_format, image.color_mode, image.color_depth, codec)
    render.filepath = os.path.join(folder, name + "-rendered" + render.file_extension)
    bpy.ops.render.render(write_still=True)
    bpy.data.images["Render Result"].save_render(render.filepath.replace("-rendered", "-saved"), scene=scene)


for file_format in ("PNG", "OPEN_EXR", "OPEN_EXR_MULTILAYER", "JPEG", "TIFF", "WEBP"):
    try:
        if hasattr(image, "media_type"):
            image.media_type = "MULTI_LAYER_IMAGE" if file_format.endswith("MULTILAYER") else "IMAGE"
        image.file_format = file_format
    except TypeError:
        continue  # 2.83 has no WebP
    for mode in choices("color_mode"):
        if file_format == "WEBP" and mode == "BW" or quick and mode != choices("color_mode")[-1]:
            continue  # no version can render WebP without colours
        for depth in choices("color_depth"):
            image.color_mode, image.color_depth = mode, depth
            if file_format.startswith("OPEN_EXR"):
                for image.exr_codec in choices("exr_codec"):
                    if not (depth == "32" and image.exr_codec.startswith("B44")):
                        shoot(image.exr_codec)
            elif file_format == "TIFF":
                for image.tiff_codec in choices("tiff_codec"):
                    shoot(image.tiff_codec)
            elif file_format in ("JPEG", "WEBP"):
                for image.quality in (90, 100):
                    shoot(image.quality)
            else:
                shoot("")
