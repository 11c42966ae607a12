"""Makes scenes that write pictures in all the ways that users know, for Blender 2.83 to 5.2.

Arguments: a folder for the blendfiles, and an absolute folder that a File Output node names. Prints "made NAME" for each.
"""

import os
import sys

import bpy

FOLDER, ELSEWHERE = sys.argv[-2:]


def build():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add(size=2)
    cube = bpy.context.object
    for frame, x in ((-2, -1.5), (4, 1.5)):
        cube.location.x = x
        cube.keyframe_insert("location", frame=frame)
    bpy.ops.object.light_add(type="SUN", rotation=(0.5, 0.3, 0))
    bpy.ops.object.camera_add(location=(0, -6, 3), rotation=(1.1, 0, 0))
    scene.camera = bpy.context.object
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.cycles.seed = 7
    if hasattr(scene.cycles, "use_denoising"):
        scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 32, 24, 100
    scene.frame_start, scene.frame_end = -1, 2
    return scene


def form(scene, name, depth="8", mode="RGBA"):
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "MULTI_LAYER_IMAGE" if name == "OPEN_EXR_MULTILAYER" else "IMAGE"
    image.file_format = name
    image.color_mode = mode
    image.color_depth = depth
    if "EXR" in name:
        image.exr_codec = "ZIP"


def graded(scene):
    """Looked at in a way that differs in everything from how the factory settings show it."""
    view = scene.view_settings
    if bpy.app.version >= (4, 0):
        view.view_transform, view.look = "AgX", "AgX - High Contrast"
    else:
        view.view_transform, view.look = "Filmic", "High Contrast"
    view.exposure, view.gamma = 1.0, 1.2


def stereo(scene, views="INDIVIDUAL"):
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = views


def tree_of(scene):
    """The compositor's tree, in which the picture passes through."""
    if bpy.app.version >= (5, 0):
        tree = bpy.data.node_groups.new("Compositor", "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        target = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        target = tree.nodes.new("CompositorNodeComposite")
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(layers.outputs[0], target.inputs[0])
    return tree, layers


def output(tree, layers, kind, folder, name, items):
    """A File Output node. `items`: names, and the sockets that they show."""
    node = tree.nodes.new("CompositorNodeOutputFile")
    is_multilayer = kind == "OPEN_EXR_MULTILAYER"
    if bpy.app.version >= (5, 0):
        node.format.media_type = "MULTI_LAYER_IMAGE" if is_multilayer else "IMAGE"
        node.format.file_format = kind
        node.directory, node.file_name = folder, name
        node.file_output_items.clear()
        for item, socket in items:
            node.file_output_items.new("FLOAT" if socket == "Depth" else "RGBA", item)
    else:
        node.format.file_format = kind
        node.base_path = folder + name if is_multilayer else folder
        node.file_slots.clear()
        slots = node.layer_slots if is_multilayer else node.file_slots
        for item, _ in items:
            slots.new(item if is_multilayer else name + item)
    if "EXR" in kind:
        node.format.exr_codec = "ZIP"
    for number, (_, socket) in enumerate(items):
        tree.links.new(layers.outputs[socket], node.inputs[number])
    return node


def passes(scene):
    scene.view_layers[0].use_pass_z = True
    tree, layers = tree_of(scene)
    output(tree, layers, "PNG", "//passes/", "", [("beauty", "Image"), ("sub/depth", "Depth"), ("a##z", "Image")])
    output(tree, layers, "OPEN_EXR_MULTILAYER", "//passes/layers/", "all_", [("Combined", "Image"), ("Z", "Depth")])
    output(tree, layers, "OPEN_EXR", ELSEWHERE + "/", "far_", [("image", "Image")])


def climbing(scene):
    """Names that lead out of the folder, and two nodes with one name."""
    tree, layers = tree_of(scene)
    output(tree, layers, "PNG", "//../../../out/", "", [("../../up", "Image")])
    output(tree, layers, "PNG", ELSEWHERE + "/", "", [("same", "Image")])
    output(tree, layers, "PNG", "/tmp/", "", [("same", "Image")])


KINDS = {
    "png": lambda scene: form(scene, "PNG", "16"),
    "exr": lambda scene: form(scene, "OPEN_EXR", "32"),
    "graded": lambda scene: (form(scene, "OPEN_EXR", "32"), graded(scene)),
    "half": lambda scene: form(scene, "OPEN_EXR", "16"),
    "multilayer": lambda scene: (form(scene, "OPEN_EXR_MULTILAYER", "32"), scene.view_layers.new("Second")),
    "jpeg": lambda scene: form(scene, "JPEG", mode="RGB"),
    "tiff": lambda scene: form(scene, "TIFF", "16"),
    "webp": lambda scene: form(scene, "WEBP"),
    "targa": lambda scene: form(scene, "TARGA"),
    "stereo": lambda scene: (form(scene, "PNG"), stereo(scene)),
    "stereo_exr": lambda scene: (form(scene, "OPEN_EXR", "32"), stereo(scene)),
    "views_in_one": lambda scene: (form(scene, "OPEN_EXR", "32"), stereo(scene, "MULTIVIEW")),
    "stereo_passes": lambda scene: (form(scene, "PNG"), stereo(scene), passes(scene)),
    "passes": lambda scene: (form(scene, "PNG"), passes(scene)),
    "climbing": lambda scene: (form(scene, "PNG"), climbing(scene)),
}

for kind, change in KINDS.items():
    if kind == "webp" and bpy.app.version < (3, 2):
        continue
    change(build())
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(FOLDER, kind + ".blend"), check_existing=False)
    print("made " + kind)
