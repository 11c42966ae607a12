"""An add-on that plays one frame whenever a file has been opened, as soon as it can. Works on Blender 2.83 to 5.x."""

import bpy

bl_info = {
    "name": "Early",
    "author": "the tests",
    "version": (1, 0, 0),
    "blender": (2, 80, 0),
    "category": "Render",
}


@bpy.app.handlers.persistent
def play(*_):
    scene = bpy.context.scene
    scene.frame_set(scene.frame_current + 1)


def register():
    bpy.app.handlers.load_post.append(play)


def unregister():
    bpy.app.handlers.load_post.remove(play)
