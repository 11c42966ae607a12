"""Jobs that end, or lose their link, in the middle of an operation: no task, process, file or pin is left behind."""

import asyncio
import os
import threading
import unittest
from unittest.mock import patch

from farm_node.job import job_folder, job_slots
from farm_node.job.job_folder import JobFolder

from .support.client import WAIT_S
from .support.fake_slot import is_alive, lives_of
from .test_server import JOB
from .test_slot_limits import Loading


@unittest.skipIf(os.name == "nt", "a script stands for Blender")
class JobsThatEnd(Loading):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.use("frozen")

    async def until(self, what) -> None:
        for _ in range(int(WAIT_S * 100)):
            if what():
                return
            await asyncio.sleep(0.01)
        self.fail("It does not come")

    async def assert_nothing_left(self) -> None:
        self.assertEqual([pid for pid in lives_of(self.root) if is_alive(pid)], [])
        self.assertEqual(list(self.root.glob("job-*")), [])
        self.assertEqual(self.store._pins, {})
        self.assertEqual(self.states[-1], "idle")
        named = ("slot", "end slots", "close job")
        self.assertEqual([task for task in asyncio.all_tasks() if task.get_name().startswith(named)], [])

    def hold(self, owner, name: str) -> threading.Event:
        """Calls of this function wait until the event is set; `self.held` shows that one is waiting."""
        go_on, call = threading.Event(), getattr(owner, name)
        self.held = threading.Event()
        self.addCleanup(go_on.set)

        def wait_and_call(*arguments):
            self.held.set()
            go_on.wait(WAIT_S)
            return call(*arguments)

        patched = patch.object(owner, name, wait_and_call)
        patched.start()
        self.addCleanup(patched.stop)
        return go_on

    async def take_over(self):
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.expect("job-opened", lambda m: m["resumed"])
        return coordinator

    async def test_a_job_that_is_closed_while_it_loads(self):
        coordinator = await self.load()
        await self.until(lambda: lives_of(self.root))
        await coordinator.send("job-close", job=JOB)
        await coordinator.expect("job-closed")
        await self.assert_nothing_left()

    async def test_a_job_whose_link_is_lost_for_good_while_it_loads(self):
        with patch("farm_node.node.JOB_KEPT_S", 0.1):
            coordinator = await self.load()
            await self.until(lambda: lives_of(self.root))
            await coordinator.close()
            await self.until(lambda: self.states[-1] == "idle")
        await self.assert_nothing_left()

    async def test_a_job_without_a_coordinator_gives_way_once_loaded_but_not_while_it_loads(self):
        for behaviours, answer in ((("frozen",), "busy"), (("loads",), "job-opened")):
            self.use(*behaviours)
            first = await self.load()
            if answer == "job-opened":
                await first.expect("job-loaded")
            else:
                await self.until(lambda: lives_of(self.root))
            await first.close()
            await self.visits_ended.acquire()
            second = await self.coordinator()
            await second.send("job-open", job="cd" * 16, holder="ben", slots=None)
            await second.expect(answer)
            await self.node.close_job(self.node._job)
            await self.assert_nothing_left()

    async def test_a_job_that_a_second_link_closes_while_the_first_puts_its_files_in_place(self):
        go_on = self.hold(job_folder, "place")
        await self.load()
        await self.until(self.held.is_set)
        second = await self.take_over()
        await second.send("job-close", job=JOB)
        await asyncio.sleep(0.1)
        self.assertEqual([m for m in second.seen if m["type"] == "job-closed"], [], "it is not closed yet")
        go_on.set()
        await second.expect("job-closed")
        await self.assert_nothing_left()
        self.assertEqual(lives_of(self.root), [])

    async def test_a_job_that_two_links_load_while_the_slots_of_an_earlier_load_end(self):
        self.use("frozen", "loads")
        go_on, end = asyncio.Event(), job_slots._end

        async def end_later(*arguments) -> None:
            await go_on.wait()
            await end(*arguments)

        first = await self.load()
        await self.until(lambda: lives_of(self.root))
        (blob,) = self.root.glob("blobs/*")
        with patch("farm_node.job.job_slots._end", end_later):
            await first.send("job-load", job=JOB, blend=blob.name, scene="other", colorMode=None)
            second = await self.take_over()
            await second.send("job-load", job=JOB, blend=blob.name, scene="other", colorMode=None)
            await asyncio.sleep(0.1)
            go_on.set()
            await second.expect("job-loaded")
        self.assertEqual(len(lives_of(self.root)), 2)
        await second.send("job-close", job=JOB)
        await second.expect("job-closed")
        await self.assert_nothing_left()

    async def test_a_job_that_is_opened_again_while_it_ends_starts_over(self):
        self.use("loads")
        go_on, removing = asyncio.Event(), asyncio.Event()
        remove = JobFolder.remove

        async def remove_later(folder: JobFolder) -> None:
            removing.set()
            await go_on.wait()
            await remove(folder)

        with patch.object(JobFolder, "remove", remove_later), patch("farm_node.node.JOB_KEPT_S", 0.1):
            first = await self.load()
            await first.expect("job-loaded")
            await first.close()
            await asyncio.wait_for(removing.wait(), WAIT_S)
            second = await self.coordinator()
            await second.send("job-open", job=JOB, holder="anna", slots=None)
            await asyncio.sleep(0.1)
            go_on.set()
            self.assertFalse((await second.expect("job-opened"))["resumed"])
        (blob,) = self.root.glob("blobs/*")
        await second.send("job-load", job=JOB, blend=blob.name, scene=None, colorMode=None)
        await second.expect("job-loaded")
        await second.send("job-close", job=JOB)
        await second.expect("job-closed")
        await self.assert_nothing_left()

    async def test_a_job_whose_link_is_lost_while_its_blendfile_is_sent(self):
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.send("blob-begin", transfer=1, sha256="0" * 64, sizeBytes=9, offset=0)
        await coordinator.send_piece(1, 0, b"x")
        with patch("farm_node.node.JOB_KEPT_S", 0.1):
            coordinator.socket.transport.abort()
            await self.until(lambda: self.states[-1:] == ["idle"])
        await self.assert_nothing_left()
        self.assertEqual(self.store._writers, {})
        self.assertEqual(self.store.state("0" * 64, 9), (1, False))


if __name__ == "__main__":
    unittest.main()
