"""What the feature scenes share: a small Cycles scene of six frames, and a cube that most of them change."""

import random

import bpy

VERSION = bpy.app.version[:2]
FRAMES = 6
ALTERNATING = {frame: frame % 2 == 1 for frame in range(1, FRAMES + 1)}
TURNING = {1: (0, 0, 0), FRAMES: (2, 1, 1.5)}

features = {}
place = {"folder": ""}
"""Where the scenes are written to."""


class Unsupported(Exception):
    """This Blender does not have the feature."""


def feature(make):
    """Registers a function that changes the scene; its name is the feature's. It gets the scene and the cube."""
    features[make.__name__] = make
    return make


def need(condition, what):
    if not condition:
        raise Unsupported(what)


def new_scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    configure(scene)
    scene.camera = add("Camera", bpy.data.cameras.new("Camera"), (0, -14, 4))
    scene.camera.rotation_euler = (1.4, 0, 0)
    sun = add("Sun", bpy.data.lights.new("Sun", "SUN"), (0, 0, 10))
    sun.rotation_euler = (0.6, 0.3, 0)
    sun.data.energy = 3
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    thing = cube()
    thing.name = "Cube"
    return scene, thing


def configure(scene, samples=1):
    scene.render.engine = "CYCLES"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = False
    if hasattr(scene.cycles, "use_adaptive_sampling"):
        scene.cycles.use_adaptive_sampling = False
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.frame_start, scene.frame_end = 1, FRAMES


def add(name, data, location=(0, 0, 3)):
    thing = bpy.data.objects.new(name, data)
    thing.location = location
    bpy.context.scene.collection.objects.link(thing)
    return thing


def cube(location=(0, 0, 3), color=(0.8, 0.2, 0.1), size=3):
    bpy.ops.mesh.primitive_cube_add(size=size, location=location)
    made = bpy.context.object
    made.data.materials.append(material("m", color))
    return made


def material(name, color):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader(made).inputs["Base Color"].default_value = (*color, 1)
    return made


def shader(owner):
    return next(node for node in owner.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def output(owner):
    return next(node for node in owner.node_tree.nodes if node.type == "OUTPUT_MATERIAL")


def background(scene):
    return next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")


def key(owner, path, values, index=-1):
    """Keys the values, by frame."""
    for frame, value in values.items():
        if index >= 0:
            getattr(owner, path)[index] = value
        else:
            setattr(owner, path, value)
        owner.keyframe_insert(path, index=index, frame=frame)


def turn(thing):
    key(thing, "rotation_euler", TURNING)


def link(tree, source, target):
    tree.links.new(source, target)


def noise_image(name, size=16, is_float=False):
    image = bpy.data.images.new(name, size, size, float_buffer=is_float)
    dice = random.Random(name)
    image.pixels = [dice.random() for _ in range(size * size * 4)]
    image.pack()
    return image


def image_texture(owner, image, target="Base Color"):
    """Shows the image by the surface's color or another input."""
    tree = owner.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    link(tree, node.outputs[0], shader(owner).inputs[target])
    return node


def compositor(scene):
    """Returns the tree, and the socket that the picture goes into; one render layer is its only node otherwise."""
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        target = tree.nodes.new("NodeGroupOutput").inputs[0]
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        target = tree.nodes.new("CompositorNodeComposite").inputs[0]
    layer = tree.nodes.new("CompositorNodeRLayers")
    link(tree, layer.outputs["Image"], target)
    return tree, layer, target


def geometry_nodes(thing):
    """Adds a modifier with an empty group. Returns the group, its input's socket and its output's."""
    need(VERSION >= (3, 0), "geometry nodes as they are since 3.0")
    group = bpy.data.node_groups.new("Geometry", "GeometryNodeTree")
    if hasattr(group, "interface"):
        for way in ("INPUT", "OUTPUT"):
            group.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    else:
        group.inputs.new("NodeSocketGeometry", "Geometry")
        group.outputs.new("NodeSocketGeometry", "Geometry")
    thing.modifiers.new("nodes", "NODES").node_group = group
    source = group.nodes.new("NodeGroupInput").outputs[0]
    target = group.nodes.new("NodeGroupOutput").inputs[0]
    return group, source, target


def strips_of(editor):
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def show(scene):
    """Makes it the scene that is rendered."""
    for manager in bpy.data.window_managers:
        for window in manager.windows:
            window.scene = scene
