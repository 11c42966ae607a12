"""Makes the scenes of cases.py, renders those that are set by hand, and renders the others as a slot does:

blender -b ... -P run.py -- make FOLDER | hand FOLDER | slot FOLDER | file FOLDER | told FOLDER

Scenes are FOLDER/CASE-KIND.blend. All but `make` print "said" and a JSON object. `hand` and `slot`: for each scene the pictures
of two frames as digests, the properties at the later frame, and the slot's warnings; `file`: the properties, as the artist's
file has them; `told`: what a slot says of the overrides in TOLD, with the engine then.
"""

import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../../blender_scripts")]

import bpy  # noqa: E402
import cases  # noqa: E402
import scenes  # noqa: E402
from farm_node.slots.picture_pixels import pixels_of  # noqa: E402
from farm_slot import settings, work  # noqa: E402
from farm_slot.faults import SlotFault  # noqa: E402
from farm_slot.output.pictures import FILE_FORMATS  # noqa: E402

FRAMES = (1, 5)

ANY_PICTURES = {"formats": list(FILE_FORMATS), "depth": None, "nodes": False, "video": False}
"""A job that leaves the format to the scene."""


def make(folder):
    for name, (_, artist, by_hand) in cases.CASES.items():
        kinds = dict(artist, hand=by_hand)
        if name in cases.IN_TRACKS:
            kinds["tracked"] = lambda scene, keyed=artist["keyed"]: (keyed(scene), scenes.into_track(scene))
        for kind, act in kinds.items():
            act(scenes.base())
            path = "%s/%s-%s.blend" % (folder, name, kind)
            bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)


def digest(path):
    return hashlib.sha256(pixels_of(path)).hexdigest()


def hand(path):
    """As `blender -a` renders it."""
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=False)
    scene = bpy.context.scene
    system = bpy.context.preferences.system
    if hasattr(system, "use_gpu_subdivision"):
        system.use_gpu_subdivision = False  # or else a process subdivides its first picture otherwise than later ones
    scene.render.image_settings.compression = settings.COMPRESSION  # pictures are compared as they are compressed
    pictures = []
    for frame in FRAMES:
        scene.frame_start = scene.frame_end = frame
        scene.render.filepath = path + "-####"
        bpy.ops.render.render(animation=True)
        pictures.append(digest(scene.render.frame_path(frame=frame)))
    scene.frame_set(FRAMES[-1])
    return {"pictures": pictures, "properties": scenes.properties(scene), "warnings": []}


class Told:
    """Takes what the slot would tell its supervisor."""

    def send(self, event):
        if event["event"] == "loaded":
            self.warnings = event["warnings"]


def loaded(path, overrides, pictures=None):
    """A slot that has opened the file, and what it has told."""
    channel = Told()
    its = work.Work(channel)
    load = {"blend": path, "scripts": False, "outputs": path + "-outputs", "moved": {}, "scene": None, "colorMode": None}
    its.load({**load, "pictures": pictures, "project": os.path.dirname(path), "simulations": None, "overrides": overrides})
    return its, channel


def slot(path, overrides):
    its, channel = loaded(path, overrides)
    its.sample({"path": path + "-sample.png"})
    pictures = []
    for frame in FRAMES:
        its.render({"frame": frame, "path": "%s-%d.png" % (path, frame)})
        pictures.append(digest("%s-%d.png" % (path, frame)))
    scene = bpy.context.scene
    scene.frame_set(FRAMES[-1])
    return {"pictures": pictures, "properties": scenes.properties(scene), "warnings": channel.warnings}


def in_file(path):
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=False)
    bpy.context.scene.frame_set(FRAMES[-1])
    return {"properties": scenes.properties(bpy.context.scene)}


def told(folder):
    said = {}
    for name, (overrides, act) in cases.TOLD.items():
        act(scenes.base())
        path = folder + "/told.blend"
        bpy.ops.wm.save_as_mainfile(filepath=path, compress=False)
        try:
            said[name] = loaded(path, overrides, ANY_PICTURES)[1].warnings + [bpy.context.scene.render.engine]
        except SlotFault as fault:
            said[name] = {"code": fault.code, "message": str(fault)}
    return said


def files_in(folder):
    for file in sorted(os.listdir(folder)):
        found = re.match(r"(\w+)-(\w+)\.blend$", file)
        if found:
            yield os.path.join(folder, file), found[1], found[2]


def run(mode, folder):
    if mode == "make":
        return make(folder)
    said = told(folder) if mode == "told" else {}
    for path, name, kind in files_in(folder) if mode != "told" else ():
        if (kind == "hand") != (mode == "hand"):
            continue
        if mode == "hand":
            said["%s-%s" % (name, kind)] = hand(path)
        elif mode == "file":
            said["%s-%s" % (name, kind)] = in_file(path)
        elif name != "everything":
            said["%s-%s" % (name, kind)] = slot(path, cases.CASES[name][0])
    print("said " + json.dumps(said))


run(*sys.argv[sys.argv.index("--") + 1 :])
