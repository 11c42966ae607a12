"""Compositing, the sequencer, and particles."""

import bpy

from .base import ALTERNATING, FRAMES, VERSION, add, compositor, configure, cube, feature, key, link, material, need
from .base import noise_image, show, strips_of, turn


def hair(thing, **settings):
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.particle_system_add()
    made = thing.particle_systems[0].settings
    made.type, made.count, made.hair_length = "HAIR", 100, 2
    for name, value in settings.items():
        setattr(made, name, value)
    return made


@feature
def composited(scene, thing):
    tree, layer, target = compositor(scene)
    blur = tree.nodes.new("CompositorNodeBlur")
    if hasattr(blur, "size_x"):
        blur.size_x = blur.size_y = 6
    link(tree, layer.outputs["Image"], blur.inputs[0])
    link(tree, blur.outputs[0], target)
    turn(thing)


@feature
def composited_keyed(scene, thing):
    tree, layer, target = compositor(scene)
    hue = tree.nodes.new("CompositorNodeHueSat")
    link(tree, layer.outputs["Image"], hue.inputs["Image"])
    link(tree, hue.outputs[0], target)
    saturation = hue.inputs["Saturation"]
    key(saturation, "default_value", {1: 0.0, FRAMES: 2.0})


@feature
def mist_pass(scene, thing):
    scene.view_layers[0].use_pass_mist = True
    tree, layer, target = compositor(scene)
    link(tree, layer.outputs["Mist"], target)
    key(scene.world.mist_settings, "start", {1: 0.0, FRAMES: 14.0})


@feature
def normal_pass(scene, thing):
    scene.view_layers[0].use_pass_normal = True
    tree, layer, target = compositor(scene)
    link(tree, layer.outputs["Normal"], target)
    turn(thing)


@feature
def vector_blur(scene, thing):
    scene.view_layers[0].use_pass_vector = scene.view_layers[0].use_pass_z = True
    tree, layer, target = compositor(scene)
    blur = tree.nodes.new("CompositorNodeVecBlur")
    link(tree, layer.outputs["Image"], blur.inputs["Image"])
    link(tree, layer.outputs["Depth"], next(each for each in blur.inputs if each.name in ("Z", "Depth")))
    link(tree, layer.outputs["Vector"], next(each for each in blur.inputs if each.name in ("Speed", "Vector")))
    link(tree, blur.outputs[0], target)
    key(thing, "location", {1: (-3, 0, 3), FRAMES: (3, 0, 3)})


@feature
def scene_in_compositor(scene, thing):
    turn(thing)
    other = bpy.data.scenes.new("Composited")
    configure(other)
    other.collection.objects.link(scene.camera)
    other.camera = scene.camera
    _, layer, _ = compositor(other)
    layer.scene = scene
    show(other)


@feature
def scene_strip(scene, thing):
    turn(thing)
    other = bpy.data.scenes.new("Edit")
    configure(other)
    strips_of(other.sequence_editor_create()).new_scene("S", scene, 1, 1)
    show(other)


@feature
def color_strips(scene, thing):
    editor = scene.sequence_editor_create()
    if VERSION >= (5, 0):
        strip = strips_of(editor).new_effect("C", "COLOR", 1, 1, length=FRAMES)
    else:
        strip = strips_of(editor).new_effect("C", "COLOR", 1, 1, frame_end=1 + FRAMES)
    key(strip, "blend_alpha", {1: 1.0, FRAMES: 0.1})
    strip.color = (0.2, 0.6, 0.9)


@feature
def hair_turning(scene, thing):
    hair(thing)
    turn(thing)


@feature
def hair_with_children(scene, thing):
    hair(thing, child_type="INTERPOLATED")
    turn(thing)


@feature
def hair_still(scene, thing):
    hair(thing)
    key(scene.camera, "location", {1: (-3, -14, 4), FRAMES: (3, -14, 4)})


@feature
def instanced_particles(scene, thing):
    small = cube((0, 0, -20), (0, 1, 0), 0.3)
    hair(thing, render_type="OBJECT", instance_object=small, particle_size=1, use_advanced_hair=True)
    turn(thing)


@feature
def two_objects_with_hair(scene, thing):
    hair(thing)
    other = cube((3, 0, 5), size=1)
    hair(other)
    key(other, "location", {1: (3, 0, 5), FRAMES: (-3, 0, 5)})
