"""Builds a scene that shows numbered sequences in many ways: blender … -P sequences.py -- FOLDER/shot.blend

Every picture is another one. It was saved at frame 8 of 12. Works on Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(__file__))
from numbered import picture

blend = sys.argv[sys.argv.index("--") + 1]
folder = os.path.dirname(blend)


def sequence(name, numbers):
    for number in numbers:
        picture(os.path.join(folder, "%s/s_%04d.png" % (name, number)), 8)
    image = bpy.data.images.load(os.path.join(folder, "%s/s_%04d.png" % (name, numbers[0])))
    image.filepath = "//%s/s_%04d.png" % (name, numbers[0])
    image.source = "SEQUENCE"
    return image


def settings(user, start, length, offset, cyclic):
    user.frame_start, user.frame_duration, user.frame_offset = start, length, offset
    user.use_cyclic, user.use_auto_refresh = cyclic, True


planes = 0


def shine(image, *given):
    """A plane that shows the sequence. Returns what says which picture."""
    global planes
    bpy.ops.mesh.primitive_plane_add(size=1, location=(planes % 4 - 1.5, planes // 4 - 1.5, 0))
    planes += 1
    material = bpy.data.materials.new("shining")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture, emission = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeEmission")
    texture.image, texture.interpolation = image, "Closest"
    settings(texture.image_user, *given)
    links.new(texture.outputs["Color"], emission.inputs["Color"])
    links.new(emission.outputs[0], nodes["Material Output"].inputs["Surface"])
    bpy.context.object.data.materials.append(material)
    return texture.image_user


bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
bpy.ops.wm.save_as_mainfile(filepath=blend)  # relative paths need a folder

shine(sequence("plain", range(1, 21)), 1, 20, 0, False)
shine(sequence("shifted", range(1, 21)), 3, 8, 5, False)
shine(sequence("cyclic", range(1, 10)), 2, 3, 4, True)
shared = sequence("shared", range(1, 21))
shine(shared, 1, 20, 0, False)
shine(shared, 1, 20, 3, False)
shine(sequence("still", range(1, 6)), 1, 5, 0, False).use_auto_refresh = False
keyed = shine(sequence("keyed", range(1, 6)), 1, 5, 0, False)
keyed.keyframe_insert("frame_offset", frame=1)
keyed.frame_offset = 3
keyed.keyframe_insert("frame_offset", frame=12)
for version in (1, 2, 3):
    picture(os.path.join(folder, "tex/wood_v%03d.png" % version), 8)
wood = bpy.data.images.load(os.path.join(folder, "tex/wood_v002.png"))
wood.filepath = "//tex/wood_v002.png"
shine(wood, 1, 1, 0, False)

world = bpy.data.worlds.new("sky")
world.use_nodes = True
sky = world.node_tree.nodes.new("ShaderNodeTexEnvironment")
sky.image = sequence("sky", range(0, 13))
settings(sky.image_user, 1, 12, 0, False)
world.node_tree.links.new(sky.outputs[0], world.node_tree.nodes["Background"].inputs["Color"])
world.cycles.sampling_method = "NONE"  # it would take most of the time
scene.world = world

bpy.ops.object.camera_add(location=(0, 0, 5))
scene.camera = bpy.context.object
scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 5
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x = scene.render.resolution_y = 60
scene.render.fps = 24
if hasattr(scene.render.image_settings, "media_type"):
    scene.render.image_settings.media_type = "IMAGE"
scene.render.image_settings.file_format = "PNG"
scene.frame_start, scene.frame_end = 1, 12
scene.frame_set(8)
bpy.ops.wm.save_as_mainfile(filepath=blend)
