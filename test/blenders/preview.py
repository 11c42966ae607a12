"""Builds a scene for previews: blender … -P preview.py -- RECIPE TARGET.blend CASE full|preview

RECIPE is the path of keyframed.py. CASE names what the scene does with its samples. With `full`, the scene is as an artist may
have it, with far more than 16 samples; with `preview` it is as the preview of that must look: its settings are plain values.
Works on Blender 2.83 to 5.x. Prints "unsupported" if this Blender has nothing of the kind.
"""

import runpy
import sys

import bpy

recipe, target, case, kind = sys.argv[sys.argv.index("--") + 1 :]

sys.argv = [recipe, "--", target, "8", "400"]
runpy.run_path(recipe)
scene = bpy.context.scene
cycles = scene.cycles
is_full = kind == "full"
if not is_full:
    scene.render.resolution_percentage = 50
    cycles.samples = 16


def key(path):
    for frame, value in ((1, 200), (8, 300)):
        owner, name = path.split(".")
        setattr(getattr(scene, owner), name, value)
        scene.keyframe_insert(path, frame=frame)


def drive(owner, name):
    driver = owner.driver_add(name).driver
    variable = driver.variables.new()
    variable.name = "size"
    variable.targets[0].id_type = "SCENE"
    variable.targets[0].id = scene
    variable.targets[0].data_path = "render.resolution_x"
    driver.type = "SUM"


def supported():
    if case == "keyed":
        if is_full:
            key("cycles.samples")
    elif case == "driven":
        if is_full:
            drive(cycles, "samples")
    elif case == "in a track":
        if is_full:
            key("cycles.samples")
            action = scene.animation_data.action
            scene.animation_data.action = None
            strip = scene.animation_data.nla_tracks.new().strips.new("samples", 1, action)
            if hasattr(strip, "action_slot") and strip.action_slot is None:
                strip.action_slot = action.slots[0]
    elif case == "of a view layer":
        scene.view_layers[0].samples = 200 if is_full else 0
        cycles.use_layer_samples = "USE"
    elif case == "squared":
        if not hasattr(cycles, "use_square_samples"):
            return False
        cycles.use_square_samples = is_full
        if is_full:
            cycles.samples = 15  # that is 225
    elif case == "branched":
        if not hasattr(cycles, "progressive"):
            return False
        cycles.progressive = "BRANCHED_PATH" if is_full else "PATH"
    elif case == "of another scene":
        # The sequencer shows another scene, with samples of its own.
        other = bpy.data.scenes.new("Other")
        other.render.engine = "CYCLES"
        other.render.resolution_x, other.render.resolution_y = 96, 54
        for name in ("use_denoising", "use_adaptive_sampling"):
            if hasattr(other.cycles, name):
                setattr(other.cycles, name, False)
        other.cycles.samples = 400 if is_full else 16
        other.collection.children.link(scene.collection.children[0])
        for thing in scene.collection.objects:
            other.collection.objects.link(thing)
        other.camera, other.world = scene.camera, scene.world
        editor = scene.sequence_editor_create()
        strips = editor.strips if hasattr(editor, "strips") else editor.sequences
        strips.new_scene(name="Other", scene=other, channel=1, frame_start=1)
        scene.render.use_sequencer = True
    elif case == "of EEVEE":
        # Named BLENDER_EEVEE up to 4.1 and since 5.0, BLENDER_EEVEE_NEXT in between.
        scene.render.engine = "BLENDER_EEVEE_NEXT" if (4, 2) <= bpy.app.version < (5, 0) else "BLENDER_EEVEE"
        scene.render.resolution_x, scene.render.resolution_y = 48, 28
        scene.frame_end = 4
        scene.eevee.taa_render_samples = 16
        if is_full:
            try:
                drive(scene.eevee, "taa_render_samples")
            except TypeError:
                assert bpy.app.version < (4, 3)  # nothing can animate it before 4.x
                scene.eevee.taa_render_samples = 48
    return True


if not supported():
    print("unsupported")
bpy.ops.wm.save_as_mainfile(filepath=target)
