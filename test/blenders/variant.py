"""Builds a variant of the keyframed scene: blender … -P variant.py -- RECIPE TARGET.blend FRAMES SAMPLES ENGINE OUTPUT [denoised]

RECIPE is the path of keyframed.py, ENGINE is cycles or eevee, OUTPUT is png or mp4; Cycles denoises if told so. Works on Blender 2.83 to 5.x.
"""

import runpy
import sys

import bpy

recipe, target, frames, samples, engine, output, *more = sys.argv[sys.argv.index("--") + 1 :]

sys.argv = [recipe, "--", target, frames, samples]
runpy.run_path(recipe)

scene = bpy.context.scene
if engine == "eevee":
    # Named BLENDER_EEVEE up to 4.1 and since 5.0, BLENDER_EEVEE_NEXT in between.
    scene.render.engine = "BLENDER_EEVEE_NEXT" if (4, 2) <= bpy.app.version < (5, 0) else "BLENDER_EEVEE"
    scene.eevee.taa_render_samples = int(samples)
if "denoised" in more:
    # Each view layer's own up to 2.83, the scene's since then.
    place = scene.cycles if hasattr(scene.cycles, "use_denoising") else scene.view_layers[0].cycles
    place.use_denoising = True
if output == "mp4":
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "MPEG4"
    scene.render.ffmpeg.codec = "H264"

bpy.ops.wm.save_as_mainfile(filepath=target)
