"""Slots that freeze while they start or load: real child processes that stop, and short limits."""

import asyncio
import os
import signal
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.slots.blender_program import BlenderProgram, find_blender
from farm_node.slots.slot_process import SlotProcess

from .support.fake_slot import install, is_alive, lives_of
from .support.node import BLENDER
from .support.real_node import make_scenes
from .test_server import JOB, Served

SHORT_S = 0.5
NEVER_S = 600.0


def limits(start_s: float = NEVER_S, load_s: float = NEVER_S):
    return patch.multiple("farm_node.slots.slot", START_LIMIT_S=start_s, LOAD_LIMIT_S=load_s)


class Loading(Served):
    async def load(self, blend: bytes = b"BLENDER-v300RENDH", **more):
        """A coordinator whose job is being loaded."""
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.expect("job-opened")
        sha256 = await coordinator.upload(blend, 1)
        await coordinator.send("job-load", job=JOB, blend=sha256, scene=None, colorMode=None, **more)
        return coordinator

    def use(self, *plan: str) -> None:
        self.node._program = BlenderProgram(install(self.root, *plan), "3.4.1")

    async def load_failed(self, coordinator) -> dict:
        """The error of the load, after everything that belongs to it has ended."""
        while not any(message["type"] == "job-load-failed" for message in coordinator.seen):
            await asyncio.sleep(0.01)
        await coordinator.send("job-close", job=JOB)
        while not any(message["type"] == "job-closed" for message in coordinator.seen):
            await asyncio.sleep(0.01)
        self.assertEqual([pid for pid in lives_of(self.root) if is_alive(pid)], [])
        return next(message["error"] for message in coordinator.seen if message["type"] == "job-load-failed")


@unittest.skipIf(os.name == "nt", "Windows stops no processes")
class FrozenSlots(Loading):
    async def test_a_slot_that_freezes_while_it_loads_is_ended_and_the_load_fails_with_a_hint(self):
        self.use("frozen")
        with limits(load_s=SHORT_S):
            coordinator = await self.load()
            error = await self.load_failed(coordinator)
        self.assertEqual((error["code"], len(lives_of(self.root))), ("TIMED_OUT", 1))
        self.assertIn("did not open the file within", error["message"])
        self.assertIn("open it on the node", error["hint"])
        lost = next(message for message in coordinator.seen if message.get("state") == "lost")
        self.assertEqual(lost["error"], error)

    async def test_a_slot_that_never_connects_is_ended_and_the_load_fails_with_a_hint(self):
        self.use("mute")
        with limits(start_s=SHORT_S):
            error = await self.load_failed(await self.load())
        self.assertEqual(error["code"], "TIMED_OUT")
        self.assertIn("did not report within", error["message"])
        self.assertIn("start Blender there", error["hint"])

    async def test_a_slot_that_freezes_at_its_small_picture_is_ended_and_the_next_one_renders_none(self):
        self.use("naps", "loads")
        quick = patch("farm_node.slots.slot_waits.RESTART_PAUSE_S", 0.01)
        with patch("farm_node.slots.slot_checks.LOAD_LIMIT_S", SHORT_S), quick:
            coordinator = await self.load(sampleFrom=1)
            await coordinator.expect("job-loaded")
            lost = await coordinator.expect("slot-changed", lambda m: m["state"] == "lost")
            self.assertEqual(lost["error"]["code"], "TIMED_OUT")
            self.assertIn("did not render a small picture", lost["error"]["message"])
            await coordinator.expect("slot-changed", lambda m: m["state"] == "ready" and len(lives_of(self.root)) == 2)
        await asyncio.sleep(2 * SHORT_S)  # it has nothing to do, and no limit
        self.assertEqual([pid for pid in lives_of(self.root) if is_alive(pid)], lives_of(self.root)[1:])
        await coordinator.send("job-close", job=JOB)
        await coordinator.expect("job-closed")

    async def test_a_slot_that_keeps_freezing_after_another_has_loaded_is_abandoned(self):
        self.use("dies", "frozen")
        quick = patch("farm_node.slots.slot_waits.RESTART_PAUSE_S", 0.01)
        with limits(load_s=1), quick, patch("farm_node.slots.slot.MAX_STARTS_IN_A_ROW", 2):
            coordinator = await self.load()
            await coordinator.expect("job-loaded")
            for code in ("CRASHED", "TIMED_OUT", "TIMED_OUT"):
                lost = await coordinator.expect("slot-changed", lambda m: m["state"] == "lost")
                self.assertEqual(lost["error"]["code"], code)
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        (slot,) = (await coordinator.expect("job-opened"))["slots"]
        self.assertEqual((slot["state"], slot["error"]["code"]), ("lost", "TIMED_OUT"))
        self.assertEqual([is_alive(pid) for pid in lives_of(self.root)], [False] * 3)

    async def test_a_slot_that_has_loaded_has_no_limit(self):
        self.use("loads")
        with limits(load_s=1):
            coordinator = await self.load()
            await coordinator.expect("job-loaded")
            await asyncio.sleep(1.5)
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        (slot,) = (await coordinator.expect("job-opened"))["slots"]
        self.assertEqual(slot["state"], "ready")

    async def test_a_slot_that_cannot_load_what_another_could_and_freezes_is_ended(self):
        self.use("dies", "refuses", "loads")
        quick = patch("farm_node.slots.slot_waits.RESTART_PAUSE_S", 0.01)
        with quick, patch("farm_node.slots.slot.EXIT_GRACE_S", SHORT_S):
            coordinator = await self.load()
            for code in ("CRASHED", "FILE_UNREADABLE"):
                lost = await coordinator.expect("slot-changed", lambda m: m["state"] == "lost")
                self.assertEqual(lost["error"]["code"], code)
            await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")

    async def test_a_slot_that_even_a_kill_does_not_end_is_abandoned(self):
        self.use("frozen")
        self.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in lives_of(self.root)])
        immortal = patch.object(SlotProcess, "_kill_group", lambda process: process._killing.set())
        with limits(load_s=SHORT_S), immortal, patch("farm_node.slots.slot_process.KILL_GRACE_S", 0.1):
            coordinator = await self.load()
            while not any(message["type"] == "job-load-failed" for message in coordinator.seen):
                await asyncio.sleep(0.01)
            await coordinator.send("job-close", job=JOB)
            await asyncio.wait_for(self.closed(coordinator), 60)
        self.assertEqual([is_alive(pid) for pid in lives_of(self.root)], [True])

    async def closed(self, coordinator) -> None:
        while not any(message["type"] == "job-closed" for message in coordinator.seen):
            await asyncio.sleep(0.01)


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: the limits are not tested with a real one")
class RealBlenders(Loading):
    @unittest.skipIf(os.name == "nt", "Windows stops no processes")
    async def test_a_slot_that_is_stopped_while_it_loads_is_ended(self):
        self.node._program = await asyncio.to_thread(find_blender, None)
        scenes = make_scenes()
        self.addCleanup(scenes.cleanup)
        send, stopped = SlotProcess.send, []

        def send_and_stop(process: SlotProcess, command: dict) -> None:
            if command["do"] == "load":
                stopped.append(process._process.pid)
                os.kill(process._process.pid, signal.SIGSTOP)
            send(process, command)

        with limits(load_s=SHORT_S), patch.object(SlotProcess, "send", send_and_stop):
            error = await self.load_failed(await self.load(Path(scenes.name, "plain.blend").read_bytes()))
        self.assertEqual(error["code"], "TIMED_OUT")
        self.assertEqual([is_alive(pid) for pid in stopped], [False])


if __name__ == "__main__":
    unittest.main()
