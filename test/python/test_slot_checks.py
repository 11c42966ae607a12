"""A slot has new processes render some of its frames again, with the real Blender.

`FUZZ_EFFORT=10` tries ten seeds instead of one.
"""

import asyncio
import base64
import itertools
import os
import unittest

from .support.node import BLENDER
from .support.real_node import ScenesCase

MOST_FRAMES = 400
"""Checks may take as long as frames do, and a busy machine starts processes slowly."""
SEEDS = range(1, 1 + max(1, int(float(os.environ.get("FUZZ_EFFORT") or 1))))
FIRST_WRONG = 11
"""The scene "tiring" renders ten frames rightly in each process."""


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: spot checks are not tested with a real one")
class SlotChecks(ScenesCase):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.transfers = itertools.count(10)
        self.first = None

    async def rendering(self, name, share, seed):
        """A node with a job whose checks are planned. Returns the coordinator."""
        node = self.node = self.start("--allow-scripts")
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, name, allowScripts=True, simulations="play")
        await coordinator.send("job-checks", share=share, seed=seed)
        return coordinator

    async def render(self, coordinator, frame, attempt=0):
        """Returns the picture's compressed pixels."""
        await coordinator.send("frame-assign", slot=0, frame=frame, attempt=attempt)
        await coordinator.expect("frame-rendered", lambda m: m["result"]["frame"] == frame and m["result"]["attempt"] == attempt)
        data = await coordinator.fetch(frame, attempt, next(self.transfers))
        await coordinator.send("result-release", frame=frame, attempt=attempt)
        return data[data.index(b"IDAT") : data.index(b"IEND")]

    async def test_a_slot_that_begins_to_render_wrongly_after_ten_frames_is_found_with_each_seed(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                coordinator = await self.rendering("tiring", 1, seed)
                pictures, found = {}, None
                for frame in range(1, MOST_FRAMES + 1):
                    pictures[frame] = await self.render(coordinator, frame)
                    found = next((m for m in coordinator.seen if m["type"] == "check-done" and m["outcome"] == "different"), None)
                    if found is not None:
                        break
                self.assertIsNotNone(found, "no check has found it")
                self.assertGreaterEqual(found["frame"], FIRST_WRONG)
                doubted = {found["frame"], *(each["frame"] for each in found["others"])}
                wrong = set()
                for frame in sorted(pictures):  # each by a new process, from now on
                    if await self.render(coordinator, frame, attempt=1) != pictures[frame]:
                        wrong.add(frame)
                self.assertGreater(len(wrong), 0)
                self.assertLessEqual(wrong, doubted)
                await coordinator.close()

    async def test_all_frames_are_checked_without_a_limit(self):
        coordinator = await self.rendering("plain", None, 0)
        for frame in (1, 2, 3):
            await self.render(coordinator, frame)
        await coordinator.expect("check-done", lambda m: m["frame"] == 3)
        done = [(m["frame"], m["outcome"], m["others"]) for m in coordinator.seen if m["type"] == "check-done"]
        self.assertEqual(done, [(2, "equal", []), (3, "equal", [])], "the first one of a process would be the same")
        states = [m["state"] for m in coordinator.seen if m["type"] == "slot-changed"]
        self.assertEqual(states, ["starting", "ready"], "for the coordinator the slot stays as it is")

    async def test_what_a_check_finds_without_a_link_is_told_on_the_next_one(self):
        coordinator = await self.rendering("plain", None, 0)
        for frame in (1, 2):
            await self.render(coordinator, frame)
        await coordinator.close()
        self.assertNotIn("check-done", [m["type"] for m in coordinator.seen])
        for _ in range(300):
            if not any(self.node.folder.glob("**/*.kept.png")):
                break
            await asyncio.sleep(0.1)
        again, opened = await self.open(self.node)
        self.assertTrue(opened["resumed"])
        done = next(m for m in again.seen if m["type"] == "check-done")
        self.assertEqual((done["frame"], done["outcome"]), (2, "equal"))

    async def test_a_small_picture_is_sent_before_the_first_frame_if_that_is_asked_for(self):
        for sample_from, is_sampled in ((24, True), (300, False)):
            with self.subTest(sample_from=sample_from):
                node = self.start()
                coordinator, _ = await self.open(node)
                await self.ready(coordinator, "plain", sampleFrom=sample_from)
                picture = await self.render(coordinator, 1)
                sampled = [m for m in coordinator.seen if m["type"] == "job-sampled"]
                self.assertEqual(len(sampled), int(is_sampled))
                for sample in sampled:
                    self.assertEqual((sample["frame"], sample["width"], sample["height"]), (7, 64, 36), "the frame at which it was saved")
                    pixels = base64.b64decode(sample["pixels"])
                    self.assertEqual(len(pixels), 64 * 36 * 3)
                    self.assertGreater(len(set(pixels)), 20, "it is not flat")
                self.assertEqual(picture, self.first or picture, "it changes nothing in the frames")
                self.first = picture

    async def test_no_frame_is_checked_unless_that_is_asked_for(self):
        coordinator = await self.rendering("plain", 0, 1)
        for frame in (1, 2, 3):
            await self.render(coordinator, frame)
        self.assertEqual([m for m in coordinator.seen if m["type"].startswith("check-")], [])


if __name__ == "__main__":
    unittest.main()
