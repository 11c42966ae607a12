"""A render engine in Python: each frame has one colour, which tells its number. Works on Blender 2.83 to 5.x."""

import bpy

bl_info = {
    "name": "Flat engine",
    "author": "the tests",
    "version": (1, 0, 0),
    "blender": (2, 80, 0),
    "category": "Render",
}


class FlatEngine(bpy.types.RenderEngine):
    bl_idname = "FLAT_ENGINE"
    bl_label = "Flat"

    def render(self, depsgraph):
        scene = depsgraph.scene
        share = scene.render.resolution_percentage / 100
        width, height = int(scene.render.resolution_x * share), int(scene.render.resolution_y * share)
        result = self.begin_result(0, 0, width, height)
        color = (scene.frame_current / 16, preferred_green(), 0.25, 1.0)
        result.layers[0].passes["Combined"].rect = [color] * (width * height)
        self.end_result(result)


class Preferences(bpy.types.AddonPreferences):
    bl_idname = __name__

    green: bpy.props.FloatProperty(default=0.5)


def preferred_green():
    """As most add-ons do, it reads its own preferences."""
    return bpy.context.preferences.addons[__name__].preferences.green


def register():
    bpy.utils.register_class(Preferences)
    bpy.utils.register_class(FlatEngine)


def unregister():
    bpy.utils.unregister_class(FlatEngine)
    bpy.utils.unregister_class(Preferences)
