"""Renders a scene otherwise than its file says, as `overrides` in docs/protocol.md asks.

Call `apply` after each opening, before anything else looks at the scene. The file itself is never changed.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence

import bpy

from ..animation import free
from ..faults import SlotFault
from ..settings import output_depth
from . import effects
from .pictures import PNG
from .size import rendered_size

MOST_NAMED = 20
"""Cameras and view layers that an error names."""

LARGEST = 65536
"""Pixels of a side, at most."""

_EEVEE = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT")
"""The same engine: the first up to 4.1 and since 5.0, the second in between."""

_LIMITS = ("scale", "maxSamples")
"""Those of a preview. Nobody has to be told what they change."""

Paths = Iterable[str]
"""What the scene animates, and no longer does."""


def apply(scene: Any, overrides: Dict[str, Any], formats: Sequence[str] = ()) -> List[Dict[str, str]]:
    """`scene` is the one that will be rendered, `formats` those of the pictures that the job wants. Returns warnings: of
    overrides without effect, of properties that the scene animates, and of a format that had to be replaced. Raises SlotFault
    if the file or this Blender lacks what is named.
    """
    warnings = []
    own = None if scene.render.is_movie_format else scene.render.image_settings.file_format
    for name, act in _ACTS.items():
        if name not in overrides:
            continue
        animated = list(dict.fromkeys(act(scene, overrides[name])))
        without = effects.missing(scene, name, overrides[name])
        if without:
            warnings.append(effects.warning("OVERRIDE_NO_EFFECT", name, without))
        elif animated and name not in _LIMITS:
            said = "holds for all frames, although the scene animates " + ", ".join(animated[:MOST_NAMED])
            warnings.append(effects.warning("OVERRIDE_HOLDS", name, said))
    leaves_format = PNG in formats and len(formats) > 1  # to the scene
    if leaves_format and own not in (None, scene.render.image_settings.file_format):
        said = "writes PNG pictures: the scene's own, %s, have no alpha channel" % own
        warnings.append(effects.warning("FORMAT_REPLACED", "transparent", said))
    return warnings


def _engine(scene: Any, engine: str) -> Paths:
    """Nothing can animate it. Scenes in strips keep theirs."""
    refused = ""
    for each in _EEVEE if engine in _EEVEE else (engine,):
        try:
            scene.render.engine = each
            return []
        except TypeError as error:  # it names those that there are
            refused = str(error)
    have = refused.partition(" not found in ")[2].strip("() \n")
    raise SlotFault("ENGINE_NOT_FOUND", "This Blender has no engine %r; it has %s" % (engine, have))


def _camera(scene: Any, name: str) -> Paths:
    cameras = [thing for thing in scene.objects if thing.type == "CAMERA"]
    found = next((camera for camera in cameras if camera.name == name), None)
    if found is None:
        raise SlotFault("CAMERA_NOT_FOUND", _lacking(scene, "camera", name, cameras))
    for marker in scene.timeline_markers:
        if marker.camera is not None:
            if marker.camera != found:
                yield "the marker '%s'" % marker.name
            marker.camera = None
    scene.camera = found


def _view_layer(scene: Any, name: str) -> Paths:
    """The others are not rendered."""
    if name not in scene.view_layers:
        raise SlotFault("VIEW_LAYER_NOT_FOUND", _lacking(scene, "view layer", name, scene.view_layers))
    yield from free(scene, r"view_layers\[.+\]\.use")
    for layer in scene.view_layers:
        layer.use = layer.name == name


def _lacking(scene: Any, kind: str, name: str, known: Iterable[Any]) -> str:
    names = [repr(each.name) for each in known]
    have = ", ".join(names[:MOST_NAMED]) or "none"
    more = " and %d more" % (len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
    return "The scene %r has no %s %r; it has %s%s" % (scene.name, kind, name, have, more)


def _resolution(scene: Any, wanted: Dict[str, int]) -> Paths:
    """Nothing can animate it."""
    render = scene.render
    if "percent" in wanted:
        _scale(scene, wanted["percent"])
    else:
        render.resolution_x, render.resolution_y = wanted["width"], wanted["height"]
        render.resolution_percentage = 100
    width, height = rendered_size(scene)
    if max(width, height) > LARGEST:
        raise SlotFault("PICTURE_TOO_LARGE", "Pictures would have %d×%d pixels: %d a side are the most" % (width, height, LARGEST))
    return []


def _scale(scene: Any, percent: int) -> Paths:
    """Nothing can animate it. Other scenes, in strips, keep their size: Blender scales their pictures with this one."""
    render = scene.render
    render.resolution_percentage = max(1, render.resolution_percentage * percent // 100)
    return []


def _transparent(scene: Any, _: bool) -> Paths:
    yield from _fix(scene, "render.film_transparent", True)
    image = scene.render.image_settings
    depth = output_depth(scene)
    try:
        image.color_mode = "RGBA"
    except TypeError:  # the scene is set to a JPEG or a video, which have no alpha
        if hasattr(image, "media_type"):
            image.media_type = "IMAGE"
        image.file_format = "PNG"
        image.color_mode, image.color_depth = "RGBA", str(depth)


def _samples(scene: Any, samples: int) -> Paths:
    for each in bpy.data.scenes:  # strips and nodes may render others
        yield from _fix(each, "eevee.taa_render_samples", samples)
        if hasattr(each, "cycles"):
            yield from _fix_cycles_samples(each, samples)
            yield from _fix(each, "cycles.use_layer_samples", "IGNORE")


def _limit_samples(scene: Any, most: int) -> Paths:
    for each in bpy.data.scenes:
        yield from _fix(each, "eevee.taa_render_samples", min(each.eevee.taa_render_samples, most))
        cycles = getattr(each, "cycles", None)
        if cycles is None:
            continue
        samples = cycles.samples
        if getattr(cycles, "use_square_samples", False):  # up to 2.93
            samples *= samples
        yield from _fix_cycles_samples(each, min(samples, most))
        # Otherwise view layers may have numbers of their own.
        if cycles.use_layer_samples == "USE":
            cycles.use_layer_samples = "BOUNDED"
        yield from free(each, r"cycles\.use_layer_samples")


def _fix_cycles_samples(scene: Any, samples: int) -> Paths:
    yield from _fix(scene, "cycles.use_square_samples", False)
    yield from _fix(scene, "cycles.samples", samples)
    yield from _fix(scene, "cycles.progressive", "PATH")  # up to 2.93: branched paths multiply their samples


def _seed(scene: Any, seed: int) -> Paths:
    for each in bpy.data.scenes:
        yield from _fix(each, "cycles.seed", seed)
        yield from _fix(each, "cycles.use_animated_seed", False)


def _denoise(scene: Any, is_on: bool) -> Paths:
    for each in bpy.data.scenes:
        yield from _fix(each, "cycles.use_denoising", is_on)  # since 2.90; before, and besides, each view layer has its own
        yield from free(each, r"view_layers\[.+\]\.cycles\.use_denoising")
        for layer in each.view_layers:
            if hasattr(getattr(layer, "cycles", None), "use_denoising"):
                layer.cycles.use_denoising = is_on


def _simplify(scene: Any, levels: int) -> Paths:
    for each in bpy.data.scenes:
        yield from _fix(each, "render.use_simplify", True)
        yield from _fix(each, "render.simplify_subdivision_render", levels)


def _time_limit(scene: Any, seconds: float) -> Paths:
    for each in bpy.data.scenes:
        yield from _fix(each, "cycles.time_limit", seconds)


def _threads(scene: Any, threads: int) -> Paths:
    """For Blender as a Python module; a program is started with its number of threads, which wins over the scene's."""
    for each in bpy.data.scenes:
        yield from _fix(each, "render.threads_mode", "FIXED")
        yield from _fix(each, "render.threads", threads)


def _fix(scene: Any, path: str, value: Any) -> Iterator[str]:
    """Sets a property for all frames, if this Blender has it."""
    owner, name = path.split(".")
    if hasattr(getattr(scene, owner, None), name):
        yield from free(scene, owner + r"\." + name)
        setattr(getattr(scene, owner), name, value)


_ACTS = {
    "engine": _engine,
    "camera": _camera,
    "viewLayer": _view_layer,
    "resolution": _resolution,
    "scale": _scale,
    "transparent": _transparent,
    "samples": _samples,
    "maxSamples": _limit_samples,
    "seed": _seed,
    "denoise": _denoise,
    "simplify": _simplify,
    "timeLimit": _time_limit,
    "threads": _threads,
}  # type: Dict[str, Callable[[Any, Any], Paths]]
"""By name, in the order in which they are applied: the limits of a preview come after what they limit."""
