"""Finding and removing what animates a property, without Blender: real ones are in test/blenders/overrides.test.ts."""

import unittest
from types import SimpleNamespace

from farm_node.job.job import Job
from farm_node.job.loaded_scene import LoadedScene
from farm_node.slots.blender_program import BlenderProgram
from farm_node.wire.overrides import OVERRIDES, are_overrides
from farm_slot.animation import free, plain


class Curves(list):
    """As Blender's collections of curves."""


def curves(*paths):
    return Curves(SimpleNamespace(data_path=path) for path in paths)


def left(collection):
    return [curve.data_path for curve in collection]


def scene_with(drivers=(), action=None, tracks=(), **more):
    animation = SimpleNamespace(drivers=curves(*drivers), action=action, nla_tracks=list(tracks), **more)
    return SimpleNamespace(animation_data=animation)


class Action(SimpleNamespace):
    """One that nothing else has."""

    users, use_fake_user = 1, False
    __hash__ = object.__hash__


def layered(*bags):
    """An action since 4.4, with a slot for each."""
    strip = SimpleNamespace(channelbags=[SimpleNamespace(fcurves=bag, slot_handle=number) for number, bag in enumerate(bags)])
    return Action(layers=[SimpleNamespace(strips=[strip])])


class Freeing(unittest.TestCase):
    def test_a_scene_without_animation_has_nothing_to_free(self):
        self.assertEqual(free(SimpleNamespace(animation_data=None), r"cycles\.samples"), [])

    def test_only_what_matches_is_removed_from_drivers_and_the_action(self):
        action = Action(fcurves=curves("cycles.samples", "cycles.seed", "cycles.samples_more"))
        scene = scene_with(["cycles.samples", "render.fps"], action)
        self.assertEqual(free(scene, r"cycles\.samples"), ["cycles.samples"] * 2)
        self.assertEqual(left(scene.animation_data.drivers), ["render.fps"])
        self.assertEqual(left(action.fcurves), ["cycles.seed", "cycles.samples_more"])

    def test_only_the_slot_of_the_scene_is_searched(self):
        bags = curves("cycles.samples", "eevee.x"), curves("cycles.samples")
        scene = scene_with(action=layered(*bags), action_slot=SimpleNamespace(handle=0))
        self.assertEqual(free(scene, r"cycles\.samples"), ["cycles.samples"])
        self.assertEqual([left(bag) for bag in bags], [["eevee.x"], ["cycles.samples"]])

    def test_tracks_and_strips_inside_strips_are_searched(self):
        outer, inner = (Action(fcurves=curves("cycles.seed")) for _ in range(2))
        strip = SimpleNamespace(action=outer, strips=[SimpleNamespace(action=inner), SimpleNamespace(action=None)])
        track = SimpleNamespace(strips=[strip])
        self.assertEqual(free(scene_with(tracks=[track]), r"cycles\.seed"), ["cycles.seed"] * 2)
        self.assertEqual(left(outer.fcurves) + left(inner.fcurves), [])

    def test_paths_are_found_however_they_are_written(self):
        for path in ('["cycles"]["samples"]', 'cycles["samples"]', "cycles.samples"):
            self.assertEqual(plain(path), "cycles.samples")

    def test_names_of_view_layers_are_not_taken_for_properties(self):
        for name in ("cycles", "View Layer", 'a\\"]["b', "x].use["):
            path = 'view_layers["%s"].use' % name
            self.assertEqual(free(scene_with([path]), r"view_layers\[.+\]\.use"), [path])
        self.assertEqual(free(scene_with(['view_layers["A"].use_sky']), r"view_layers\[.+\]\.use"), [])


class Known(unittest.TestCase):
    def test_the_number_of_threads_reaches_the_command_line_of_a_slot(self):
        for overrides, threads in (({"threads": 3}, ["-t", "3"]), ({"samples": 3}, []), (None, [])):
            load = {"overrides": overrides, "scripts": False}
            job = SimpleNamespace(load_command=load, _program=BlenderProgram("b", "3.4.1"))
            command = Job._slot_command(job, 1)
            self.assertEqual([each for each in command if each in ("-t", "3")], threads)

    def test_a_warning_has_the_override_that_it_is_about_and_is_sent_once(self):
        load = LoadedScene({})
        told = {"code": "OVERRIDE_HOLDS", "message": "--samples holds for all frames"}
        about = {**told, "override": "samples"}
        self.assertEqual(load.warn({"event": "warning", **about}, 1), {"type": "warning", **about, "slot": 1})
        self.assertIsNone(load.warn(about, 0))
        without = {"code": "CPU_FALLBACK", "message": "No GPU"}
        self.assertEqual(load.warn(without, 0), {"type": "warning", **without, "slot": 0})

    def test_an_unknown_override_is_refused_rather_than_ignored(self):
        self.assertTrue(are_overrides({}))
        self.assertTrue(are_overrides({"samples": 4, "transparent": True}))
        self.assertFalse(are_overrides({"samples": 4, "bounces": 2}))
        self.assertIn("threads", OVERRIDES)


if __name__ == "__main__":
    unittest.main()
