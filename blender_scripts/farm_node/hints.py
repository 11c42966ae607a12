"""General advice for each fault code. A fault may have a better hint of its own."""

from __future__ import annotations

_ALONE = "Open the file in this version of Blender on the node, and render there"

HINTS: dict[str, str] = {
    "ADDON_FAILED": "Install the add-on in Blender on the node, or enable it there to see what is wrong with it: the node"
    " needs --allow-addons NAME, and the render --addons NAME",
    "BLENDER_MISSING": "Install Blender on the node, or start the node again",
    "BLOB_MISSING": "Check the node's disk, or start the node with another --cache-dir",
    "CAMERA_NOT_FOUND": "Name a camera that the scene has, or do not name one",
    "CRASHED": _ALONE,
    "DISK_FULL": "Free space on the node's disk",
    "ENGINE_NOT_FOUND": "Name an engine that the node's Blender has, or do not name one",
    "ENGINE_MISSING": "If an add-on has the engine: install it on the node, start the node with --allow-addons NAME,"
    " and render with --addons NAME. Or render with another engine: --engine cycles",
    "FILES_CHANGED": "Run the same command again: everything is then rendered with the files as they are now",
    "FILE_TOO_NEW": "Use nodes with a newer Blender, or save the file from an older one",
    "FILE_UNREADABLE": "Open and save the file again in Blender",
    "GPU_FAILED": "Check the graphics driver of the node",
    "KILLED": "Find out what kills it on the node: a low-memory guard (earlyoom, systemd-oomd) reports that in the"
    " system's log; fewer slots need less memory",
    "LIBRARY_MISSING": "Pack the linked libraries into the blendfile",
    "LOAD_FAILED": _ALONE,
    "NO_CAMERA": "Set a camera in the scene",
    "NO_DENOISER": "Use blender.org's Blender, as distributions build theirs without OpenImageDenoise,"
    " or turn denoising off (--denoise off)",
    "NO_DISPLAY": "This Blender needs a display for EEVEE: use Blender 3.0 or newer, or Xvfb",
    "NO_EGL": "Install libEGL and libGL on the node (Debian: libegl1 libgl1 libgl1-mesa-dri)",
    "NO_OUTPUT": "Check the node's disk and what Blender printed",
    "OUT_OF_GPU_MEMORY": "Use smaller textures, or render on the CPU",
    "OUT_OF_MEMORY": "The node has too little memory for this scene: use fewer slots there, or smaller textures",
    "PICTURE_TOO_LARGE": "Choose a smaller --resolution",
    "READ_FAILED": "Check the node's disk; with too many open files,"
    " close programs there or raise the limit (ulimit -n)",
    "RENDER_FAILED": _ALONE,
    "SCENE_NOT_FOUND": "Name a scene that the file has, or do not name one",
    "TIMED_OUT": "Start Blender on the node and open the file there: a disk, a network drive or a driver may hang",
    "FORMAT_UNSUPPORTED": "Choose another format of pictures, or change in Blender what the message names",
    "UNSUPPORTED": "Choose the views format 'Stereo 3D' in the output properties (Stereoscopy)",
    "VIEW_LAYER_NOT_FOUND": "Name a view layer that the scene has, or do not name one",
}
"""CANCELLED, SLOT_LOST and SLOT_FULL need no action."""
