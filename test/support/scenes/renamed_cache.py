"""Places a cache that claims to have had another name, in the opened file and in a library, and prints what is then beside
that file: blender … -P renamed_cache.py -- FOLDER SCRIPTS

Blender renames the files of the former name where it gets a chance. Works on 2.83 to 5.x.
"""

import os
import sys

import bpy

folder, scripts = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, scripts)
from farm_slot.simulations import caches  # noqa: E402

FORMER, NAME = (name.ljust(64, b"\0") for name in (b"former", b"present"))
path = os.path.join(folder, "cloth.blend")
beside = os.path.join(folder, "blendcache_cloth")


def make():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    collection = bpy.data.collections.new("Clothes")
    bpy.context.scene.collection.children.link(collection)
    bpy.ops.mesh.primitive_grid_add()
    thing = bpy.context.object
    bpy.context.scene.collection.objects.unlink(thing)
    collection.objects.link(thing)
    bpy.ops.wm.save_as_mainfile(filepath=path)  # without it, there is no cache on disk
    cache = thing.modifiers.new("c", "CLOTH").point_cache
    cache.use_disk_cache, cache.name = True, "former"
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
    with open(path, "rb") as stream:
        data = stream.read()
    assert data.count(FORMER * 2) == 1
    with open(path, "wb") as stream:
        stream.write(data.replace(FORMER * 2, NAME + FORMER))
    os.makedirs(beside, exist_ok=True)
    open(os.path.join(beside, "former_000009_00.bphys"), "wb").close()


def place(what):
    (thing,) = [each for each in bpy.data.objects if each.modifiers]
    cache = thing.modifiers[-1].point_cache
    assert cache.name == "present"
    caches.place(cache, os.path.join(folder, "own"))
    print("beside %s: %s" % (what, sorted(name for name in os.listdir(beside) if "9" in name)))
    assert (cache.name, cache.filepath) == ("points0", os.path.join(folder, "own"))


make()
bpy.ops.wm.open_mainfile(filepath=path)
place("file")
bpy.ops.wm.read_factory_settings(use_empty=True)
with bpy.data.libraries.load(path, link=True) as (_, wanted):
    wanted.collections = ["Clothes"]
bpy.context.scene.collection.children.link(wanted.collections[0])
place("library")
