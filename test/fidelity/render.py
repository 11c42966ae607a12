"""Renders frames of a blendfile as a slot does, in one process: blender -b ... -P render.py -- BLEND WAY FOLDER FRAME...

WAY is how the process is used, "persistent", "kept" or "reopened", or "chosen" for what a slot would choose. Prints "way"
and the way.
"""

import os
import sys

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../blender_scripts")
sys.path.insert(0, SCRIPTS)

from farm_slot import work  # noqa: E402
from farm_slot.reuse import Reuse  # noqa: E402


class Told:
    """Takes what the slot would tell its supervisor."""

    def send(self, event):
        if event["event"] == "loaded":
            print("way", event["scene"]["reuse"]["way"], event["scene"]["reuse"]["why"])


blend, way, folder, *frames = sys.argv[sys.argv.index("--") + 1 :]
slot = work.Work(Told(), None if way == "chosen" else Reuse(way, "chosen by a test"))
load = {"blend": blend, "scripts": False, "outputs": folder + "/outputs", "moved": {}, "scene": None, "colorMode": None}
simulations = "play" if way == "chosen" else None
slot.load({**load, "project": os.path.dirname(blend), "simulations": simulations})
if way == "chosen":
    slot.sample({"path": folder + "/sample.png"})
for frame in frames:
    slot.render({"frame": int(frame), "path": "%s/%s.png" % (folder, frame)})
