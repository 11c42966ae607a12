"""Modifiers that deform, weigh and transfer, and those that only mark an object for others."""

import bpy

from .base import FRAMES, TURNING, VERSION, add, cube, feature, key, need, turn


def detailed(thing, levels=2):
    """More vertices, so that a deformation shows."""
    thing.modifiers.new("detail", "SUBSURF").render_levels = levels
    group = thing.vertex_groups.new(name="half")
    group.add([0, 1, 2, 3], 1, "REPLACE")


def with_target(thing, kind, target, **settings):
    modifier = thing.modifiers.new("m", kind)
    for name in ("target", "object", "offset_object", "object_from"):
        if hasattr(modifier, name):
            setattr(modifier, name, target)
    for name, value in settings.items():
        setattr(modifier, name, value)
    return modifier


@feature
def mesh_deform(scene, thing):
    cage = cube((0, 0, 3), (0, 1, 0), 5)
    cage.hide_render = True
    detailed(thing)
    modifier = with_target(thing, "MESH_DEFORM", cage)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.meshdeform_bind(modifier=modifier.name)
    turn(cage)


@feature
def surface_deform(scene, thing):
    cage = cube((0, 0, 3), (0, 1, 0), 5)
    cage.hide_render = True
    modifier = with_target(thing, "SURFACE_DEFORM", cage)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.surfacedeform_bind(modifier=modifier.name)
    turn(cage)


@feature
def hook(scene, thing):
    guide = add("Guide", None, (0, 0, 3))
    detailed(thing)
    with_target(thing, "HOOK", guide, vertex_group="half", strength=1)
    key(guide, "location", {1: (0, 0, 3), FRAMES: (3, -2, 5)})


@feature
def curve_deform(scene, thing):
    bpy.ops.curve.primitive_bezier_curve_add(radius=4, location=(0, 0, 3))
    path = bpy.context.object
    detailed(thing)
    with_target(thing, "CURVE", path)
    turn(path)


@feature
def warp(scene, thing):
    start, end = add("From", None, (0, 0, 3)), add("To", None, (0, 0, 5))
    detailed(thing)
    modifier = thing.modifiers.new("m", "WARP")
    modifier.object_from, modifier.object_to, modifier.falloff_radius = start, end, 4
    key(end, "location", {1: (0, 0, 3), FRAMES: (3, 0, 6)})


@feature
def smoothing(scene, thing):
    detailed(thing)
    key(thing.modifiers.new("m", "SMOOTH"), "factor", {1: 0.0, FRAMES: 1.0})


@feature
def laplacian_smoothing(scene, thing):
    detailed(thing)
    key(thing.modifiers.new("m", "LAPLACIANSMOOTH"), "lambda_factor", {1: 0.0, FRAMES: 2.0})


@feature
def corrective_smoothing(scene, thing):
    detailed(thing)
    thing.modifiers.new("m", "CORRECTIVE_SMOOTH").iterations = 10
    turn(thing)


@feature
def laplacian_deform(scene, thing):
    modifier = thing.modifiers.new("m", "LAPLACIANDEFORM")
    thing.vertex_groups.new(name="half").add([0, 1, 2, 3], 1, "REPLACE")
    modifier.vertex_group = "half"
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.laplaciandeform_bind(modifier="m")
    turn(thing)


@feature
def solidify(scene, thing):
    key(thing.modifiers.new("m", "SOLIDIFY"), "thickness", {1: 0.0, FRAMES: 1.0})


@feature
def skin(scene, thing):
    mesh = bpy.data.meshes.new("Path")
    mesh.from_pydata([(-3, -3, 1), (0, -3, 4), (3, -3, 1)], [(0, 1), (1, 2)], [])
    path = add("Path", mesh, (0, 0, 1))
    path.modifiers.new("m", "SKIN")
    turn(path)


@feature
def weld(scene, thing):
    thing.modifiers.new("a", "ARRAY").count = 3
    key(thing.modifiers.new("m", "WELD"), "merge_threshold", {1: 0.0, FRAMES: 4.0})


@feature
def weights_edited(scene, thing):
    detailed(thing)
    thing.modifiers.new("e", "VERTEX_WEIGHT_EDIT").vertex_group = "half"
    mix = thing.modifiers.new("x", "VERTEX_WEIGHT_MIX")
    mix.vertex_group_a, mix.mix_set = "half", "ALL"
    key(mix, "default_weight_b", {1: 0.0, FRAMES: 1.0})
    moved = thing.modifiers.new("d", "DISPLACE")
    moved.vertex_group = "half"


@feature
def weights_by_distance(scene, thing):
    guide = add("Guide", None, (0, 0, 6))
    detailed(thing)
    near = thing.modifiers.new("p", "VERTEX_WEIGHT_PROXIMITY")
    near.vertex_group, near.target, near.max_dist = "half", guide, 5
    thing.modifiers.new("d", "DISPLACE").vertex_group = "half"
    key(guide, "location", {1: (0, 0, 8), FRAMES: (0, 0, 2)})


@feature
def textures_projected(scene, thing):
    from .base import image_texture, noise_image

    image_texture(thing.data.materials[0], noise_image("projected"))
    modifier = thing.modifiers.new("m", "UV_PROJECT")
    modifier.projectors[0].object = scene.camera
    moved = thing.modifiers.new("w", "UV_WARP")
    moved.object_from, moved.object_to = scene.camera, bpy.data.objects["Sun"]
    key(scene.camera, "location", {1: (0, -14, 4), FRAMES: (4, -12, 5)})


@feature
def data_transferred(scene, thing):
    other = cube((0, 0, 3), (0, 1, 0), 4)
    other.hide_render = True
    modifier = thing.modifiers.new("m", "DATA_TRANSFER")
    modifier.object, modifier.use_loop_data, modifier.data_types_loops = other, True, {"CUSTOM_NORMAL"}
    if hasattr(thing.data, "use_auto_smooth"):
        thing.data.use_auto_smooth = True
    turn(other)


@feature
def normals_edited(scene, thing):
    if hasattr(thing.data, "use_auto_smooth"):
        thing.data.use_auto_smooth = True
    modifier = thing.modifiers.new("m", "NORMAL_EDIT")
    key(modifier, "mix_factor", {1: 0.0, FRAMES: 1.0})


@feature
def volume_from_mesh(scene, thing):
    need(VERSION >= (2, 92), "volumes from meshes, since 2.92")
    from .base import link, output, shader

    fog = bpy.data.materials.new("fog")
    fog.use_nodes = True
    fog.node_tree.nodes.remove(shader(fog))
    node = fog.node_tree.nodes.new("ShaderNodeVolumePrincipled")
    link(fog.node_tree, node.outputs[0], output(fog).inputs["Volume"])
    cloud = add("Cloud", bpy.data.volumes.new("Cloud"), (0, 0, 0))
    cloud.data.materials.append(fog)
    cloud.modifiers.new("m", "MESH_TO_VOLUME").object = thing
    thing.hide_render = True
    key(thing, "rotation_euler", TURNING)


@feature
def markers_of_physics(scene, thing):
    """Modifiers that change nothing by themselves: others collide with the object."""
    thing.modifiers.new("m", "COLLISION")
    turn(thing)
