"""One slot: a Blender that opens one scene and renders the frames its supervisor names.

Started by the node as `blender -b … -P slot_main.py`; the supervisor's port and a token are in the environment.
This script and `farm_slot` are all that touch bpy to render, and keep to Python 3.7 syntax.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from farm_slot.channel import Channel  # noqa: E402
from farm_slot.work import serve  # noqa: E402

if __name__ == "__main__":
    serve(Channel.connect())
    sys.exit(0)  # without it Blender would go on to read the rest of its command line
