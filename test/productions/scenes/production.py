"""Builds a production whose scene uses files of many kinds: blender … -P production.py -- FOLDER/shots/shot.blend CLIP FONT

The files are beside and above the blendfile. CLIP is a movie and FONT a font to copy there. The scene names its files in all
ways: relative, one folder up, absolute, as tiles, as a sequence, and as on Windows; a library names files of its own, and a
studio light is one of another Blender. Each frame shows all of them. `reference.blend` beside it has right paths only. Works on Blender 2.83 to 5.x.
"""

import os
import shutil
import sys

import bpy

blend, clip, font = sys.argv[sys.argv.index("--") + 1 :]
project = os.path.dirname(os.path.dirname(blend))


def at(path):
    whole = os.path.join(project, *path.split("/"))
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    return whole


def picture(path, *color):
    made = bpy.data.images.new("made", 32, 32)
    made.pixels = [value for _ in range(32 * 32) for value in (*color, 1.0)]
    made.filepath_raw, made.file_format = at(path), "PNG"
    made.save()
    bpy.data.images.remove(made)


def show(file, stored, place, source="FILE"):
    """A plane that shines with the image, which the blendfile names as `stored`."""
    bpy.ops.mesh.primitive_plane_add(size=2, location=place)
    shown = bpy.context.object
    material = bpy.data.materials.new("shining")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture, emission = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeEmission")
    image = bpy.data.images.load(file)
    image.source = source
    image.filepath_raw = stored
    texture.image = image
    texture.image_user.frame_duration = 6
    texture.image_user.use_auto_refresh = True
    links.new(texture.outputs[0], emission.inputs[0])
    links.new(emission.outputs[0], nodes["Material Output"].inputs[0])
    shown.data.materials.append(material)
    return shown


def into_collection(name, thing):
    collection = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(collection)
    collection.objects.link(thing)


def link(path, name, place, relative):
    with bpy.data.libraries.load(at(path), link=True, relative=relative) as (_, wanted):
        wanted.collections = [name]
    instance = bpy.data.objects.new(name, None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = bpy.data.collections[name]
    instance.location = place
    bpy.context.scene.collection.objects.link(instance)
    return instance


for number, path in enumerate(("shots/beside.png", "tex/up.png", "tex/absolute.png", "tex/windows.png", "lib/own.png", "lib/deep/own.png")):
    picture(path, number / 6, 0.9 - number / 8, 0.5)
for number in range(1, 7):
    picture("seq/im_%04d.png" % number, number / 6, 0.2, 0.8)
for tile in (1001, 1002):
    picture("tex/tile.%d.png" % tile, 0.2, (tile - 1000) / 2, 0.1)
shutil.copy(clip, at("clip.mp4"))
shutil.copy(font, at("fonts/font.ttf"))

bpy.ops.wm.read_factory_settings(use_empty=True)
into_collection("Deep", show(at("lib/deep/own.png"), "//own.png", (0, 0, 0)))
bpy.ops.wm.save_as_mainfile(filepath=at("lib/deep/deep.blend"), relative_remap=False)

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.save_as_mainfile(filepath=at("lib/lib.blend"))  # a library is named relative to a file that is saved
into_collection("Library", show(at("lib/own.png"), at("lib/own.png"), (0, 0, 0)))
bpy.data.collections["Library"].objects.link(link("lib/deep/deep.blend", "Deep", (0, -2.5, 0), True))
bpy.ops.wm.save_as_mainfile(filepath=at("lib/lib.blend"), relative_remap=False)

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.save_as_mainfile(filepath=at("shots/shot.blend"))
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False  # Debian's builds have no denoiser
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 160, 90, 100
scene.render.image_settings.color_mode = "RGB"
scene.frame_end = 4
show(at("shots/beside.png"), "//beside.png", (-7.5, 0, 0))
show(at("tex/up.png"), "//../tex/up.png", (-5, 0, 0))
show(at("tex/absolute.png"), at("tex/absolute.png"), (-2.5, 0, 0))
show(at("tex/windows.png"), "C:\\Users\\anna\\project\\tex\\windows.png", (0, 0, 0))
show(at("tex/tile.1001.png"), "//../tex/tile.<UDIM>.png", (2.5, 0, 0), "TILED")
show(at("seq/im_0001.png"), "//../seq/im_0001.png", (5, 0, 0), "SEQUENCE")
show(at("clip.mp4"), "//../clip.mp4", (7.5, 0, 0), "MOVIE")
studio_light = os.path.join("studiolights", "world", "forest.exr")
own_light = os.path.join(bpy.utils.system_resource("DATAFILES"), studio_light)
other_light = "C:\\Program Files\\Blender Foundation\\Blender\\2.80\\datafiles\\studiolights\\world\\forest.exr"
show(own_light, other_light, (-7.5, -2.5, 0))
text = bpy.data.curves.new("text", "FONT")
text.body, text.font = "Ag", bpy.data.fonts.load(at("fonts/font.ttf"))
text.font.filepath = "//../fonts/font.ttf"
text.materials.append(bpy.data.materials[0])
written = bpy.data.objects.new("text", text)
written.location = (-1, 2, 0)
scene.collection.objects.link(written)
link("lib/lib.blend", "Library", (3, 3, 0), False)
with bpy.data.libraries.load(at("lib/lib.blend"), link=True) as (_, wanted):
    wanted.objects = ["Plane"]
override = wanted.objects[0].override_create()
override.location = (-4, 3, 0)
scene.collection.objects.link(override)
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
camera.location = (0, 0, 24)
scene.collection.objects.link(camera)
scene.camera = camera
bpy.ops.wm.save_as_mainfile(filepath=at("shots/shot.blend"), relative_remap=False)

bpy.data.images["windows.png"].filepath_raw = at("tex/windows.png")
bpy.data.images["forest.exr"].filepath_raw = own_light
bpy.ops.wm.save_as_mainfile(filepath=at("shots/reference.blend"), relative_remap=False)
print("kinds: textures")
