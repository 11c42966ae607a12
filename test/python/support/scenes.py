"""Makes the blendfiles of the tests; run inside Blender: `blender -b --factory-startup -P scenes.py -- FOLDER`."""

import os
import sys

import bpy


def plain(scene):
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.samples = 4
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    cube = bpy.data.objects["Cube"]
    for frame, place in ((1, 0.0), (24, 3.0)):
        cube.location.x = place
        cube.keyframe_insert("location", frame=frame)
    scene.frame_set(7)


def save(folder, name):
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, name + ".blend"))


def main(folder):
    scene = bpy.context.scene
    plain(scene)
    save(folder, "plain")

    # A script that moves the cube in every frame.
    mover = bpy.data.texts.new("move.py")
    mover.write("import bpy\ncube = bpy.data.objects['Cube']\ncube.animation_data_clear()\ncube.location = (0, 0, 1.5)\n")
    mover.use_module = True
    save(folder, "scripted")
    bpy.data.texts.remove(mover)

    # A script that hides the cube once this process has rendered ten frames.
    scripts = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support/scenes")
    tiring = bpy.data.texts.load(os.path.join(scripts, "tire.py"), internal=True)
    tiring.use_module = True
    save(folder, "tiring")
    bpy.data.texts.remove(tiring)

    # A file that writes anywhere, and has a script, a missing texture, a second scene and markers with cameras.
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.filepath = os.path.join(folder, "forbidden", "movie")
    scene.use_nodes = True
    output = scene.node_tree.nodes.new("CompositorNodeOutputFile")
    output.base_path = os.path.join(folder, "forbidden", "nodes")
    scene.node_tree.links.new(scene.node_tree.nodes["Render Layers"].outputs[0], output.inputs[0])
    script = bpy.data.texts.new("run.py")
    script.write("import pathlib; pathlib.Path(%r).mkdir()" % os.path.join(folder, "script-ran"))
    script.use_module = True
    image = bpy.data.images.new("wood", 4, 4)
    image.source, image.filepath = "FILE", "//textures/wood.png"
    image.use_fake_user = True
    other = bpy.data.cameras.new("Side")
    side = bpy.data.objects.new("Side", other)
    scene.collection.objects.link(side)
    side.location = (8, 0, 0)
    side.rotation_euler = (1.57, 0, 1.57)
    for frame, camera in ((1, bpy.data.objects["Camera"]), (10, side)):
        marker = scene.timeline_markers.new("m%d" % frame, frame=frame)
        marker.camera = camera
    scene.frame_end = 24
    scene.render.resolution_percentage = 77
    bpy.data.scenes.new("Empty")
    save(folder, "busy")

    # Slow enough to be killed in the middle of a frame.
    scene.use_nodes = False
    scene.render.resolution_x, scene.render.resolution_y = 160, 90
    scene.render.resolution_percentage = 100
    scene.cycles.samples = 200000
    scene.cycles.use_adaptive_sampling = False
    save(folder, "slow")


main(sys.argv[sys.argv.index("--") + 1])
