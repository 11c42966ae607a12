"""A slot on a full disk."""

import asyncio
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

from farm_node.errors import Fault
from farm_node.limits import MAX_STARTS_IN_A_ROW
from farm_node.slots.slot import Slot
from farm_node.slots.slot_log import SlotLog


@unittest.skipIf(resource is None, "Windows has no limit of a file's size, which stands for a full disk here")
class FullLogTest(unittest.TestCase):
    def test_closing_a_log_that_cannot_be_written_is_not_an_error(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = SlotLog(Path(folder) / "blender.log")
            usual = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))
            try:
                log.feed(b"first\nsecond\n")
                log.feed(b"third\n")
                log.close()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, usual)
            self.assertEqual((Path(folder) / "blender.log").read_bytes(), b"")
        self.assertEqual(log.tail(), ["first", "second", "third"])


class Owner:
    """Records what a slot reports to its job."""

    def __init__(self, folder: Path) -> None:
        self.load_command: dict[str, Any] = {}
        self.frames_folder = folder
        self.told: list[dict[str, Any]] = []
        self.abandoned: list[Fault] = []

    is_loaded = False

    def may_start(self) -> bool:
        return True

    def lack_of_space(self) -> None:
        return None

    async def lack_of_blend(self, is_doubted: bool) -> None:
        return None

    async def change_in_place(self) -> None:
        return None

    def emit(self, message: dict[str, Any]) -> None:
        self.told.append(message)

    def keep(self, result: object) -> None:
        raise AssertionError(result)

    def on_loaded(self, slot: int, event: dict[str, Any]) -> None:
        raise AssertionError(event)

    async def on_load_failed(self, fault: Fault) -> bool:
        raise AssertionError(fault)

    async def on_abandoned(self, fault: Fault) -> None:
        self.abandoned.append(fault)


class FullFolderTest(unittest.TestCase):
    def test_a_slot_without_a_folder_reports_that_and_gives_up_after_some_attempts(self) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            blocked = Path(temporary) / "file"
            blocked.write_text("a file, where the slot would have its folder")
            owner = Owner(Path(temporary))

            async def give_up() -> Slot:
                slot = Slot(0, owner, ["no-such-program"], blocked / "slot-0", None)  # type: ignore[arg-type]
                await asyncio.wait_for(slot.run(), 20)
                return slot

            with patch("farm_node.slots.slot_waits.RESTART_PAUSE_S", 0.001):
                slot = asyncio.run(give_up())
        self.assertEqual((slot.status.state, slot.is_abandoned), ("lost", True))
        self.assertEqual([told["state"] for told in owner.told], ["starting", "lost"] * (MAX_STARTS_IN_A_ROW + 1))
        (fault,) = owner.abandoned
        self.assertIn("Cannot make the slot's folder", fault.message)


if __name__ == "__main__":
    unittest.main()
