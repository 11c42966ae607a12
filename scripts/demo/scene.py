"""Builds the demo's scene: blender -b --factory-startup -P scene.py -- TARGET.blend

Coloured shapes turn on a round table under a soft light, and the camera moves a quarter turn around them: 48 frames,
two seconds. Every motion depends on the frame number alone, so frames may be rendered in any order, on any node.
It renders with Cycles on the CPU and without a denoiser, which every Blender can do.
"""

import math
import sys

import bpy

FRAMES = 48
COLOURS = [(0.90, 0.16, 0.12), (0.98, 0.55, 0.08), (0.95, 0.85, 0.20), (0.15, 0.62, 0.30), (0.10, 0.38, 0.85), (0.48, 0.20, 0.72)]


def material(name, colour, roughness=0.35, metallic=0.0):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"].inputs
    shader["Base Color"].default_value = (*colour, 1.0)
    shader["Roughness"].default_value = roughness
    shader["Metallic"].default_value = metallic
    return made


def key(thing, path, values):
    """Keyframes one property at (frame, value) pairs with constant speed, so that the film can be looped."""
    for frame, value in values:
        setattr(thing, path, value)
        thing.keyframe_insert(path, frame=frame)
    action = thing.animation_data.action
    # Since 4.4 the curves of an action are in layers; before, they belong to the action itself.
    curves = getattr(action, "fcurves", None)
    if curves is None:
        curves = action.layers[0].strips[0].channelbags[0].fcurves
    for curve in curves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def add_table():
    bpy.ops.mesh.primitive_cylinder_add(vertices=96, radius=3.4, depth=0.3, location=(0, 0, -0.15))
    bpy.context.object.data.materials.append(material("Table", (0.80, 0.78, 0.74), roughness=0.6))
    bpy.ops.mesh.primitive_plane_add(size=60, location=(0, 0, -0.3))
    bpy.context.object.data.materials.append(material("Floor", (0.10, 0.12, 0.16), roughness=0.9))


def add_shapes():
    adders = [
        lambda: bpy.ops.mesh.primitive_cube_add(size=0.95),
        lambda: bpy.ops.mesh.primitive_uv_sphere_add(radius=0.58, segments=48, ring_count=24),
        lambda: bpy.ops.mesh.primitive_torus_add(major_radius=0.48, minor_radius=0.2),
        lambda: bpy.ops.mesh.primitive_cone_add(vertices=48, radius1=0.6, depth=1.1),
        lambda: bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=1, radius=0.68),
        lambda: bpy.ops.mesh.primitive_cylinder_add(vertices=6, radius=0.55, depth=1.0),
    ]
    for index, (add, colour) in enumerate(zip(adders, COLOURS)):
        add()
        shape = bpy.context.object
        shape.data.materials.append(material("Colour %d" % index, colour))
        angle = 2 * math.pi * index / len(COLOURS)
        radius = 2.2
        ground = (radius * math.cos(angle), radius * math.sin(angle), 0.85)
        top = ground[:2] + (1.35,)
        # Each shape is a sixth of the film behind its neighbour, so that a wave goes round the table.
        peak = 1 + round(FRAMES * (index + 0.5) / len(COLOURS))
        key(shape, "location", [(peak - FRAMES // 2, ground), (peak, top), (peak + FRAMES // 2, ground)])
        turn = math.pi * (2 if index % 2 else -2)
        key(shape, "rotation_euler", [(1, (0.4, 0.2, 0)), (FRAMES + 1, (0.4, 0.2, turn))])


def add_middle():
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.9, segments=64, ring_count=32, location=(0, 0, 0.9))
    ball = bpy.context.object
    bpy.ops.object.shade_smooth()
    ball.data.materials.append(material("Mirror", (0.95, 0.93, 0.90), roughness=0.08, metallic=1.0))


def add_lights():
    bpy.ops.object.light_add(type="AREA", location=(3.5, -3.0, 6.0))
    soft = bpy.context.object
    soft.data.energy = 520
    soft.data.size = 3.0
    soft.rotation_euler = (0.55, 0.25, 0.7)
    sky = bpy.data.worlds.new("Evening")
    sky.use_nodes = True
    sky.node_tree.nodes["Background"].inputs["Color"].default_value = (0.32, 0.42, 0.62, 1.0)
    sky.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.5
    bpy.context.scene.world = sky


def add_camera():
    target = bpy.data.objects.new("Centre of the picture", None)
    bpy.context.collection.objects.link(target)
    target.location = (0, 0, 0.55)
    arm = bpy.data.objects.new("Camera arm", None)
    bpy.context.collection.objects.link(arm)
    bpy.ops.object.camera_add(location=(0, -8.2, 4.2))
    camera = bpy.context.object
    camera.data.lens = 42
    camera.parent = arm
    follow = camera.constraints.new("TRACK_TO")
    follow.target = target
    follow.track_axis = "TRACK_NEGATIVE_Z"
    follow.up_axis = "UP_Y"
    key(arm, "rotation_euler", [(1, (0, 0, -math.pi / 4)), (FRAMES + 1, (0, 0, math.pi / 4))])
    bpy.context.scene.camera = camera


def set_up_render():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 8
    scene.cycles.max_bounces = 3
    scene.cycles.use_denoising = False  # Debian's builds have no denoiser
    scene.cycles.sample_clamp_indirect = 2.0  # fewer bright specks at so few samples
    scene.render.use_persistent_data = True
    scene.view_settings.view_transform = "Standard"  # brighter colours than the default, in every version
    scene.render.resolution_x = 480
    scene.render.resolution_y = 270
    scene.render.resolution_percentage = 100
    scene.render.fps = 24
    scene.frame_start = 1
    scene.frame_end = FRAMES


bpy.ops.wm.read_factory_settings(use_empty=True)
add_table()
add_shapes()
add_middle()
add_lights()
add_camera()
set_up_render()
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[sys.argv.index("--") + 1])
