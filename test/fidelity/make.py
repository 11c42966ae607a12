"""Makes the feature scenes: blender -b --factory-startup -P make.py -- FOLDER [FEATURE...]

Prints a line for each: "made NAME", "simulated NAME" if its truth is the played scene, "unsupported NAME: why" or "failed NAME: why".
"""

import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from features import features, simulated  # noqa: E402
from features.base import Unsupported, new_scene, place  # noqa: E402

folder, *wanted = sys.argv[sys.argv.index("--") + 1 :]
place["folder"] = folder
for name, make in features.items():
    if wanted and name not in wanted:
        continue
    try:
        make(*new_scene())
        bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, name + ".blend"), compress=False)
        print("simulated" if name in simulated else "made", name)
    except Unsupported as why:
        print("unsupported %s: %s" % (name, why))
    except Exception as error:
        print("failed %s: %r" % (name, error))
