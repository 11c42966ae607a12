"""A slot on a disk that takes nothing more."""

import asyncio
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from farm_node.errors import Fault
from farm_node.slot import Slot
from farm_node.slot_log import SlotLog


@unittest.skipUnless(Path("/dev/full").exists(), "there is no /dev/full here")
class FullLogTest(unittest.TestCase):
    def test_a_log_that_cannot_be_written_is_no_error_at_its_end_either(self) -> None:
        log = SlotLog(Path("/dev/full"))
        log.feed(b"first\nsecond\n")
        log.feed(b"third\n")
        log.close()
        self.assertEqual(log.tail(), ["first", "second", "third"])


class Owner:
    """What a slot tells its job."""

    def __init__(self, folder: Path) -> None:
        self.load_command: dict[str, Any] = {}
        self.frames_folder = folder
        self.told: list[dict[str, Any]] = []
        self.faults: list[Fault] = []

    def may_start(self) -> bool:
        return True

    def emit(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def keep(self, result: object) -> None:
        raise AssertionError(result)

    def on_loaded(self, slot: int, event: dict[str, Any]) -> None:
        raise AssertionError(event)

    def on_load_failed(self, slot: int, fault: Fault) -> bool:
        self.faults.append(fault)
        return True


class FullFolderTest(unittest.TestCase):
    def test_a_slot_that_cannot_have_its_folder_says_so_and_gives_up_after_some_tries(self) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            blocked = Path(temporary) / "file"
            blocked.write_text("a file, where the slot would have its folder")
            owner = Owner(Path(temporary))

            async def give_up() -> Slot:
                slot = Slot(0, owner, ["no-such-program"], blocked / "slot-0", None)  # type: ignore[arg-type]
                await asyncio.wait_for(slot.run(), 20)
                return slot

            with patch("farm_node.slot.RESTART_PAUSE_S", 0.001):
                slot = asyncio.run(give_up())
        self.assertEqual(slot.state, "lost")
        self.assertGreater(len(owner.faults), 1)
        self.assertIn("Cannot make the slot's folder", owner.faults[0].message)


if __name__ == "__main__":
    unittest.main()
