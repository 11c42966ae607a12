"""Chooses the device for Cycles: with --factory-startup no GPU is enabled, and Cycles would silently use the CPU."""

from __future__ import annotations

from typing import Any, List, Tuple

import bpy

PREFERRED = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")


def choose_device(scene: Any) -> Tuple[str, str]:
    """Returns the name of the device, and why it is not what the scene asks for (or "")."""
    if scene.render.engine != "CYCLES":
        return ("CPU" if scene.render.engine not in _GPU_ENGINES else "GPU"), ""
    if getattr(scene.cycles, "device", "CPU") != "GPU":
        return "CPU", ""
    addon = bpy.context.preferences.addons.get("cycles")
    for kind in PREFERRED if addon else ():
        names = _enable(addon.preferences, kind)
        if names:
            return (kind + " " + ", ".join(names))[:256], ""
    return "CPU", "The scene asks for a GPU, but this Blender finds none: Cycles renders on the CPU"


_GPU_ENGINES = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH")


def _enable(preferences: Any, kind: str) -> List[str]:
    """Enables all devices of one kind and no others. Returns their names; none if there is no such device."""
    try:
        preferences.compute_device_type = kind
    except TypeError:
        return []  # this Blender was built without it
    try:
        devices = preferences.get_devices_for_type(kind)
    except AttributeError:  # before 3.0
        preferences.get_devices()
        devices = preferences.devices
    except Exception:
        return []  # a broken driver
    names = []
    for device in devices:
        device.use = device.type == kind
        if device.use:
            names.append(device.name)
    return names
