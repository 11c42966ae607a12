"""Bakes scenes of the frames 101 to 106 as a slot does, and prints what it tells of each: blender … -P bake_progress.py --
FOLDER SCRIPTS. A line is "told KIND", the shares that are done as JSON, and how many times a file was opened.

In each there are also a cloth that is baked until frame 140, and one of another scene that ends at frame 900. Works on 2.83
to 5.x.
"""

import json
import os
import sys

import bpy
from bpy.app.handlers import persistent

folder, scripts = sys.argv[sys.argv.index("--") + 1 :]
tests = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [scripts, os.path.join(tests, "fidelity")]
from farm_slot import work  # noqa: E402
from features.base import VERSION, cube, new_scene  # noqa: E402
from features.simulated import dynamic_paint as add_paint, emit, simulation_zone  # noqa: E402

FIRST, LAST = 101, 106
work.STEPS_INTERVAL_S = 0  # so that each frame is told


opened = []
bpy.app.handlers.load_pre.append(persistent(lambda *_: opened.append(1)))


class Told:
    def __init__(self):
        self.shares = []

    def send(self, event):
        if event["event"] == "baking":
            self.shares.append(event["share"])


def cloth_until(last):
    cache = cube((0, 0, 9)).modifiers.new("c", "CLOTH").point_cache
    cache.frame_start, cache.frame_end = FIRST, last
    return bpy.context.object


def empty_scene():
    scene, thing = new_scene()
    scene.frame_start, scene.frame_end = FIRST, LAST
    cloth_until(140)
    bpy.ops.ptcache.bake_all(bake=True)
    scene.frame_set(FIRST)
    elsewhere = cloth_until(900)
    bpy.data.scenes.new("Elsewhere").collection.objects.link(elsewhere)
    scene.collection.objects.unlink(elsewhere)
    return scene, thing


def cloth(scene, thing):
    cloth_until(LAST)


def dynamic_paint(scene, thing):
    add_paint(scene, thing)
    cache = bpy.data.objects["Grid"].modifiers[-1].canvas_settings.canvas_surfaces[0].point_cache
    cache.frame_start, cache.frame_end = FIRST, LAST


def cloth_and_paint(scene, thing):
    cloth(scene, thing)
    dynamic_paint(scene, thing)


def particles(scene, thing):
    settings = emit(thing)
    settings.frame_start, settings.frame_end, settings.lifetime = FIRST, FIRST + 2, 1000


def zone(scene, thing):
    simulation_zone(scene, thing)
    bpy.context.view_layer.objects.active = None


def cloth_and_zone(scene, thing):
    cloth(scene, thing)
    zone(scene, thing)


for make in (cloth, dynamic_paint, cloth_and_paint, particles, zone, cloth_and_zone):
    if VERSION < (3, 6) and "zone" in make.__name__:
        continue
    make(*empty_scene())
    path = os.path.join(folder, make.__name__ + ".blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    told = Told()
    opened.clear()
    slot = work.Work(told)
    command = {"blend": path, "project": folder, "outputs": os.path.join(folder, "outputs"), "scripts": False, "moved": {}}
    slot.bake({**command, "scene": None, "path": os.path.join(folder, "baked.blend")})
    print("told %s %s %d" % (make.__name__, json.dumps(told.shares).replace(" ", ""), len(opened)), flush=True)
