"""Builds a scene and a color configuration that turns its colors round: blender … -P colors.py -- FOLDER/shot.blend

`FOLDER/colors/config.ocio` is a configuration of OpenColorIO whose only view inverts with a look-up table. Works on
Blender 2.83 to 5.x.
"""

import os
import sys

import bpy

CONFIG = """ocio_profile_version: 1
search_path: luts
strictparsing: false
roles:
  color_picking: sRGB
  data: Raw
  default: Linear
  default_byte: sRGB
  default_float: Linear
  default_sequencer: sRGB
  matte_paint: sRGB
  reference: Linear
  rendering: Linear
  scene_linear: Linear
  texture_paint: Linear
displays:
  sRGB:
    - !<View> {name: Standard, colorspace: Inverted}
active_displays: [sRGB]
active_views: [Standard]
colorspaces:
  - !<ColorSpace>
    name: Linear
    family: linear
    bitdepth: 32f
    isdata: false
  - !<ColorSpace>
    name: Raw
    family: raw
    bitdepth: 32f
    isdata: true
  - !<ColorSpace>
    name: sRGB
    family: display
    bitdepth: 32f
    isdata: false
    to_reference: !<ExponentTransform> {value: [2.2, 2.2, 2.2, 1]}
  - !<ColorSpace>
    name: Inverted
    family: display
    bitdepth: 32f
    isdata: false
    from_reference: !<FileTransform> {src: inverted.spi1d, interpolation: linear}
"""

TABLE = "Version 1\nFrom 0.0 1.0\nLength 3\nComponents 1\n{\n1.0\n0.3\n0.0\n}\n"

blend = sys.argv[sys.argv.index("--") + 1]
colors = os.path.join(os.path.dirname(blend), "colors")
os.makedirs(os.path.join(colors, "luts"))
with open(os.path.join(colors, "config.ocio"), "w") as file:
    file.write(CONFIG)
with open(os.path.join(colors, "luts", "inverted.spi1d"), "w") as file:
    file.write(TABLE)

bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
bpy.ops.object.camera_add(location=(0, 0, 5))
scene.camera = bpy.context.object
bpy.ops.mesh.primitive_plane_add(size=2)
bpy.context.object.location.x = -1
bpy.context.object.keyframe_insert("location", frame=1)
bpy.context.object.location.x = 1
bpy.context.object.keyframe_insert("location", frame=4)
material = bpy.data.materials.new("shining")
material.use_nodes = True
emission = material.node_tree.nodes.new("ShaderNodeEmission")
emission.inputs["Color"].default_value = (0.8, 0.3, 0.1, 1)
material.node_tree.links.new(emission.outputs[0], material.node_tree.nodes["Material Output"].inputs["Surface"])
bpy.context.object.data.materials.append(material)
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x = scene.render.resolution_y = 64
scene.render.fps = 24
if hasattr(scene.render.image_settings, "media_type"):
    scene.render.image_settings.media_type = "IMAGE"
scene.render.image_settings.file_format = "PNG"
scene.frame_start, scene.frame_end = 1, 4
bpy.ops.wm.save_as_mainfile(filepath=blend)
print("kinds: colors")
