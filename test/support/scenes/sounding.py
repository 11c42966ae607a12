"""Makes FOLDER/KIND.blend for each way in which a scene is heard: blender … -P sounding.py -- FOLDER

Each has a click at frame 25, one second after the first; that of "muted" and "silent" cannot be heard. Works on 2.83 to 5.x.
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


def speaker(scene):
    bpy.ops.object.speaker_add(location=scene.camera.location)
    data = bpy.context.object.data
    data.sound = bpy.data.sounds.load(os.path.join(folder, "click.wav"))
    data.sound.filepath = "//click.wav"
    data.volume_min = 1


def scene_strip(scene):
    other = bpy.data.scenes.new("Cut")
    other.render.fps, other.frame_start, other.frame_end = 24, 1, 48
    add_click(other)
    strips_of(scene).new_scene("cut", other, 1, 1).scene_input = "SEQUENCER"
    scene.render.use_sequencer = False  # the picture is the scene's own


write_click(os.path.join(folder, "click.wav"))
for make in (strip, muted, silent, packed, meta, speaker, scene_strip):
    if make is meta and bpy.app.version < (2, 93):
        continue  # it has no way to make one but by the mouse
    scene = new_scene()
    make(scene)
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(folder, make.__name__ + ".blend"))
    print("made", make.__name__)
