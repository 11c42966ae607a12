"""A text in a blendfile, for tests: it hides the cube once this process has rendered ten frames."""

import bpy

rendered = []


@bpy.app.handlers.persistent
def count(scene, *_):
    rendered.append(scene.frame_current)


@bpy.app.handlers.persistent
def tire(scene, *_):
    bpy.data.objects["Cube"].hide_render = len(rendered) >= 10


bpy.app.handlers.render_post.append(count)
bpy.app.handlers.frame_change_pre.append(tire)
