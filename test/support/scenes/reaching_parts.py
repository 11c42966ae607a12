"""The parts of reaching.py's scenes. It reads the same command line as reaching.py."""

import os
import sys

import bpy

folder, port, *wanted = sys.argv[sys.argv.index("--") + 1 :]
url = "http://127.0.0.1:%s/" % port


def fresh(name):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.name = name
    return configured(bpy.context.scene)


def configured(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.samples = 1
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    scene.render.image_settings.color_mode, scene.render.image_settings.compression = "RGB", 15
    scene.frame_start, scene.frame_end, scene.render.fps = 1, 3, 24
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.data.type, camera.data.ortho_scale = (0, 0, 5), "ORTHO", 2
    scene.collection.objects.link(camera)
    scene.camera = camera
    return scene


def film(name):
    """Three frames that Blender has rendered."""
    scene = fresh("Film")
    scene.world = bpy.data.worlds.new("World")
    for frame, color in ((1, (0.9, 0.2, 0.1)), (3, (0.1, 0.3, 0.8))):
        scene.world.color = color
        scene.world.keyframe_insert("color", frame=frame)
    image_settings = scene.render.image_settings
    if hasattr(image_settings, "media_type"):
        image_settings.media_type = "VIDEO"
    image_settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MKV", "FFV1"
    scene.render.use_file_extension = False
    scene.render.filepath = os.path.join(folder, name)
    bpy.ops.render.render(animation=True)


def picture(name, color):
    made = bpy.data.images.new(name, 4, 4)
    made.pixels = list(color + (1.0,)) * 16
    made.filepath_raw, made.file_format = os.path.join(folder, name), "PNG"
    made.save()
    bpy.data.images.remove(made)


def image(path, source="MOVIE"):
    made = bpy.data.images.new("image", 4, 4)
    made.source = source
    made.filepath_raw = path
    return made


def packed(path, source):
    """An image packed into the blendfile. As a movie Blender looks for it elsewhere, and lists it nowhere."""
    made = bpy.data.images.load(os.path.join(folder, "packed.png"))
    made.pack()
    made.source = source
    made.filepath_raw = path
    return made


def screens(scene, images):
    """Emissive planes side by side, each with an image."""
    for number, shown in enumerate(images):
        left, right = (2 * edge / len(images) - 1 for edge in (number, number + 1))
        mesh = bpy.data.meshes.new("Screen")
        mesh.from_pydata([(left, -1, 0), (right, -1, 0), (right, 1, 0), (left, 1, 0)], [], [(0, 1, 2, 3)])
        corners = mesh.uv_layers.new().data
        for corner, place in zip(corners, ((0, 0), (1, 0), (1, 1), (0, 1))):
            corner.uv = place
        plane = bpy.data.objects.new("Screen", mesh)
        scene.collection.objects.link(plane)
        material = bpy.data.materials.new("Screen")
        mesh.materials.append(material)
        material.use_nodes = True
        nodes = material.node_tree.nodes
        nodes.clear()
        texture, light, output = (nodes.new("ShaderNode" + kind) for kind in ("TexImage", "Emission", "OutputMaterial"))
        texture.image = shown
        texture.image_user.frame_duration = 3
        texture.image_user.use_auto_refresh = True
        material.node_tree.links.new(texture.outputs[0], light.inputs[0])
        material.node_tree.links.new(light.outputs[0], output.inputs[0])


def strips_of(scene):
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def movie(strips, path, channel):
    """Made with an existing movie, which 2.83 requires."""
    strip = strips.new_movie("movie", os.path.join(folder, "film.mkv"), channel, 1)
    if strip.filepath != path:
        strip.filepath = path
    return strip


def clip(path):
    made = bpy.data.movieclips.load(os.path.join(folder, "film.mkv"))
    if made.filepath != path:
        made.filepath = path
    return made


def tree_of(scene):
    """Returns the compositor's tree and its output node."""
    if not hasattr(scene, "compositing_node_group"):
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
        return scene.node_tree, scene.node_tree.nodes.new("CompositorNodeComposite")
    tree = scene.compositing_node_group = bpy.data.node_groups.new("Tree", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    return tree, tree.nodes.new("NodeGroupOutput")


def save(name):
    path = os.path.join(folder, name + ".blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, relative_remap=False, compress=False)
    return path
