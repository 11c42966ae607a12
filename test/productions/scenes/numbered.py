"""Pictures for scenes with numbered files."""

import os

import bpy

_made = 0


def picture(path, size):
    """Writes a square PNG of one color, another one each time."""
    global _made
    _made += 1
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image = bpy.data.images.new("made", size, size)
    color = (_made % 6 / 5, _made // 6 % 6 / 5, _made // 36 % 6 / 5, 1.0)
    image.pixels = [value for _ in range(size * size) for value in color]
    image.filepath_raw, image.file_format = path, "PNG"
    image.save()
    bpy.data.images.remove(image)
