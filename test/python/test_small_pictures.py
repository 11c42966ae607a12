"""The settings of small pictures, by which nodes are compared. Without Blender."""

import importlib
import sys
import unittest
from types import SimpleNamespace
from unittest.mock import MagicMock, patch


def scene(samples):
    return SimpleNamespace(
        render=SimpleNamespace(resolution_x=1920, resolution_y=1080, resolution_percentage=100, use_persistent_data=True),
        cycles=SimpleNamespace(samples=samples, time_limit=9.0),
        eevee=SimpleNamespace(taa_render_samples=samples),
    )


def set_in(each):
    return each.render.resolution_percentage, each.cycles.samples, each.cycles.time_limit, each.eevee.taa_render_samples


class SmallPictures(unittest.TestCase):
    def setUp(self):
        self.scenes = [scene(64), scene(2), SimpleNamespace(render=scene(1).render)]
        bpy = MagicMock()
        bpy.data.scenes = self.scenes
        with patch.dict(sys.modules, bpy=bpy):
            self.settings = importlib.import_module("farm_slot.settings")

    def test_scenes_in_strips_are_as_quick_to_render_as_the_scene_itself(self):
        rendered = scene(512)
        self.scenes.append(rendered)
        before = [set_in(each) for each in (*self.scenes[:2], rendered)]
        with self.settings.small(rendered):
            self.assertEqual(set_in(rendered), (3, 4, 0.0, 4))
            # Their size stays: strips may be placed by it.
            self.assertEqual([set_in(each) for each in self.scenes[:2]], [(100, 4, 0.0, 4), (100, 2, 0.0, 2)])
            self.assertFalse(rendered.render.use_persistent_data)
        self.assertEqual([set_in(each) for each in (*self.scenes[:2], rendered)], before)
        self.assertTrue(rendered.render.use_persistent_data)


if __name__ == "__main__":
    unittest.main()
