"""A slot: a Blender that opens a scene and renders the frames that its supervisor asks for.

The node starts it as `blender -b … -P slot_main.py`; the supervisor's port and a token are in the environment.
Only this script and `farm_slot` use bpy to render. They are limited to Python 3.7 syntax.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from farm_slot.channel import Channel  # noqa: E402
from farm_slot.work import serve  # noqa: E402

if __name__ == "__main__":
    serve(Channel.connect())
    sys.exit(0)  # otherwise Blender would continue with the rest of its command line
