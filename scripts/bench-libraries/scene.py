"""Makes a project whose scene links many libraries: blender … -P scene.py -- FOLDER LIBRARIES PICTURES

A third of the libraries is linked by the scene, a third by those, and the last third by the second. Each has its own
pictures, in a folder of its own.
"""

import os
import struct
import sys
import zlib

import bpy

folder, libraries, pictures = sys.argv[sys.argv.index("--") + 1 :]
count, each = int(libraries), int(pictures) // int(libraries)


def png(number):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + struct.pack(">BBB", number % 256, number // 256, 128) * 16 for _ in range(16))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def path_of(number):
    return os.path.join(folder, "lib", "asset_%03d.blend" % number)


def link(number):
    with bpy.data.libraries.load(path_of(number), link=True, relative=True) as (there, here):
        here.collections = there.collections
    for collection in here.collections:
        instance = bpy.data.objects.new("instance", None)
        instance.instance_type, instance.instance_collection = "COLLECTION", collection
        yield instance


os.makedirs(os.path.join(folder, "lib"))
for number in reversed(range(count)):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=path_of(number))  # relative paths need a folder
    collection = bpy.data.collections.new("asset %d" % number)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32)
    thing = bpy.context.object
    os.makedirs(os.path.join(folder, "tex", str(number)))
    for index in range(each):
        name = "tex/%d/picture_%d_.png" % (number, index)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(png(number * each + index))
        material = bpy.data.materials.new("material")
        material.use_nodes = True
        texture = material.node_tree.nodes.new("ShaderNodeTexImage")
        texture.image = bpy.data.images.load(os.path.join(folder, name))
        texture.image.filepath = "//../" + name
        thing.data.materials.append(material)
    collection.objects.link(thing)
    if number + count // 3 < count:
        for instance in link(number + count // 3):
            collection.objects.link(instance)
    bpy.context.scene.collection.children.link(collection)
    bpy.ops.wm.save_mainfile()

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, "shot.blend"))
for number in range(count // 3):
    for instance in link(number):
        scene.collection.objects.link(instance)
bpy.ops.object.camera_add(location=(0, -10, 0))
scene.camera = bpy.context.object
scene.render.engine = "CYCLES"
bpy.ops.wm.save_mainfile()
