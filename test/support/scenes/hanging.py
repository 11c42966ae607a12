"""Adds a script to a blendfile and saves it: blender -b --factory-startup -P hanging.py -- FILE.blend FOLDER

If scripts are allowed, it makes Blender hang for ever at the start of a frame, if FOLDER has a file with the name of the
rendering node. It renames the file, to show that, and so that the next frame is rendered.
"""

import sys

import bpy

SCRIPT = """
import os

import bpy

FOLDER = %r


@bpy.app.handlers.persistent
def hang(*_):
    for name in os.listdir(FOLDER) if os.path.isdir(FOLDER) else []:
        if "/%%s/cache/" %% name in os.environ.get("TMPDIR", ""):
            try:
                os.rename(os.path.join(FOLDER, name), os.path.join(FOLDER, name + ".hangs"))
            except OSError:
                return  # it was removed again
            while True:
                pass


bpy.app.handlers.render_pre.append(hang)
"""

blendfile, folder = sys.argv[sys.argv.index("--") + 1 :]

bpy.ops.wm.open_mainfile(filepath=blendfile)
text = bpy.data.texts.new("hang.py")
text.write(SCRIPT % folder)
text.use_module = True
bpy.ops.wm.save_mainfile()
