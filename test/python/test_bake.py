"""When a bake is not worth beginning."""

import tempfile
import unittest
from pathlib import Path

from farm_node.job.bake import ESTIMATED_AFTER_S, Estimate, bake


class WhenABakeIsStopped(unittest.TestCase):
    def watch(self, limit_s, *shares):
        """Shares that are told every six seconds. Returns the first fault, and what was told."""
        times = iter(range(0, 6000, 6))
        told = []
        estimate = Estimate(limit_s, told.append, now=lambda: next(times))
        faults = [estimate.watch({"event": "baking", "share": share}) for share in shares]
        return next(filter(None, faults), None), told

    def test_it_is_stopped_as_soon_as_it_is_seen_to_take_too_long(self):
        fault, told = self.watch(300, 0.0, 0.01, 0.02)
        self.assertEqual(fault.message, "it would take about 10 minutes, and 5 are allowed")
        self.assertEqual(told, [0.0, 0.01, 0.02])

    def test_it_is_not_stopped_by_a_guess(self):
        self.assertLess(6, ESTIMATED_AFTER_S)
        fault, _ = self.watch(300, 0.0, 0.001, 0.1, 0.2)
        self.assertIsNone(fault)

    def test_other_events_and_a_bake_without_progress_say_nothing(self):
        fault, told = self.watch(300, 0.5, 0.5, 0.5, 0.5)
        self.assertIsNone(fault)
        self.assertIsNone(Estimate(1, told.append).watch({"event": "warning"}))


PICTURES = ["png", "exr", "exr-multilayer", "jpeg", "tiff", "webp"]
"""What a job wants that leaves the format to the scene."""


class HowABakeIsCompared(unittest.IsolatedAsyncioTestCase):
    async def depth_for(self, formats, depth=None, video=False):
        """The `depth` of the pictures that are compared, which are PNGs alone and have that of the scene if it is None."""
        with tempfile.TemporaryDirectory() as folder:
            blender = Asked(Path(folder))
            wanted = {"formats": formats, "depth": depth, "nodes": True, "video": video}
            load = {"blend": str(Path(folder) / "a.blend"), "moved": {}, "overrides": None, "pictures": wanted}
            await bake(blender, load, 60, lambda share: None)
        (_, *compared) = [each["pictures"] for each in blender.loads]
        self.assertEqual(compared[0], compared[1])
        self.assertEqual((compared[0]["formats"], compared[0]["nodes"], compared[0]["video"]), (["png"], False, True))
        return compared[0]["depth"]

    async def test_with_the_depth_of_the_pictures_that_are_wanted(self):
        """A PNG beside an OpenEXR file usually has 8 bits, and a bake that is a little wrong would look right."""
        self.assertEqual(await self.depth_for(["exr", "exr-multilayer"]), 16)
        self.assertEqual(await self.depth_for(["exr"], depth=32), 32)
        self.assertEqual(await self.depth_for(PICTURES), None)
        self.assertEqual(await self.depth_for(PICTURES, depth=16), 16)
        self.assertEqual(await self.depth_for(["jpeg"]), None)
        self.assertEqual(await self.depth_for(["png"], video=True), None)

    async def test_a_job_without_pictures_has_none(self):
        with tempfile.TemporaryDirectory() as folder:
            blender = Asked(Path(folder))
            load = {"blend": str(Path(folder) / "a.blend"), "moved": {}, "overrides": None, "pictures": None}
            await bake(blender, load, 60, lambda share: None)
        self.assertEqual([each["pictures"] for each in blender.loads], [None] * 3)


class Asked:
    """A Blender that bakes, and renders the same picture for each frame. `loads` are what it was told to open."""

    def __init__(self, folder):
        self.folder = folder / "side"
        self.loads = []

    async def ask(self, load, commands, limit_s, watch=None):
        self.loads.append(load)
        if load.get("do") == "bake":
            Path(load["path"]).write_bytes(b"BLENDER")
            return [{"frames": [1, 3]}]
        for each in commands:
            Path(each["path"]).write_bytes(PNG)
        return [{"scene": {"simulations": []}}]


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\1IHDRx\0\0\0\0" + b"\0\0\0\1IDATx\0\0\0\0"


if __name__ == "__main__":
    unittest.main()
