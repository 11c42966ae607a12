"""Modifiers, and what geometry nodes can do without a simulation."""

import bpy

from .base import ALTERNATING, FRAMES, VERSION, add, cube, feature, geometry_nodes, key, link, need, output, shader, turn


def keyed(thing, kind, path, values, **settings):
    modifier = thing.modifiers.new("m", kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    key(modifier, path, values)
    return modifier


@feature
def subdivision_toggled(scene, thing):
    keyed(thing, "SUBSURF", "show_render", ALTERNATING, render_levels=2)


@feature
def subdivision_levels(scene, thing):
    keyed(thing, "SUBSURF", "render_levels", {1: 0, 2: 1, 3: 2, 4: 0, 5: 3, 6: 1})


@feature
def subdivision_and_turning(scene, thing):
    thing.modifiers.new("m", "SUBSURF").render_levels = 2
    turn(thing)


@feature
def adaptive_subdivision(scene, thing):
    if VERSION < (5, 0):
        scene.cycles.feature_set = "EXPERIMENTAL"
        thing.cycles.use_adaptive_subdivision = True
    modifier = thing.modifiers.new("m", "SUBSURF")
    if hasattr(modifier, "use_adaptive_subdivision"):
        modifier.use_adaptive_subdivision = True
    key(scene.camera, "location", {1: (0, -14, 4), FRAMES: (0, -7, 4)})


@feature
def array(scene, thing):
    keyed(thing, "ARRAY", "count", {1: 1, 2: 3, 3: 2, 4: 1, 5: 4, 6: 2})


@feature
def bevel_and_mirror(scene, thing):
    keyed(thing, "BEVEL", "width", {1: 0.0, FRAMES: 0.8}, segments=3)
    thing.modifiers.new("mirror", "MIRROR").mirror_object = scene.camera


@feature
def boolean(scene, thing):
    cutter = cube((1, -1, 4), (0, 1, 0), 2)
    cutter.hide_render = True
    modifier = thing.modifiers.new("m", "BOOLEAN")
    modifier.object, modifier.operation = cutter, "DIFFERENCE"
    key(cutter, "location", {1: (1, -1, 4), FRAMES: (-1, -1, 3)})


@feature
def build(scene, thing):
    modifier = thing.modifiers.new("m", "BUILD")
    modifier.frame_start, modifier.frame_duration = 1, FRAMES


@feature
def decimate(scene, thing):
    thing.modifiers.new("s", "SUBSURF").render_levels = 3
    keyed(thing, "DECIMATE", "ratio", {1: 1.0, FRAMES: 0.1})


@feature
def displace(scene, thing):
    thing.modifiers.new("s", "SUBSURF").render_levels = 4
    texture = bpy.data.textures.new("clouds", "CLOUDS")
    modifier = keyed(thing, "DISPLACE", "strength", {1: 0.0, FRAMES: 1.5})
    modifier.texture = texture
    key(texture, "noise_scale", {1: 0.25, FRAMES: 1.0})


@feature
def lattice(scene, thing):
    cage = add("Lattice", bpy.data.lattices.new("Lattice"))
    cage.scale = (3,) * 3
    thing.modifiers.new("s", "SUBSURF").render_levels = 2
    thing.modifiers.new("m", "LATTICE").object = cage
    turn(cage)


@feature
def mask(scene, thing):
    group = thing.vertex_groups.new(name="half")
    group.add([0, 1, 2, 3], 1, "REPLACE")
    keyed(thing, "MASK", "show_render", ALTERNATING, vertex_group="half")


@feature
def shrinkwrap(scene, thing):
    target = cube((0, 0, 3), (0, 1, 0), 5)
    target.hide_render = True
    turn(target)
    thing.modifiers.new("s", "SUBSURF").render_levels = 2
    modifier = thing.modifiers.new("m", "SHRINKWRAP")
    modifier.target = target


@feature
def multires(scene, thing):
    bpy.context.view_layer.objects.active = thing
    thing.modifiers.new("m", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="m")
    turn(thing)


@feature
def ocean(scene, thing):
    keyed(thing, "OCEAN", "time", {1: 0.0, FRAMES: 3.0}, resolution=3)


@feature
def remesh(scene, thing):
    modifier = keyed(thing, "REMESH", "octree_depth", {1: 2, FRAMES: 4})
    modifier.mode = "BLOCKS"


@feature
def screw(scene, thing):
    keyed(thing, "SCREW", "angle", {1: 0.5, FRAMES: 6.0})


@feature
def simple_deform(scene, thing):
    thing.modifiers.new("s", "SUBSURF").render_levels = 3
    keyed(thing, "SIMPLE_DEFORM", "angle", {1: 0.0, FRAMES: 2.0})


@feature
def wireframe(scene, thing):
    keyed(thing, "WIREFRAME", "thickness", {1: 0.1, FRAMES: 1.0})


@feature
def triangulate_and_edge_split(scene, thing):
    keyed(thing, "TRIANGULATE", "show_render", ALTERNATING)
    keyed(thing, "EDGE_SPLIT", "split_angle", {1: 0.0, FRAMES: 2.0})


@feature
def wave_and_cast(scene, thing):
    thing.modifiers.new("s", "SUBSURF").render_levels = 3
    keyed(thing, "CAST", "factor", {1: 0.0, FRAMES: 1.0})
    thing.modifiers.new("w", "WAVE").height = 1


@feature
def weighted_normals(scene, thing):
    for polygon in thing.data.polygons:
        polygon.use_smooth = True
    keyed(thing, "WEIGHTED_NORMAL", "show_render", ALTERNATING)


@feature
def nodes_with_time(scene, thing):
    group, source, target = geometry_nodes(thing)
    need(hasattr(bpy.types, "GeometryNodeInputSceneTime"), "the node Scene Time, since 3.1")
    nodes = group.nodes
    time = nodes.new("GeometryNodeInputSceneTime")
    points = nodes.new("GeometryNodeDistributePointsOnFaces")
    instances = nodes.new("GeometryNodeInstanceOnPoints")
    block = nodes.new("GeometryNodeMeshCube")
    joined = nodes.new("GeometryNodeJoinGeometry")
    block.inputs[0].default_value = (0.5, 0.5, 0.5)
    points.inputs["Density"].default_value = 1
    link(group, source, points.inputs["Mesh"])
    link(group, time.outputs["Frame"], points.inputs["Seed"])
    link(group, points.outputs["Points"], instances.inputs["Points"])
    link(group, block.outputs["Mesh"], instances.inputs["Instance"])
    link(group, instances.outputs[0], joined.inputs[0])
    link(group, source, joined.inputs[0])
    link(group, joined.outputs[0], target)


@feature
def nodes_attribute(scene, thing):
    """An attribute that changes from frame to frame, used by the shader."""
    group, source, target = geometry_nodes(thing)
    need(hasattr(bpy.types, "GeometryNodeStoreNamedAttribute"), "the node Store Named Attribute, since 3.2")
    stored = group.nodes.new("GeometryNodeStoreNamedAttribute")
    stored.inputs["Name"].default_value = "heat"
    time = group.nodes.new("GeometryNodeInputSceneTime")
    divided = group.nodes.new("ShaderNodeMath")
    divided.operation = "DIVIDE"
    divided.inputs[1].default_value = FRAMES
    link(group, time.outputs["Frame"], divided.inputs[0])
    link(group, source, stored.inputs[0])
    value = next(each for each in stored.inputs if each.name == "Value" and each.enabled)
    link(group, divided.outputs[0], value)
    link(group, stored.outputs[0], target)
    tree = thing.data.materials[0].node_tree
    attribute = tree.nodes.new("ShaderNodeAttribute")
    attribute.attribute_name = "heat"
    link(tree, attribute.outputs["Fac"], shader(thing.data.materials[0]).inputs["Base Color"])


@feature
def nodes_input_keyed(scene, thing):
    group, source, target = geometry_nodes(thing)
    moved = group.nodes.new("GeometryNodeTransform")
    link(group, source, moved.inputs[0])
    link(group, moved.outputs[0], target)
    key(moved.inputs["Translation"], "default_value", {1: (-2, 0, 0), FRAMES: (2, 0, 0)})


@feature
def nodes_object_info(scene, thing):
    other = cube((0, 0, 6), (0, 1, 0), 1)
    other.hide_render = True
    turn(other)
    group, source, target = geometry_nodes(thing)
    info = group.nodes.new("GeometryNodeObjectInfo")
    info.inputs[0].default_value = other
    if hasattr(info, "transform_space"):
        info.transform_space = "RELATIVE"
    joined = group.nodes.new("GeometryNodeJoinGeometry")
    link(group, source, joined.inputs[0])
    link(group, info.outputs["Geometry"], joined.inputs[0])
    link(group, joined.outputs[0], target)


@feature
def nodes_volume(scene, thing):
    group, source, target = geometry_nodes(thing)
    need(hasattr(bpy.types, "GeometryNodeMeshToVolume"), "the node Mesh to Volume, since 3.3")
    volume = group.nodes.new("GeometryNodeMeshToVolume")
    link(group, source, volume.inputs[0])
    link(group, volume.outputs[0], target)
    fog = bpy.data.materials.new("fog")
    fog.use_nodes = True
    fog.node_tree.nodes.remove(shader(fog))
    node = fog.node_tree.nodes.new("ShaderNodeVolumePrincipled")
    link(fog.node_tree, node.outputs[0], output(fog).inputs["Volume"])
    thing.data.materials[0] = fog
    set_material = group.nodes.new("GeometryNodeSetMaterial")
    set_material.inputs["Material"].default_value = fog
    link(group, volume.outputs[0], set_material.inputs[0])
    link(group, set_material.outputs[0], target)
    turn(thing)
