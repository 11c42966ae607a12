"""Adds tire.py to a scene: blender -b --factory-startup -P tiring.py -- SOURCE.blend TARGET.blend"""

import os
import sys

import bpy

source, target = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.open_mainfile(filepath=source)
text = bpy.data.texts.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tire.py"), internal=True)
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath=target)
