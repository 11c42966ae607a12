"""Makes FOLDER/KIND.blend for each way in which a scene is heard: blender … -P sounding.py -- FOLDER

Each has a click at frame 25, one second after the first; that of "muted", "silent" and "scene_strip_of_camera" cannot be
heard. Works on 2.83 to 5.x.
"""

import math
import os
import struct
import sys
import wave

import bpy

(folder,) = sys.argv[sys.argv.index("--") + 1 :]
RATE = 48000


def write_click(path):
    samples = [0] * (RATE * 4)
    for number in range(240):
        samples[RATE + number] = int(30000 * math.sin(number * 0.4))
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack("<%dh" % len(samples), *samples))


def new_scene():
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.render.fps = 24
    scene.frame_start, scene.frame_end = 1, 48
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    return scene


def strips_of(scene):
    editor = scene.sequence_editor or scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def add_click(scene):
    strip = strips_of(scene).new_sound("click", os.path.join(folder, "click.wav"), 1, 1)
    strip.sound.filepath = "//click.wav"
    return strip


def strip(scene):
    add_click(scene)


def muted(scene):
    add_click(scene).mute = True


def silent(scene):
    pass


def packed(scene):
    add_click(scene).sound.filepath = os.path.join(folder, "click.wav")
    bpy.data.sounds[0].pack()
    bpy.data.sounds[0].filepath = "/nowhere/else.wav"


def meta(scene):
    inside = add_click(scene)
    outside = strips_of(scene).new_meta("meta", 2, 1)
    inside.move_to_meta(outside)
    outside.frame_final_end = 97  # as long as the sound


def add_speaker(scene):
    bpy.ops.object.speaker_add(location=scene.camera.location)
    thing = bpy.context.object
    thing.data.sound = bpy.data.sounds.load(os.path.join(folder, "click.wav"))
    thing.data.sound.filepath = "//click.wav"
    thing.data.volume_min = 1
    return thing


def move_to(collection, thing):
    for each in thing.users_collection:
        each.objects.unlink(thing)
    collection.objects.link(thing)


def new_cut():
    other = bpy.data.scenes.new("Cut")
    other.render.fps, other.frame_start, other.frame_end = 24, 1, 48
    return other


def add_scene_strip(scene, other, shown):
    scene.render.use_sequencer = False  # the picture is the scene's own
    strip = strips_of(scene).new_scene("cut", other, 1, 1)
    strip.scene_input = shown
    return strip


def speaker(scene):
    add_speaker(scene)


def background_speaker(scene):
    scene.background_set = new_cut()
    move_to(scene.background_set.collection, add_speaker(scene))


def instanced_speaker(scene):
    empty = bpy.data.objects.new("Instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", bpy.data.collections.new("Things")
    scene.collection.objects.link(empty)
    move_to(empty.instance_collection, add_speaker(scene))


def scene_strip(scene):
    other = new_cut()
    add_click(other)
    add_scene_strip(scene, other, "SEQUENCER")


def scene_strip_of_camera(scene):
    other = new_cut()
    add_click(other)
    add_scene_strip(scene, other, "CAMERA")


def scene_strip_speaker(scene):
    other = new_cut()
    move_to(other.collection, add_speaker(scene))
    add_scene_strip(scene, other, "CAMERA").mute = True  # which mutes no speaker


def unmuted_later(scene):
    click = add_click(scene)
    for frame, is_muted in ((10, False), (1, True)):
        click.mute = is_muted
        click.keyframe_insert("mute", frame=frame)
    scene.frame_set(1)


def unmuted_by_track(scene):
    """The same by a track, inside which an artist may have made a meta strip."""
    unmuted_later(scene)
    animation = scene.animation_data
    action = animation.action
    track = animation.nla_tracks.new()
    strip = track.strips.new("unmutes", 1, action)
    if hasattr(strip, "action_slot") and strip.action_slot is None:
        strip.action_slot = action.slots[0]
    strip.extrapolation = "HOLD"
    animation.action = None
    scene.frame_set(1)


write_click(os.path.join(folder, "click.wav"))
scene_strips = scene_strip, scene_strip_of_camera, scene_strip_speaker
for make in (strip, muted, unmuted_later, unmuted_by_track, silent, packed, meta, speaker, background_speaker, instanced_speaker, *scene_strips):
    if make is meta and bpy.app.version < (2, 93):
        continue  # it has no way to make one but by the mouse
    scene = new_scene()
    make(scene)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, make.__name__ + ".blend"))
    print("made", make.__name__)
