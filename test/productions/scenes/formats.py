"""Builds a scene that plays Alembic and USD caches and has OSL shaders: python formats.py -- FOLDER/shots/shot.blend PICTURES

One shader is named by its text, the other by its compiled form. With a third argument the second one writes into that file.

Needs a Blender that was built with them, such as the module bpy. The caches and the shader are beside and above the
blendfile. Renders the frames into the folder PICTURES, as Blender itself does.
"""

import os
import sys

import bpy
import _cycles  # exists once bpy is there

blend, pictures, *written = sys.argv[sys.argv.index("--") + 1 :]
project = os.path.dirname(os.path.dirname(blend))
FRAMES = 4


def at(path):
    whole = os.path.join(project, *path.split("/"))
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    return whole


def moving():
    """A new file with a plane whose corners move."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.frame_end = FRAMES
    bpy.ops.mesh.primitive_plane_add(size=1)
    plane = bpy.context.object
    plane.shape_key_add(name="Basis")
    key = plane.shape_key_add(name="moved")
    for point in key.data:
        point.co.x *= 2
        point.co.y += 0.5
    for frame in (1, FRAMES):
        key.value = frame / FRAMES
        key.keyframe_insert("value", frame=frame)


def shine(thing, *color):
    material = bpy.data.materials.new("shining")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    emission = nodes.new("ShaderNodeEmission")
    emission.inputs[0].default_value = (*color, 1)
    links.new(emission.outputs[0], nodes["Material Output"].inputs[0])
    thing.data.materials.clear()
    thing.data.materials.append(material)
    return material.node_tree


def imported(operator, path, place, **options):
    before = set(bpy.data.objects)
    assert operator(filepath=at(path), **options) == {"FINISHED"}
    for thing in set(bpy.data.objects) - before:
        if thing.type == "MESH":
            holder = bpy.data.objects.new("holder", None)
            bpy.context.scene.collection.objects.link(holder)
            holder.location = place
            thing.parent = holder
            shine(thing, 0.9, 0.6, 0.2)


moving()
bpy.ops.wm.alembic_export(filepath=at("caches/one.abc"), start=1, end=FRAMES)
for frame in range(1, FRAMES + 1):
    bpy.ops.wm.alembic_export(filepath=at("caches/many_%04d.abc" % frame), start=frame, end=frame)
bpy.ops.wm.usd_export(filepath=at("caches/one.usdc"), export_animation=True)

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.wm.save_as_mainfile(filepath=at("shots/shot.blend"))
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.cycles.shading_system = True
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 160, 90, 100
scene.render.image_settings.color_mode = "RGB"
scene.frame_end = FRAMES
camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
camera.location = (0, 0, 12)
scene.collection.objects.link(camera)
scene.camera = camera
imported(bpy.ops.wm.alembic_import, "caches/one.abc", (-3, 1, 0), as_background_job=False, set_frame_range=False)
imported(bpy.ops.wm.alembic_import, "caches/many_0001.abc", (-1, 1, 0), as_background_job=False, set_frame_range=False, is_sequence=True)
imported(bpy.ops.wm.usd_import, "caches/one.usdc", (1, 1, 0), set_frame_range=False)
for cache in bpy.data.cache_files:
    cache.filepath = "//../caches/" + os.path.basename(cache.filepath)

for place, name, ending in (((-1, -1, 0), "stripes", "osl"), ((1, -1, 0), "dots", "oso")):
    more = 'fprintf("%s", "harm");' % written[0] if written and name == "dots" else ""
    with open(at("shaders/%s.osl" % name), "w") as file:
        file.write("shader %s(output color Shown = 0) { %s Shown = mod(P * %d, 1); }\n" % (name, more, len(name)))
    _cycles.osl_compile(at("shaders/%s.osl" % name), at("shaders/%s.oso" % name))
    bpy.ops.mesh.primitive_plane_add(size=1.5, location=place)
    tree = shine(bpy.context.object, 1, 1, 1)
    shader = tree.nodes.new("ShaderNodeScript")
    shader.mode, shader.filepath = "EXTERNAL", "//../shaders/%s.%s" % (name, ending)
    shader.outputs.new("NodeSocketColor", "Shown")  # the operator that reads it from the shader is not in the module bpy
    tree.links.new(shader.outputs["Shown"], tree.nodes["Emission"].inputs[0])
bpy.ops.wm.save_as_mainfile(filepath=at("shots/shot.blend"), relative_remap=False)
scene.render.filepath = os.path.join(pictures, "frame_####")
bpy.ops.render.render(animation=True)
