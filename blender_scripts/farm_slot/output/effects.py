"""Finds overrides that can have no effect in a scene: the user is told, rather than left to wonder."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, Optional

import bpy

from ..faults import SlotFault
from ..node_trees import compositor_nodes
from ..rendered_scenes import rendered_scenes

_CYCLES = ("CYCLES",)
_SAMPLED = ("CYCLES", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT")

_ENGINES = {"samples": _SAMPLED, "seed": _CYCLES, "denoise": _CYCLES, "timeLimit": _CYCLES}
"""The engines that know of an override; the others concern all engines."""

_OF_SCENE = ("engine", "camera", "viewLayer")
"""Those of the rendered scene alone, which a sequencer shows only in a strip."""

_OF_SCENES = (*_ENGINES, "simplify")
"""Those of scenes, of which a sequencer may show none."""


def missing(scene: Any, name: str, value: Any) -> Optional[str]:
    """Why the override has no effect, or not all of it; None if nothing is known against it. Call it when all before it
    are applied.
    """
    shown = rendered_scenes(scene)
    if name in _OF_SCENE and scene not in shown:
        return "has no effect: the picture comes from the sequencer, and scenes in strips have their own"
    if name == "transparent" and scene not in shown:
        return "only adds an alpha channel: the picture comes from the sequencer, and scenes in strips keep their backgrounds"
    if name in _OF_SCENES and not shown:
        return "has no effect: the picture comes from the sequencer, which shows no scene"
    if name in _ENGINES:
        engines = {each.render.engine for each in shown}
        if not any(engine in _ENGINES[name] for engine in engines):
            return "has no effect with %s" % " and ".join(sorted(engines))
    if name == "timeLimit" and not hasattr(scene.cycles, "time_limit"):
        return "has no effect: Blender %s has no time limit, and 3.0 is the first that has" % bpy.app.version_string
    if name == "denoise" and value and _lacks_denoiser(scene):  # it would end each frame with an error, or not denoise
        raise SlotFault("NO_DENOISER", "--denoise on needs OpenImageDenoise, without which this Blender was built")
    if name == "viewLayer":
        layers = sorted(set(_layers_shown(scene)) - {value})
        if layers:
            return "leaves a part of the picture empty: the compositor shows the view layer " + ", ".join(map(repr, layers[:20]))
    return None


def _lacks_denoiser(scene: Any) -> bool:
    """Up to 2.83 Cycles has a denoiser of its own."""
    if not hasattr(scene.cycles, "use_denoising") or scene.cycles.denoiser == "OPTIX":
        return False
    try:
        import _cycles
    except ImportError:
        return False
    return not getattr(_cycles, "with_openimagedenoise", True)


def _layers_shown(scene: Any) -> Iterator[str]:
    """The view layers of this scene that its compositor reads."""
    for node in compositor_nodes(scene):
        if node.bl_idname == "CompositorNodeRLayers" and node.scene == scene:
            yield node.layer


def warning(code: str, name: str, said: str) -> Dict[str, str]:
    """About an override. `name` is its name in the protocol; the user knows it as a flag."""
    flag = "--" + re.sub("[A-Z]", lambda letter: "-" + letter[0].lower(), name)
    return {"code": code, "message": ("%s %s" % (flag, said))[:4096], "override": name}
