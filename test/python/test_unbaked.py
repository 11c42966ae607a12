"""Whether a simulation zone's bake is in the blendfile, which only memory tells. Without Blender."""

import ctypes
import importlib
import sys
import unittest
from types import SimpleNamespace
from unittest.mock import MagicMock, patch


def bake_in(memory, **more):
    """A bake whose structure is at the begin of the memory, as numbers."""
    known = {"bake_id": memory[0], "frame_start": memory[6], "frame_end": memory[7]}
    return SimpleNamespace(as_pointer=lambda: ctypes.addressof(memory), **known, **more)


class Packed(unittest.TestCase):
    def setUp(self):
        with patch.dict(sys.modules, bpy=MagicMock()):
            self.is_packed = importlib.import_module("farm_slot.simulations.unbaked")._is_packed

    def test_what_follows_the_bakes_of_4_2_in_memory_is_no_bake(self):
        """These have 48 bytes, and no target."""
        memory = (ctypes.c_int * 14)(7, 0, 0, 0, 0, 0, 1, 250, 0, 0, 0, 0, 123, 0)
        self.assertFalse(self.is_packed(bake_in(memory)))
        self.assertTrue(self.is_packed(bake_in(memory, bake_target="INHERIT")))

    def test_a_bake_without_packed_data_is_not_packed(self):
        memory = (ctypes.c_int * 14)(7, 0, 0, 0, 0, 0, 1, 250)
        self.assertFalse(self.is_packed(bake_in(memory, bake_target="INHERIT")))

    def test_another_layout_is_not_read_further(self):
        memory = (ctypes.c_int * 14)(7, 0, 0, 0, 0, 0, 1, 250, 0, 0, 0, 0, 123, 0)
        bake = bake_in(memory, bake_target="INHERIT")
        bake.frame_end = 100
        self.assertFalse(self.is_packed(bake))


if __name__ == "__main__":
    unittest.main()
