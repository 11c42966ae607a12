"""Removes code from a blendfile that would run although Blender was told not to run scripts in it."""

from __future__ import annotations

import os
from typing import Any, List

import bpy

from .files.external_files import open_regular
from .node_trees import node_trees

_WRITING = ("fprintf", "pointcloud_write")
"""The functions by which an OSL shader can change something on the machine; the rest of the language only reads."""

_LONGEST_SHADER = 16 << 20
"""Bytes. No compiled shader is so long; a longer one counts as harmful."""


def block() -> List[str]:
    """Removes them. Returns what they were, for the user."""
    return _block_freestyle() + _block_shaders() + _block_cameras()


def _block_freestyle() -> List[str]:
    """Freestyle's style modules are Python. Up to 4.5 they run regardless of Blender's settings."""
    blocked = []
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            settings = getattr(layer, "freestyle_settings", None)
            if settings is None:
                continue  # Blender was built without it
            for module in list(settings.modules):
                if module.script and settings.mode == "SCRIPT":
                    blocked.append("Freestyle style module '%s'" % module.script.name)
                settings.modules.remove(module)  # if only switched off, an animation could switch it on again
            for named in [layer] + list(settings.linesets):
                if "\\" in named.name:  # Blender puts the names into a line of Python without escaping backslashes
                    named.name = named.name.replace("\\", "/")
    return blocked


def _block_shaders() -> List[str]:
    blocked = []
    for tree in node_trees():
        for node in list(tree.nodes):
            if node.bl_idname == "ShaderNodeScript" and _can_write(node.bytecode, node.filepath, tree):
                blocked.append("OSL shader of node '%s'" % node.name)
                tree.nodes.remove(node)
    return blocked


def _block_cameras() -> List[str]:
    """Since 5.0 a camera can be an OSL shader."""
    blocked = []
    for camera in bpy.data.cameras:
        if hasattr(camera, "custom_bytecode") and _can_write(camera.custom_bytecode, camera.custom_filepath, camera):
            blocked.append("OSL shader of camera '%s'" % camera.name)
            camera.type = "PERSP"
            camera.custom_filepath = ""  # before the others: each of them makes Cycles compile the remaining shader
            camera.custom_shader = None
            camera.custom_bytecode = camera.custom_bytecode_hash = ""
    return blocked


def _can_write(bytecode: str, path: str, owner: Any) -> bool:
    file = bpy.path.abspath(path, library=owner.library)
    return any(word in bytecode for word in _WRITING) or _would_be_compiled(file) or _compiled_can_write(file)


def _would_be_compiled(path: str) -> bool:
    """Cycles writes the result next to an OSL source file."""
    if not path.endswith(".osl") or not os.path.isfile(path):
        return False
    compiled = path[:-1] + "o"
    return not os.path.isfile(compiled) or os.path.getmtime(compiled) < os.path.getmtime(path)


def _compiled_can_write(path: str) -> bool:
    """Whether the shader's file, which is a text, calls one of the functions."""
    try:
        with open_regular(os.path.splitext(path)[0] + ".oso") as file:
            text = file.read(_LONGEST_SHADER + 1)
    except OSError:
        return False
    return len(text) > _LONGEST_SHADER or any(word.encode() in text for word in _WRITING)
