"""Tells what a scene is like at frames, as a slot does: blender -b ... -P order.py -- BLEND play|jump FRAME...

Prints "digests" and, as JSON, the digests by frame and name.
"""

import json
import os
import sys

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../blender_scripts")
sys.path.insert(0, SCRIPTS)

from farm_slot import work  # noqa: E402


class Told:
    """Takes what the slot would tell its supervisor."""

    def send(self, event):
        if event["event"] == "digested":
            print("digests", json.dumps(event["digests"]))


blend, way, *frames = sys.argv[sys.argv.index("--") + 1 :]
slot = work.Work(Told())
load = {"blend": blend, "scripts": False, "outputs": blend + ".outputs", "moved": {}, "scene": None, "colorMode": None}
slot.load({**load, "project": os.path.dirname(blend), "simulations": None})
slot.digest({"frames": [int(frame) for frame in frames], "play": way == "play"})
