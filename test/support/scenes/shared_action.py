"""What an override leaves of an action that two scenes have: blender -b --factory-startup -P shared_action.py -- SCRIPTS

SCRIPTS is the folder of the node's scripts. Raises an exception if the rendered scene is still animated, or if the other one has
lost its animation. Works on Blender 2.83 to 5.x.
"""

import sys

import bpy

sys.path.insert(0, sys.argv[sys.argv.index("--") + 1])

from farm_slot.animation import free  # noqa: E402

PATHS = ("render.film_transparent", "render.dither_intensity")
HAS_SLOTS = bpy.app.version >= (4, 4)


def keyed(scene):
    for path, values in zip(PATHS, ((False, True), (0.0, 1.0))):
        for frame, value in zip((1, 9), values):
            setattr(scene.render, path.split(".")[1], value)
            scene.keyframe_insert(path, frame=frame)
    return scene.animation_data.action


def share(scene, action, slot=None):
    animation = scene.animation_data_create()
    animation.action = action
    if HAS_SLOTS:
        animation.action_slot = slot or action.slots[0]


def active(one, other):
    share(other, keyed(one))


def in_strips(one, other):
    """The rendered scene has it twice."""
    action = keyed(one)
    share(other, action)
    for scene in (one, other):
        strip = scene.animation_data.nla_tracks.new().strips.new("strip", 1, action)
        if HAS_SLOTS:
            strip.action_slot = action.slots[0]
        strip.scale, strip.repeat, strip.action_frame_start = 0.5, 2, 3
    other.animation_data.action = None


def own_slots(one, other):
    action = keyed(one)
    share(other, action, action.slots.new("SCENE", "Other"))
    keyed(other)


def animated(scene):
    """Which of the two properties change from frame to frame."""
    seen = []
    for frame in (1, 9):
        scene.frame_set(frame)
        render = scene.evaluated_get(scene.view_layers[0].depsgraph).render
        seen.append((render.film_transparent, render.dither_intensity))
    return [first != last for first, last in zip(*seen)]


def lengths(scene):
    """Of its strips, in frames."""
    strips = [strip for track in scene.animation_data.nla_tracks for strip in track.strips]
    names = ("frame_start", "frame_end", "action_frame_start", "action_frame_end", "scale", "repeat")
    return [[getattr(strip, name) for name in names] for strip in strips]


for case in [active, in_strips] + ([own_slots] if HAS_SLOTS else []):
    bpy.ops.wm.read_factory_settings()
    one, other = bpy.context.scene, bpy.data.scenes.new("Other")
    case(one, other)
    assert animated(one) == animated(other) == [True, True], case.__name__
    before = lengths(one)
    freed = free(one, r"render\.film_transparent")
    assert set(freed) == {"render.film_transparent"}, (case.__name__, freed)
    assert lengths(one) == before, (before, lengths(one))
    one.render.film_transparent = False
    assert animated(one) == [False, True], case.__name__
    assert animated(other) == [True, True], case.__name__

# An action of its own is not copied.
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
action = keyed(scene)
action.use_fake_user = True
assert free(scene, r"render\.film_transparent") == ["render.film_transparent"]
assert scene.animation_data.action == action and len(bpy.data.actions) == 1

# In tweak mode the action cannot be replaced.
bpy.ops.wm.read_factory_settings()
scene, other = bpy.context.scene, bpy.data.scenes.new("Other")
action = keyed(scene)
share(other, action)
animation = scene.animation_data
track = animation.nla_tracks.new()
strip = track.strips.new("strip", 1, action)
animation.action = bpy.data.actions.new("Top")
track.select = strip.select = animation.use_tweak_mode = True
assert animation.action == action
assert set(free(scene, r"render\.film_transparent")) == {"render.film_transparent"}
