"""Objects that appear, move, change and are instanced."""

import bpy

from .base import ALTERNATING, FRAMES, TURNING, VERSION, add, cube, feature, key, material, need, turn


@feature
def still(scene, thing):
    """Nothing moves but the camera."""
    key(scene.camera, "location", {1: (-3, -14, 4), FRAMES: (3, -14, 4)})


@feature
def turning(scene, thing):
    turn(thing)


@feature
def moving(scene, thing):
    key(thing, "location", {1: (-3, 0, 3), FRAMES: (3, 0, 3)})


@feature
def scaling(scene, thing):
    key(thing, "scale", {1: (0.1, 1, 1), FRAMES: (1, 1, 2)})


@feature
def negative_scale(scene, thing):
    turn(thing)
    key(thing, "scale", {1: (1, 1, 1), 4: (-1, 1, 1)})


@feature
def hide_render(scene, thing):
    cube((3, 0, 5), size=1)
    key(thing, "hide_render", ALTERNATING)


@feature
def hidden_instance(scene, thing):
    collection = bpy.data.collections.new("Instanced")
    collection.objects.link(thing)
    scene.collection.objects.unlink(thing)
    empty = add("Instance", None, (2, 0, 3))
    empty.instance_type, empty.instance_collection = "COLLECTION", collection
    key(empty, "hide_render", ALTERNATING)


@feature
def moving_instance(scene, thing):
    collection = bpy.data.collections.new("Instanced")
    collection.objects.link(thing)
    scene.collection.objects.unlink(thing)
    for x in (-2, 2):
        empty = add("Instance", None, (x, 0, 0))
        empty.instance_type, empty.instance_collection = "COLLECTION", collection
        key(empty, "rotation_euler", {1: (0, 0, 0), FRAMES: (0, x, 0)})


@feature
def vertex_instances(scene, thing):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=3, y_subdivisions=3, size=8, location=(0, 0, 3), rotation=(1.5, 0, 0))
    grid = bpy.context.object
    grid.instance_type = "VERTS"
    thing.parent = grid
    key(thing, "scale", {1: (0.1,) * 3, FRAMES: (0.4,) * 3})


@feature
def face_instances(scene, thing):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=3, y_subdivisions=3, size=8, location=(0, 0, 3), rotation=(1.5, 0, 0))
    grid = bpy.context.object
    grid.instance_type = "FACES"
    grid.use_instance_faces_scale = True
    thing.parent = grid
    turn(grid)


@feature
def visible_camera(scene, thing):
    need(hasattr(thing, "visible_camera"), "ray visibility of objects, since 3.0")
    key(thing, "visible_camera", ALTERNATING)


@feature
def shadow_catcher(scene, thing):
    need(hasattr(thing, "is_shadow_catcher"), "shadow catchers of objects, since 3.0")
    bpy.ops.mesh.primitive_plane_add(size=12, location=(0, 0, 1))
    scene.render.film_transparent = True
    key(bpy.context.object, "is_shadow_catcher", ALTERNATING)


@feature
def holdout(scene, thing):
    need(hasattr(thing, "is_holdout"), "holdouts of objects, since 3.0")
    scene.render.film_transparent = True
    key(thing, "is_holdout", ALTERNATING)


@feature
def pass_index(scene, thing):
    key(thing, "pass_index", {1: 0, FRAMES: 6})
    turn(thing)


@feature
def object_color(scene, thing):
    tree = thing.data.materials[0].node_tree
    info = tree.nodes.new("ShaderNodeObjectInfo")
    if "Color" in info.outputs:
        tree.links.new(info.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    key(thing, "color", {1: (1, 0, 0, 1), FRAMES: (0, 0, 1, 1)})


@feature
def shape_key(scene, thing):
    thing.shape_key_add()
    larger = thing.shape_key_add()
    for point in larger.data:
        point.co *= 1.6
    key(larger, "value", {1: 0.0, FRAMES: 1.0})


@feature
def armature(scene, thing):
    bpy.ops.object.armature_add(location=(0, 0, 1.5))
    rig = bpy.context.object
    thing.vertex_groups.new(name="Bone").add([0, 1, 2, 3], 1, "REPLACE")
    thing.modifiers.new("a", "ARMATURE").object = rig
    bone = rig.pose.bones[0]
    bone.rotation_mode = "XYZ"
    key(bone, "rotation_euler", TURNING)


@feature
def parents_and_constraints(scene, thing):
    target = add("Target", None, (-3, 0, 0))
    key(target, "location", {1: (-3, -3, 6), FRAMES: (3, -3, 2)})
    thing.constraints.new("TRACK_TO").target = target
    child = cube((0, 0, 4), (0, 1, 0), 1)
    child.parent = thing


@feature
def follow_path(scene, thing):
    bpy.ops.curve.primitive_bezier_circle_add(radius=3, location=(0, 0, 3), rotation=(1.5, 0, 0))
    path = bpy.context.object
    thing.location = (0, 0, 0)
    thing.scale = (0.4,) * 3
    constraint = thing.constraints.new("FOLLOW_PATH")
    constraint.target = path
    constraint.use_fixed_location = True
    key(constraint, "offset_factor", {1: 0.0, FRAMES: 0.8})


@feature
def driven(scene, thing):
    driver = thing.driver_add("rotation_euler", 0).driver
    driver.type, driver.expression = "SCRIPTED", "frame * 0.3"


@feature
def driven_by_range(scene, thing):
    """A driver that reads the scene's first and last frame."""
    driver = thing.driver_add("rotation_euler", 0).driver
    for name in ("start", "end"):
        variable = driver.variables.new()
        variable.name, variable.type = name, "SINGLE_PROP"
        variable.targets[0].id_type, variable.targets[0].id = "SCENE", scene
        variable.targets[0].data_path = "frame_" + name
    driver.type, driver.expression = "SCRIPTED", "frame * start / end"


@feature
def driven_by_object(scene, thing):
    other = cube((4, 0, 6), (0, 1, 0), 1)
    key(other, "location", {1: (4, 0, 6), FRAMES: (4, 0, 0)})
    driver = thing.driver_add("scale", 2).driver
    variable = driver.variables.new()
    variable.type = "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].transform_type = other, "LOC_Z"
    driver.type, driver.expression = "SCRIPTED", variable.name + " / 4"


@feature
def driven_text_size(scene, thing):
    bpy.ops.object.text_add(location=(-2, -4, 3), rotation=(1.5, 0, 0))
    text = bpy.context.object.data
    text.body = "A"
    text.driver_add("size").driver.expression = "frame * 0.4"


@feature
def actions_in_strips(scene, thing):
    turn(thing)
    track = thing.animation_data.nla_tracks.new()
    strip = track.strips.new("turn", 2, thing.animation_data.action)
    strip.scale = 2
    thing.animation_data.action = None


@feature
def curve_bevel(scene, thing):
    bpy.ops.curve.primitive_bezier_circle_add(radius=3, location=(0, -1, 3), rotation=(1.5, 0, 0))
    key(bpy.context.object.data, "bevel_depth", {1: 0.0, FRAMES: 0.8})


@feature
def metaballs(scene, thing):
    bpy.ops.object.metaball_add(radius=2, location=(0, -3, 3))
    bpy.ops.object.metaball_add(radius=2, location=(1, -3, 3))
    key(bpy.context.object, "location", {1: (1, -3, 3), FRAMES: (4, -3, 5)})


@feature
def surface_patch(scene, thing):
    bpy.ops.surface.primitive_nurbs_surface_sphere_add(radius=2, location=(0, -3, 3))
    patch = bpy.context.object
    patch.data.materials.append(material("green", (0, 1, 0)))
    turn(patch)


@feature
def swapped_by_driver(scene, thing):
    other = cube((2, 0, 3), (0, 0, 1), 2)
    thing.driver_add("hide_render").driver.expression = "frame > 3"
    other.driver_add("hide_render").driver.expression = "frame <= 3"


@feature
def mesh_of_two_objects(scene, thing):
    """A mesh with two users, of which one is turned."""
    copy = add("Copy", thing.data, (3, 0, 5))
    copy.scale = (0.4,) * 3
    turn(copy)


@feature
def hair_curves(scene, thing):
    need(VERSION >= (3, 5), "hair curves, since 3.5")
    curves = bpy.data.hair_curves.new("Hair")
    curves.add_curves([3] * 20)
    for index, point in enumerate(curves.points):
        point.position = ((index // 3) * 0.3 - 3, -3, 1 + (index % 3) * 2)
        point.radius = 0.1
    hair = add("Hair", curves, (0, 0, 0))
    turn(hair)


@feature
def grease_pencil(scene, thing):
    if hasattr(bpy.ops.object, "gpencil_add") and VERSION < (4, 3):
        bpy.ops.object.gpencil_add(type="MONKEY", location=(0, -3, 3))
    else:
        bpy.ops.object.grease_pencil_add(type="MONKEY", location=(0, -3, 3))
    key(bpy.context.object, "location", {1: (-2, -3, 3), FRAMES: (2, -3, 3)})
