"""Slots that end while they load, while they render, and on full disks. Programs replace Blender."""

import asyncio
import os
import shutil
import unittest
from unittest.mock import patch

from farm_node.job.disk_space import lack_of_space
from farm_node.slots.slot_attempts import SlotAttempts

from .support.fake_slot import is_alive, lives_of
from .test_server import JOB
from .test_slot_limits import Loading

QUICK = {"RESTART_PAUSE_S": 0.01, "SPACE_CHECK_S": 0.01}


@unittest.skipIf(os.name == "nt", "a script stands for Blender")
class Shutdown(Loading):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        quick = patch.multiple("farm_node.slots.slot_waits", **QUICK)
        quick.start()
        self.addCleanup(quick.stop)

    async def slot_is(self, coordinator, state: str, slot: int = 0) -> dict:
        return await coordinator.expect("slot-changed", lambda m: (m["slot"], m["state"]) == (slot, state))

    def told_states(self, coordinator, slot: int = 0) -> list:
        changes = [m for m in coordinator.seen if m["type"] == "slot-changed" and m["slot"] == slot]
        return [change["state"] for change in changes]

    async def reopen(self) -> tuple:
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        return coordinator, await coordinator.expect("job-opened")

    async def load_again(self, coordinator) -> None:
        (blob,) = self.root.glob("blobs/*")
        await coordinator.send("job-load", job=JOB, blend=blob.name, scene=None, colorMode=None)


class WhileLoading(Shutdown):
    async def test_a_slot_that_ends_while_it_loads_is_restarted(self):
        self.use("broken", "broken", "loads")
        coordinator = await self.load()
        await coordinator.expect("job-loaded")
        await self.slot_is(coordinator, "ready")
        self.assertEqual(self.told_states(coordinator), ["starting", "lost"] * 2 + ["starting", "ready"])

    async def test_the_first_slot_to_end_does_not_end_the_others(self):
        self.use("broken", "loads")
        self.node._slots = 3
        coordinator = await self.load()
        for _ in range(3):
            await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        self.assertEqual(len([pid for pid in lives_of(self.root) if is_alive(pid)]), 3)

    async def test_a_file_that_crashes_every_blender_fails_the_load_after_some_attempts_of_each_slot(self):
        self.use("broken")
        self.node._slots = 2
        with patch("farm_node.slots.slot.MAX_STARTS_IN_A_ROW", 2):
            error = await self.load_failed(await self.load())
        self.assertEqual((error["code"], len(lives_of(self.root))), ("CRASHED", 6))
        self.assertIn("Open the file", error["hint"])

    async def test_a_job_that_lost_its_slots_gets_new_ones_when_it_is_loaded_again(self):
        self.use("dies", "broken", "broken", "loads")
        with patch("farm_node.slots.slot.MAX_STARTS_IN_A_ROW", 2):
            first = await self.load()
            await first.expect("job-loaded")
            for _ in range(3):
                await self.slot_is(first, "lost")
            await asyncio.sleep(0.1)
            self.assertEqual(len(lives_of(self.root)), 3)
            second, opened = await self.reopen()
            self.assertEqual([slot["state"] for slot in opened["slots"]], ["lost"])
            await self.load_again(second)
            await second.expect("job-loaded")
            await self.slot_is(second, "ready")


class WhileRendering(Shutdown):
    async def test_frames_that_crash_their_blender_do_not_end_the_slot(self):
        self.use("fragile")
        coordinator = await self.load()
        with patch("farm_node.slots.slot.MAX_STARTS_IN_A_ROW", 2):
            for frame in range(1, 7):
                await self.slot_is(coordinator, "ready")
                await coordinator.send("frame-assign", slot=0, frame=frame, attempt=frame)
                failed = await coordinator.expect("frame-failed")
                self.assertEqual((failed["frame"], failed["error"]["code"]), (frame, "CRASHED"))
            await self.slot_is(coordinator, "ready")


class AfterAFailure(Shutdown):
    """A Blender in which a render failed may report the next picture as finished although it is blank."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        os.mkfifo(self.root / "gate")

    async def fail(self, coordinator, frame: int) -> list:
        """What is reported about a failed frame and about the waiting one, until the slot restarts."""
        await self.slot_is(coordinator, "ready")
        for number in (frame, frame + 1, frame + 2):
            await coordinator.send("frame-assign", slot=0, frame=number, attempt=1)
        await coordinator.expect("frame-failed", lambda m: m["error"]["code"] == "SLOT_FULL")
        told = len(coordinator.seen)
        await asyncio.to_thread((self.root / "gate").write_bytes, b"")
        await self.slot_is(coordinator, "starting")
        return [m for m in coordinator.seen[told:] if m["type"] in ("frame-failed", "frame-rendered", "slot-changed")]

    async def test_its_process_is_ended_and_renders_nothing_more_after_any_failure(self):
        for behaviour, code in (("raises", "NO_DENOISER"), ("empty", "NO_OUTPUT"), ("locked", "READ_FAILED")):
            with self.subTest(behaviour):
                self.use(behaviour)
                coordinator = await self.load()
                for frame in (1, 11, 21):
                    failed, handed_back, lost, starting = await self.fail(coordinator, frame)
                    self.assertEqual((failed["frame"], failed["error"]["code"]), (frame, code))
                    self.assertEqual((handed_back["frame"], handed_back["error"]["code"]), (frame + 1, "SLOT_LOST"))
                    self.assertEqual((lost["state"], lost["error"]), ("lost", failed["error"]))
                    self.assertEqual(starting["state"], "starting")
                await self.slot_is(coordinator, "ready")
                self.assertEqual([is_alive(pid) for pid in lives_of(self.root)[-4:]], [False, False, False, True])
                self.assertFalse((self.root / "after-failure").exists())
                await coordinator.send("job-close", job=JOB)
                await coordinator.expect("job-closed")

    async def test_more_frames_may_fail_in_a_row_than_starts_without_a_frame(self):
        self.use("raises")
        with patch("farm_node.slots.slot.MAX_STARTS_IN_A_ROW", 2):
            coordinator = await self.load()
            for frame in range(1, 61, 10):
                await self.fail(coordinator, frame)
            await self.slot_is(coordinator, "ready")

    async def test_the_error_has_blenders_output(self):
        self.use("raises")
        failed, *_ = await self.fail(await self.load(), 1)
        self.assertIn("Build without OpenImageDenoiser", failed["error"]["log"])


class Edited(Shutdown):
    def paint(self, texture: bytes) -> None:
        (self.root / "texture").write_bytes(texture)

    async def test_a_slot_that_finds_another_texture_than_the_first_one_never_renders(self):
        self.use("loads")
        self.paint(b"old")
        coordinator = await self.load()
        await self.slot_is(coordinator, "ready")
        self.paint(b"new")
        os.kill(lives_of(self.root)[0], 9)
        await self.slot_is(coordinator, "lost")
        lost = await self.slot_is(coordinator, "lost")
        self.assertEqual(lost["error"]["code"], "FILES_CHANGED")
        self.assertIn("Run the same command again", lost["error"]["hint"])
        await asyncio.sleep(0.2)
        self.assertEqual(len(lives_of(self.root)), 2)
        self.assertNotIn("ready", self.told_states(coordinator)[3:])

    async def test_a_job_that_is_continued_with_another_texture_is_loaded_again(self):
        self.use("fragile")
        self.paint(b"old")
        first = await self.load()
        loaded = await first.expect("job-loaded")
        await self.slot_is(first, "ready")
        await first.close()
        self.paint(b"new")
        with patch("farm_node.slots.slot.Slot._start_frame", lambda slot, process: slot.attempts.start()):
            second, opened = await self.reopen()
            await second.send("frame-assign", slot=0, frame=4, attempt=7)
            await second.expect("frame-started")
            await self.load_again(second)
            failed = await second.expect("frame-failed")
        self.assertEqual((failed["frame"], failed["attempt"], failed["error"]["code"]), (4, 7, "SLOT_LOST"))
        again = await second.expect("job-loaded")
        self.assertNotEqual(again["scene"]["files"], loaded["scene"]["files"])
        await self.slot_is(second, "ready")
        self.assertEqual([is_alive(pid) for pid in lives_of(self.root)], [False, True])

    async def test_rewriting_the_same_texture_changes_nothing(self):
        self.use("loads")
        self.paint(b"old")
        first = await self.load()
        await self.slot_is(first, "ready")
        await first.close()
        self.paint(b"old")
        second, _ = await self.reopen()
        await self.load_again(second)
        await second.expect("job-loaded")
        self.assertEqual([is_alive(pid) for pid in lives_of(self.root)], [True])


class WithoutRoom(Shutdown):
    def disk(self, free: int) -> None:
        """From now on that many bytes are free."""
        usage = shutil._ntuple_diskusage(10**9, 10**9 - free, free)
        patched = patch("farm_node.job.disk_space.shutil.disk_usage", lambda folder: usage)
        patched.start()
        self.addCleanup(patched.stop)

    async def test_no_frame_starts_until_there_is_space_and_the_slot_reports_how_much_is_needed(self):
        self.use("loads")
        coordinator = await self.load()
        await self.slot_is(coordinator, "ready")
        self.disk(1_000_000)
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
        failed = await coordinator.expect("frame-failed")
        self.assertEqual(failed["error"]["code"], "SLOT_LOST", "it was not begun: nobody is to blame")
        error = (await self.slot_is(coordinator, "lost"))["error"]
        self.assertEqual(error["code"], "DISK_FULL")
        self.assertRegex(error["message"], "about 16.8 MB needed, 1.0 MB free, in .*frames")
        self.assertIn("Free space", error["hint"])
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=1)
        self.assertEqual((await coordinator.expect("frame-failed"))["error"]["code"], "SLOT_LOST")
        await asyncio.sleep(0.1)
        self.assertEqual(self.told_states(coordinator), ["starting", "ready", "lost"], "it is reported once")
        self.disk(100_000_000)
        await self.slot_is(coordinator, "ready")
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=2)
        await coordinator.expect("frame-started")
        self.assertEqual(len(lives_of(self.root)), 1, "its Blender has waited")

    async def test_a_slot_that_ends_is_not_restarted_before_there_is_space(self):
        self.use("fragile", "loads")
        coordinator = await self.load()
        await self.slot_is(coordinator, "ready")
        start = SlotAttempts.start

        def start_and_fill(attempts: SlotAttempts):
            self.disk(0)
            return start(attempts)

        with patch.object(SlotAttempts, "start", start_and_fill):
            await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
            failed = await coordinator.expect("frame-failed")
        self.assertEqual(failed["error"]["code"], "DISK_FULL", "that is why its Blender ended")
        await asyncio.sleep(0.1)
        self.assertEqual(self.told_states(coordinator), ["starting", "ready", "lost"])
        self.disk(100_000_000)
        await self.slot_is(coordinator, "ready")

    async def test_space_is_kept_for_a_frame_of_each_slot(self):
        expected = {"width": 1000, "height": 1000, "depth": 16, "colorMode": "RGBA"}
        self.disk(16 * 2**20 + 3 * 8_000_000)
        self.assertIsNone(lack_of_space(self.root, expected, 3))
        self.assertEqual(lack_of_space(self.root, expected, 4).code, "DISK_FULL")
        with patch("farm_node.job.disk_space.shutil.disk_usage", side_effect=OSError):
            self.assertIsNone(lack_of_space(self.root, expected, 4))


if __name__ == "__main__":
    unittest.main()
