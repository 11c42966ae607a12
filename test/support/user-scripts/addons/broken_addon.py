"""An add-on that cannot be enabled."""

bl_info = {
    "name": "Broken",
    "author": "the tests",
    "version": (1, 0, 0),
    "blender": (2, 80, 0),
    "category": "Render",
}


def register():
    raise RuntimeError("no licence was found")


def unregister():
    pass
