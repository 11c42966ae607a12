"""Cameras, and settings of the render."""

import bpy

from .base import ALTERNATING, FRAMES, VERSION, add, background, cube, feature, key, material, need, turn
from .objects import shape_key


@feature
def lens(scene, thing):
    key(scene.camera.data, "lens", {1: 30.0, FRAMES: 80.0})


@feature
def depth_of_field(scene, thing):
    scene.cycles.samples = 4
    scene.camera.data.dof.use_dof = True
    scene.camera.data.dof.aperture_fstop = 0.5
    key(scene.camera.data.dof, "focus_distance", {1: 3.0, FRAMES: 14.0})


@feature
def focus_on_object(scene, thing):
    scene.cycles.samples = 4
    scene.camera.data.dof.use_dof = True
    scene.camera.data.dof.focus_object = thing
    key(thing, "location", {1: (0, -6, 3), FRAMES: (0, 6, 3)})


@feature
def camera_type(scene, thing):
    key(scene.camera.data, "type", {1: "PERSP", 3: "ORTHO", 5: "PERSP"})


@feature
def camera_panorama(scene, thing):
    scene.camera.data.type = "PANO"
    turn(thing)


@feature
def camera_shift_and_clip(scene, thing):
    key(scene.camera.data, "shift_x", {1: -0.3, FRAMES: 0.3})
    key(scene.camera.data, "clip_end", {1: 13.0, FRAMES: 100.0})


@feature
def camera_markers(scene, thing):
    second = add("Second", scene.camera.data.copy(), (3, -14, 6))
    second.rotation_euler = (1.3, 0, 0.2)
    for frame, camera in ((1, scene.camera), (3, second), (5, scene.camera)):
        scene.timeline_markers.new("m%d" % frame, frame=frame).camera = camera


@feature
def camera_motion(scene, thing):
    key(scene.camera, "location", {1: (-6, -14, 4), FRAMES: (6, -10, 8)})
    scene.camera.constraints.new("TRACK_TO").target = thing


@feature
def motion_blur(scene, thing):
    scene.render.use_motion_blur = True
    scene.cycles.samples = 4
    key(thing, "location", {1: (-4, 0, 3), FRAMES: (4, 0, 3)})
    turn(thing)


@feature
def motion_blur_deforming(scene, thing):
    scene.render.use_motion_blur = True
    scene.cycles.samples = 4
    shape_key(scene, thing)


@feature
def motion_blur_camera(scene, thing):
    scene.render.use_motion_blur = True
    scene.cycles.samples = 4
    key(scene.camera, "location", {1: (-6, -14, 4), FRAMES: (6, -10, 8)})


@feature
def shutter_keyed(scene, thing):
    scene.render.use_motion_blur = True
    scene.cycles.samples = 4
    key(scene.render, "motion_blur_shutter", {1: 0.1, FRAMES: 1.0})
    key(thing, "location", {1: (-4, 0, 3), FRAMES: (4, 0, 3)})


@feature
def film_transparent(scene, thing):
    key(scene.render, "film_transparent", ALTERNATING)


@feature
def exposure(scene, thing):
    key(scene.view_settings, "exposure", {1: 0.0, FRAMES: 3.0})


@feature
def film_exposure(scene, thing):
    key(scene.cycles, "film_exposure", {1: 0.5, FRAMES: 3.0})


@feature
def samples(scene, thing):
    key(scene.cycles, "samples", {1: 1, FRAMES: 6})
    background(scene).inputs[1].default_value = 1


@feature
def bounces(scene, thing):
    cube((2.5, 0, 3))
    scene.cycles.samples = 4
    background(scene).inputs[1].default_value = 1
    key(scene.cycles, "max_bounces", {1: 0, FRAMES: 8})


@feature
def seed(scene, thing):
    scene.cycles.use_animated_seed = True
    background(scene).inputs[1].default_value = 1
    cube((2, 0, 3))


@feature
def seed_keyed(scene, thing):
    background(scene).inputs[1].default_value = 1
    key(scene.cycles, "seed", {1: 0, FRAMES: 50})


@feature
def adaptive_sampling(scene, thing):
    need(hasattr(scene.cycles, "use_adaptive_sampling"), "adaptive sampling")
    scene.cycles.use_adaptive_sampling = True
    scene.cycles.samples = 16
    turn(thing)


@feature
def pixel_filter(scene, thing):
    key(scene.cycles, "filter_width", {1: 0.5, FRAMES: 8.0})


@feature
def clamping(scene, thing):
    scene.cycles.samples = 4
    key(scene.cycles, "sample_clamp_direct", {1: 0.1, FRAMES: 4.0})


@feature
def simplify_levels(scene, thing):
    thing.modifiers.new("m", "SUBSURF").render_levels = 3
    scene.render.use_simplify = True
    key(scene.render, "simplify_subdivision_render", {1: 0, 3: 2, 5: 1})


@feature
def simplify_toggled(scene, thing):
    thing.modifiers.new("m", "SUBSURF").render_levels = 3
    scene.render.simplify_subdivision_render = 0
    key(scene.render, "use_simplify", ALTERNATING)


@feature
def simplify_still(scene, thing):
    thing.modifiers.new("m", "SUBSURF").render_levels = 3
    scene.render.use_simplify = True
    scene.render.simplify_subdivision_render = 1
    turn(thing)


@feature
def view_layers(scene, thing):
    layer = scene.view_layers.new("Second")
    layer.material_override = material("blue", (0, 0, 1))
    turn(thing)


@feature
def view_layer_toggled(scene, thing):
    from .base import compositor, link

    second = scene.view_layers.new("Second")
    second.material_override = material("blue", (0, 0, 1))
    tree, first, target = compositor(scene)
    other = tree.nodes.new("CompositorNodeRLayers")
    other.layer = "Second"
    mix = tree.nodes.new("CompositorNodeAlphaOver")
    link(tree, first.outputs["Image"], next(each for each in mix.inputs if each.type == "RGBA"))
    link(tree, other.outputs["Image"], [each for each in mix.inputs if each.type == "RGBA"][1])
    link(tree, mix.outputs[0], target)
    key(second, "use", ALTERNATING)


@feature
def border(scene, thing):
    scene.render.use_border = True
    scene.render.border_min_x, scene.render.border_max_x = 0.2, 0.7
    turn(thing)


@feature
def stamped_range(scene, thing):
    """Burned-in text with the frame and the scene's last one."""
    scene.render.use_stamp = True
    scene.render.use_stamp_date = scene.render.use_stamp_time = scene.render.use_stamp_render_time = False
    scene.render.use_stamp_filename = scene.render.use_stamp_hostname = scene.render.use_stamp_memory = False
    scene.render.use_stamp_frame = True
    scene.render.use_stamp_frame_range = True
    scene.render.stamp_font_size = 12


@feature
def stereo(scene, thing):
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "STEREO_3D"
    turn(thing)


@feature
def freestyle(scene, thing):
    need(hasattr(scene.view_layers[0], "freestyle_settings"), "Freestyle")
    scene.render.use_freestyle = True
    scene.view_layers[0].use_freestyle = True
    settings = scene.view_layers[0].freestyle_settings
    lines = settings.linesets[0] if len(settings.linesets) else settings.linesets.new("Lines")
    lines.linestyle = lines.linestyle or bpy.data.linestyles.new("Line")
    turn(thing)


@feature
def eevee(scene, thing):
    use_eevee(scene)
    turn(thing)


@feature
def eevee_subdivision(scene, thing):
    use_eevee(scene)
    thing.modifiers.new("m", "SUBSURF").render_levels = 3
    turn(thing)


@feature
def eevee_particles(scene, thing):
    use_eevee(scene)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.particle_system_add()
    settings = thing.particle_systems[0].settings
    settings.type, settings.count, settings.hair_length = "HAIR", 100, 2
    turn(thing)


@feature
def workbench(scene, thing):
    scene.render.engine = "BLENDER_WORKBENCH"
    turn(thing)


def use_eevee(scene):
    engines = [item.identifier for item in scene.render.bl_rna.properties["engine"].enum_items]
    scene.render.engine = "BLENDER_EEVEE_NEXT" if (4, 2) <= VERSION < (5, 0) else "BLENDER_EEVEE"
    scene.eevee.taa_render_samples = 1
    assert scene.render.engine in engines or not engines
