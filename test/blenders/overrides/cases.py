"""The overrides that are tested.

Each case has overrides as the protocol has them, what an artist's scene has (`plain`, and `keyed` where something animates
it), and `hand`: the scene set by hand to what the overrides ask for. Its frames are what a node must render.
"""

import bpy
from scenes import (
    EEVEE,
    as_jpeg,
    as_plain_video,
    as_video,
    composited,
    cut,
    denoised,
    drive_samples,
    everything,
    everything_by_hand,
    film,
    in_sequencer,
    key_denoising,
    key_in_strip,
    key_layers,
    key_limit,
    key_no_denoising,
    key_samples,
    key_seed,
    key_simplify,
    key_threads,
    limited,
    multiplied,
    nothing,
    only_other,
    samples,
    seeded,
    simplified,
    sized,
    strip_by_hand,
    threads,
    transparent,
    use,
    without_other,
)

CASES = {
    "samples": ({"samples": 2}, {"plain": multiplied, "keyed": key_samples, "driven": drive_samples}, lambda scene: samples(scene, 2)),
    "seed": ({"seed": 7}, {"plain": lambda scene: seeded(scene, 3, True), "keyed": key_seed}, lambda scene: seeded(scene, 7)),
    "percent": ({"resolution": {"percent": 75}}, {"plain": lambda scene: sized(scene, 80, 64, 50)}, lambda scene: sized(scene, 80, 64, 37)),
    "larger": ({"resolution": {"percent": 150}}, {"plain": nothing}, lambda scene: sized(scene, 40, 32, 150)),
    "size": ({"resolution": {"width": 24, "height": 36}}, {"plain": lambda scene: sized(scene, 80, 64, 30)}, lambda scene: sized(scene, 24, 36, 100)),
    "engine": ({"engine": "CYCLES"}, {"plain": use(EEVEE)}, nothing),
    "workbench": ({"engine": "BLENDER_WORKBENCH"}, {"plain": nothing}, use("BLENDER_WORKBENCH")),
    "camera": ({"camera": "Second"}, {"plain": nothing, "keyed": cut}, lambda scene: setattr(scene, "camera", bpy.data.objects["Second"])),
    "viewLayer": ({"viewLayer": "Other"}, {"plain": without_other, "keyed": key_layers}, only_other),
    "transparent": ({"transparent": True}, {"plain": as_jpeg, "keyed": as_video}, transparent),
    "denoise": ({"denoise": False}, {"plain": denoised, "keyed": key_denoising}, lambda scene: denoised(scene, False)),
    "simplify": ({"simplify": 0}, {"plain": nothing, "keyed": key_simplify}, simplified),
    "threads": ({"threads": 1}, {"plain": nothing, "keyed": key_threads}, lambda scene: threads(scene, 1)),
    "timeLimit": ({"timeLimit": 90}, {"plain": nothing, "keyed": key_limit}, limited),
    "preview": (
        {"samples": 20, "resolution": {"percent": 50}, "scale": 50, "maxSamples": 3},
        {"plain": multiplied, "keyed": key_samples},
        lambda scene: (samples(scene, 3), sized(scene, 40, 32, 25)),
    ),
    "strip": ({"samples": 2, "seed": 7}, {"keyed": key_in_strip}, strip_by_hand),
    "everything": (None, {"keyed": everything}, everything_by_hand),
}
"""By name: the overrides, the scenes that an artist may have, and the scene set by hand. That of `everything` has flags."""

if not hasattr(bpy.context.scene.cycles, "use_denoising"):  # up to 2.83 Cycles has a denoiser of its own
    CASES["denoiseOn"] = ({"denoise": True}, {"plain": nothing, "keyed": key_no_denoising}, denoised)

TOLD = {
    "two engines": ({"samples": 2, "seed": 1}, in_sequencer),
    "the sequencer": ({"engine": "CYCLES", "camera": "Second", "viewLayer": "Other", "transparent": True}, in_sequencer),
    "JPEG pictures": ({"transparent": True}, as_jpeg),
    "a video": ({"transparent": True}, as_plain_video),
    "a sequencer without scenes": (
        {"transparent": True, "samples": 2, "seed": 1, "denoise": False, "simplify": 1, "timeLimit": 5, "threads": 1},
        film,
    ),
    "the compositor": ({"viewLayer": "Other"}, composited),
    "Workbench": ({"samples": 2, "engine": "BLENDER_WORKBENCH"}, nothing),
    "EEVEE": ({"seed": 2, "denoise": False, "timeLimit": 3, "samples": 2}, use(EEVEE)),
    "EEVEE by another version's name": ({"engine": "BLENDER_EEVEE" if EEVEE.endswith("NEXT") else "BLENDER_EEVEE_NEXT"}, nothing),
    "a denoiser": ({"denoise": True}, nothing),
    "no camera": ({"camera": "Third"}, nothing),
    "no view layer": ({"viewLayer": "Third"}, nothing),
    "no engine": ({"engine": "LUXCORE"}, nothing),
    "too large": ({"resolution": {"percent": 1000}}, lambda scene: sized(scene, 6554, 40, 100)),
}
"""Overrides of which something is to be said, with the scene."""

IN_TRACKS = ("samples", "transparent")
"""Cases whose keyed scene is also tried with its curves in a track."""
