"""Scenes whose frames depend on the frames before. Their truth is each frame of a scene that was played from its start."""

import os

import bpy

from . import base
from .base import VERSION, add, cube, feature, geometry_nodes, key, link, need

simulated = set()


def simulation(make):
    """Registers a feature whose truth is the played scene."""
    simulated.add(make.__name__)
    return feature(make)


def pull(scene):
    """Gravity that moves things far in six frames."""
    scene.gravity = (3, 0, -150)


def sheet(location=(0, 0, 3)):
    """A plane with some vertices, turned towards the camera."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=8, y_subdivisions=8, size=5, location=location)
    made = bpy.context.object
    made.rotation_euler = (0.9, 0.2, 0)
    made.data.materials.append(bpy.data.objects["Cube"].data.materials[0])
    return made


def pinned(thing):
    group = thing.vertex_groups.new(name="pin")
    group.add([0, 1, 2], 1, "REPLACE")
    return group.name


def cloth_on(thing):
    modifier = thing.modifiers.new("c", "CLOTH")
    modifier.settings.vertex_group_mass = pinned(thing)
    return modifier


@simulation
def rigid_body(scene, thing):
    pull(scene)
    bpy.ops.rigidbody.world_add()
    bpy.ops.mesh.primitive_plane_add(size=14)
    bpy.ops.rigidbody.object_add(type="PASSIVE")
    thing.rotation_euler = (0.3, 0.4, 0)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.rigidbody.object_add(type="ACTIVE")


@simulation
def cloth(scene, thing):
    pull(scene)
    cloth_on(sheet())


@simulation
def soft_body(scene, thing):
    pull(scene)
    thing.modifiers.new("s", "SOFT_BODY")
    thing.soft_body.use_goal = False


@simulation
def newton_particles(scene, thing):
    pull(scene)
    emit(thing)


@simulation
def boids(scene, thing):
    emit(thing).physics_type = "BOIDS"


def emit(thing):
    thing.modifiers.new("p", "PARTICLE_SYSTEM")
    settings = thing.particle_systems[0].settings
    settings.count = 60
    settings.frame_start, settings.frame_end = 1, 4
    settings.normal_factor = 8
    settings.particle_size = 0.4
    settings.render_type = "OBJECT"
    settings.instance_object = cube((0, 0, -40), (0.1, 0.3, 0.9), 1)
    return settings


@simulation
def dynamic_paint(scene, thing):
    canvas = sheet()
    brush_on(thing)
    key(thing, "location", {1: (-2, 0, 3), 6: (2, 0, 3)})
    paint = canvas.modifiers.new("d", "DYNAMIC_PAINT")
    with_active(canvas, lambda: bpy.ops.dpaint.type_toggle(type="CANVAS"))
    surface = paint.canvas_settings.canvas_surfaces[0]
    surface.surface_type = "DISPLACE"
    surface.use_dissolve = False


def brush_on(thing):
    modifier = thing.modifiers.new("d", "DYNAMIC_PAINT")
    modifier.ui_type = "BRUSH"
    with_active(thing, lambda: bpy.ops.dpaint.type_toggle(type="BRUSH"))
    modifier.brush_settings.paint_source = "VOLUME_DISTANCE"
    modifier.brush_settings.paint_distance = 1


def with_active(thing, act):
    bpy.context.view_layer.objects.active = thing
    act()


@simulation
def liquid(scene, thing):
    need(VERSION not in ((2, 83), (4, 3)), "fluids that do not crash it")
    pull(scene)
    domain = cube((0, 0, 3), (0.1, 0.4, 0.9), 6).modifiers.new("f", "FLUID")
    domain.fluid_type = "DOMAIN"
    domain.domain_settings.domain_type = "LIQUID"
    domain.domain_settings.resolution_max = 16
    domain.domain_settings.use_mesh = True
    domain.domain_settings.cache_directory = "//cache_liquid"
    domain.domain_settings.cache_frame_end = base.FRAMES
    flow = thing.modifiers.new("f", "FLUID")
    flow.fluid_type = "FLOW"
    flow.flow_settings.flow_type = "LIQUID"
    thing.hide_render = True


@simulation
def simulation_zone(scene, thing):
    """Each frame moves the mesh further."""
    need(VERSION >= (3, 6), "simulation zones, since 3.6")
    tree, source, target = geometry_nodes(thing)
    begin, end = tree.nodes.new("GeometryNodeSimulationInput"), tree.nodes.new("GeometryNodeSimulationOutput")
    begin.pair_with_output(end)
    move = tree.nodes.new("GeometryNodeSetPosition")
    move.inputs["Offset"].default_value = (0.4, 0, 0.3)
    link(tree, source, begin.inputs["Geometry"])
    link(tree, begin.outputs["Geometry"], move.inputs["Geometry"])
    link(tree, move.outputs[0], end.inputs["Geometry"])
    link(tree, end.outputs["Geometry"], target)


def cloth_in_library():
    """Writes a blendfile with a cloth in a collection, and returns that collection, linked."""
    path = os.path.join(base.place["folder"], "cloth_library.blend")
    made = sheet()
    cloth_on(made)
    collection = bpy.data.collections.new("Clothes")
    collection.objects.link(made)
    bpy.data.libraries.write(path, {collection})
    bpy.data.objects.remove(made)
    bpy.data.collections.remove(collection)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.collections = ["Clothes"]
    return wanted.collections[0]


@simulation
def linked_cloth(scene, thing):
    pull(scene)
    scene.collection.children.link(cloth_in_library())


@simulation
def linked_and_instanced_cloth(scene, thing):
    pull(scene)
    instance = add("Instance", None, (1, 0, 0))
    instance.instance_type = "COLLECTION"
    instance.instance_collection = cloth_in_library()


@simulation
def overridden_cloth(scene, thing):
    need(VERSION >= (3, 0), "library overrides as they are since 3.0")
    pull(scene)
    linked = cloth_in_library()
    scene.collection.children.link(linked)
    linked.override_hierarchy_create(scene, bpy.context.view_layer)
