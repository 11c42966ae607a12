"""The Blender beside the slots that bakes, mixes sound and checks frames: it is always answered for, and never left behind."""

import asyncio
import errno
import os
import signal
import unittest
from unittest.mock import patch

from .support.fake_slot import is_alive, lives_of
from .test_server import JOB
from .test_slot_limits import Loading

ASKED = {
    "job-bake": ("job-baked", {"limitSeconds": 60}),
    "job-mix": ("job-mixed", {"firstFrame": 1, "lastFrame": 2}),
    "order-check": ("order-checked", {"frames": [1, 2]}),
}


@unittest.skipIf(os.name == "nt", "a script stands for Blender")
class SideBlender(Loading):
    async def loaded(self, *behaviours: str):
        self.use(*behaviours)
        coordinator = await self.load()
        await coordinator.expect("job-loaded")
        return coordinator

    async def test_an_error_of_the_nodes_disk_is_an_answer(self):
        coordinator = await self.loaded("loads")
        full = OSError(errno.ENOSPC, "No space left on device")
        for number, (asked, (answer, fields)) in enumerate(ASKED.items()):
            for error, code in ((full, "DISK_FULL"), (FileNotFoundError(2, "No such file"), "READ_FAILED")):
                with patch("farm_node.job.side_blender.make_slot_folder", side_effect=error):
                    await coordinator.send(asked, number=number, job=JOB, **fields)
                    told = await coordinator.expect(answer)
                self.assertEqual((told["number"], told["error"]["code"]), (number, code))

    async def test_questions_wait_for_each_other(self):
        """Each has the same folder, and a Blender that needs memory."""
        coordinator = await self.loaded("loads", "mute", "mixes")
        await coordinator.send("job-mix", number=1, job=JOB, firstFrame=1, lastFrame=2)
        await self.lives(2)
        await coordinator.send("job-mix", number=2, job=JOB, firstFrame=1, lastFrame=2)
        await asyncio.sleep(0.3)
        self.assertEqual(len(lives_of(self.root)), 2)
        os.kill(lives_of(self.root)[1], signal.SIGKILL)
        answers = [await coordinator.expect("job-mixed") for _ in range(2)]
        self.assertEqual([(each["number"], each["sound"] is None) for each in answers], [(1, True), (2, False)])

    async def test_what_an_earlier_mix_has_left_is_removed_first(self):
        """Blender 5.2 answers before it has begun, so a whole file is taken for the answer."""
        coordinator = await self.loaded("loads", "mixes")
        for number in (1, 2):
            await coordinator.send("job-mix", number=number, job=JOB, firstFrame=1, lastFrame=2)
            self.assertIsNone((await coordinator.expect("job-mixed"))["error"])

    async def test_a_bake_that_may_take_a_week_does_not_wait_so_long_for_a_blender_that_hangs(self):
        """Blender that never connects, and one that stops while it opens the file, which a bake does by itself."""
        for hanging, limit in (("mute", "START_LIMIT_S"), ("frozen", "LOAD_LIMIT_S")):
            coordinator = await self.loaded("loads", hanging)
            with patch(f"farm_node.job.side_blender.{limit}", 0.5):
                await coordinator.send("job-mix", number=1, job=JOB, firstFrame=1, lastFrame=2)
                await coordinator.send("job-bake", number=2, job=JOB, limitSeconds=7 * 24 * 3600)
                answers = [await coordinator.expect(answer) for answer in ("job-mixed", "job-baked")]
            self.assertEqual([each["error"]["code"] for each in answers], ["TIMED_OUT"] * 2)
            await coordinator.send("job-close", job=JOB)
            await coordinator.expect("job-closed")
            self.assertEqual([pid for pid in lives_of(self.root) if is_alive(pid)], [])
            (self.root / "lives").unlink()

    async def test_a_blender_that_hangs_after_a_frame_of_a_bake_is_ended(self):
        coordinator = await self.loaded("loads", "stalls")
        with patch("farm_node.job.side_blender.LOAD_LIMIT_S", 0.5):
            await coordinator.send("job-bake", number=1, job=JOB, limitSeconds=7 * 24 * 3600)
            await coordinator.expect("bake-progress")
            error = (await coordinator.expect("job-baked"))["error"]
        self.assertEqual(error["code"], "TIMED_OUT")
        self.assertIn("no progress for", error["message"])

    async def test_one_that_reports_may_take_longer(self):
        coordinator = await self.loaded("loads", "mixes-slowly")
        with patch("farm_node.job.side_blender.LOAD_LIMIT_S", 0.6):
            await coordinator.send("job-mix", number=1, job=JOB, firstFrame=1, lastFrame=2)
            self.assertIsNone((await coordinator.expect("job-mixed"))["error"])

    async def test_a_job_that_is_closed_or_loads_another_file_ends_it_first(self):
        for then in ("job-close", "job-load"):
            coordinator = await self.loaded("loads", "mute", "loads")
            await coordinator.send("job-mix", number=1, job=JOB, firstFrame=1, lastFrame=2)
            await self.lives(2)
            side = lives_of(self.root)[1]
            (blob,) = self.root.glob("blobs/*")
            more = {} if then == "job-close" else {"blend": blob.name, "scene": "other", "colorMode": None}
            await coordinator.send(then, job=JOB, **more)
            self.assertEqual((await coordinator.expect("job-mixed"))["error"]["code"], "CANCELLED")
            await coordinator.expect("job-closed" if then == "job-close" else "job-loaded")
            self.assertFalse(is_alive(side))
            await coordinator.send("job-close", job=JOB)
            await coordinator.expect("job-closed")
            (self.root / "lives").unlink()

    async def lives(self, count: int) -> None:
        while len(lives_of(self.root)) < count:
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    unittest.main()
