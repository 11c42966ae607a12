"""A node with the real Blender, driven over the real protocol. Skipped with a message if there is no Blender."""

import os
import signal
import unittest

from farm_node.slots.png_check import check_png

from .support.node import BLENDER, JOB
from .support.real_node import ScenesCase


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: the node is not tested with a real one")
class WithBlender(ScenesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = set(os.listdir(cls.scenes))

    async def test_frames_are_rendered_fetched_and_the_job_closed(self):
        node = self.start(inside=True)
        coordinator, opened = await self.open(node)
        self.assertEqual((opened["resumed"], opened["slots"]), (False, []))
        await self.ready(coordinator, "plain")
        for transfer, (frame, attempt) in zip((100, 200, 300), ((3, 0), (1, 5), (-7, 0))):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=attempt)
            await coordinator.expect("frame-started", lambda m, frame=frame: m["frame"] == frame)
            result = (await coordinator.expect("frame-rendered"))["result"]
            path = node.folder / "fetched.png"
            path.write_bytes(await coordinator.fetch(frame, attempt, transfer))
            png = check_png(path)
            self.assertEqual((png.frame, png.width, png.height, png.depth, png.color_mode), (frame, 64, 36, 8, "RGB"))
            self.assertEqual((result["sha256"], result["sizeBytes"]), (png.sha256, png.size_bytes))
            rest = await coordinator.fetch(frame, attempt, transfer + 1, offset=100)
            self.assertEqual(rest, path.read_bytes()[100:])
            await coordinator.send("result-release", frame=frame, attempt=attempt)
        await coordinator.send("result-fetch", transfer=999, frame=3, attempt=0, offset=0)
        await coordinator.expect("result-missing")
        await coordinator.send("job-close", job=JOB)
        await coordinator.expect("job-closed")
        self.assertEqual(await node.stop(), 0)
        await self.gone(node)
        self.assert_nothing_left(node)
        self.assertNotIn("Traceback", node.said())

    async def test_a_file_is_described_and_can_do_nothing_on_the_node(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        scene = await self.ready(coordinator, "busy", color=None)
        described = next(each for each in scene["scenes"] if each["name"] == "Scene")
        self.assertEqual((described["width"], described["height"]), (64 * 77 // 100, 36 * 77 // 100))
        self.assertEqual((scene["activeScene"], scene["scene"], described["depth"]), ("Scene", "Scene", 8))
        self.assertEqual(sorted(described["cameras"]), ["Camera", "Side"])
        missing = [each for each in scene["references"] if each["missing"]]
        wood = {"kind": "image", "owner": "Image 'wood'", "path": "//textures/wood.png", "at": "textures/wood.png", "form": None}
        self.assertEqual(missing, [{**wood, "missing": True, "visible": False, "sha256": None, "lacks": None, "viewOf": None, "computed": False, "audible": False, "numbers": None}])  # nothing shows it
        warnings = [message["code"] for message in coordinator.seen if message["type"] == "warning"]
        self.assertEqual(warnings, ["SCRIPTS_BLOCKED"])
        digests = set()
        for frame in (9, 10):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
            digests.add(await self.pixels(node, coordinator, frame))
        self.assertEqual(len(digests), 2, "the marker switches the camera")
        self.assertEqual(sorted(os.listdir(self.scenes)), ["busy.blend", "plain.blend", "scripted.blend", "slow.blend", "tiring.blend"])
        await node.stop(signal.SIGTERM)
        await self.gone(node)
        self.assert_nothing_left(node)

    async def pixels(self, node, coordinator, frame) -> bytes:
        await coordinator.expect("frame-rendered")
        path = node.folder / "fetched.png"
        path.write_bytes(await coordinator.fetch(frame, 0, 100 + frame))
        self.assertEqual(check_png(path).width, 64 * 77 // 100)
        data = path.read_bytes()
        return data[data.index(b"IDAT") :]

    async def scripted(self, name: str, node_allows: bool, **asks) -> tuple:
        """Returns the picture of frame 1 and the codes of the warnings."""
        node = self.start(*(["--allow-scripts"] if node_allows else []))
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, name, **asks)
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
        await coordinator.expect("frame-rendered")
        data = await coordinator.fetch(1, 0, 100)
        await node.stop()
        codes = sorted(message["code"] for message in coordinator.seen if message["type"] == "warning")
        return data[data.index(b"IDAT") :], codes

    async def test_scripts_run_only_if_the_job_and_the_node_allow_them(self):
        plain, codes = await self.scripted("plain", False)
        self.assertEqual(codes, [])
        blocked, refused = ["SCRIPTS_BLOCKED"], ["SCRIPTS_BLOCKED", "SCRIPTS_REFUSED"]
        self.assertEqual(await self.scripted("scripted", False), (plain, blocked))
        self.assertEqual(await self.scripted("scripted", True), (plain, blocked))
        self.assertEqual(await self.scripted("scripted", True, allowScripts=False), (plain, blocked))
        self.assertEqual(await self.scripted("scripted", False, allowScripts=True), (plain, refused))
        moved, codes = await self.scripted("scripted", True, allowScripts=True)
        self.assertEqual(codes, [])
        self.assertNotEqual(moved, plain)

    async def test_a_scene_without_a_camera_fails_with_its_code(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        scene = await self.ready(coordinator, "busy", scene="Empty")
        self.assertEqual((scene["activeScene"], scene["scene"]), ("Scene", "Empty"))
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
        self.assertEqual((await coordinator.expect("frame-failed"))["error"]["code"], "NO_CAMERA")

    async def test_files_that_cannot_be_used(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        await self.load(coordinator, "plain", scene="Nowhere")
        self.assertEqual((await coordinator.expect("job-load-failed"))["error"]["code"], "SCENE_NOT_FOUND")
        for transfer, data, code in (
            (11, b"no blendfile", "FILE_UNREADABLE"),
            (12, b"BLENDER-v999RENDH", "FILE_TOO_NEW"),
            (13, (self.scenes / "plain.blend").read_bytes()[:5000], "FILE_UNREADABLE"),
        ):
            sha256 = await coordinator.upload(data, transfer)
            await coordinator.send("job-load", job=JOB, blend=sha256, scene=None, colorMode=None)
            self.assertEqual((await coordinator.expect("job-load-failed"))["error"]["code"], code)

    async def test_a_cancelled_frame_ends_and_the_slot_comes_back(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, "slow")
        for frame in (1, 2, 3):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
        full = await coordinator.expect("frame-failed")
        self.assertEqual((full["frame"], full["error"]["code"]), (3, "SLOT_FULL"))
        await coordinator.expect("frame-progress")
        await coordinator.send("frame-withdraw", frame=2, attempt=0)
        await coordinator.expect("frame-withdrawn")
        await coordinator.send("frame-assign", slot=0, frame=4, attempt=0)
        await coordinator.send("frame-cancel", frame=1, attempt=0)
        self.assertEqual((await coordinator.expect("frame-failed"))["error"]["code"], "CANCELLED")
        lost = await coordinator.expect("frame-failed")
        self.assertEqual((lost["frame"], lost["error"]["code"]), (4, "SLOT_LOST"))
        for state in ("lost", "starting", "ready"):
            self.assertEqual((await coordinator.expect("slot-changed"))["state"], state)
        await coordinator.send("frame-assign", slot=0, frame=5, attempt=0)
        await coordinator.expect("frame-started")
        self.assertEqual(await node.stop(signal.SIGINT), 0)
        await self.gone(node)
        self.assert_nothing_left(node)

    async def test_a_killed_slot_is_reported_and_restarted(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, "slow")
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
        await coordinator.expect("frame-started")
        (slot,) = [pid for pid in node.processes() if pid != node.process.pid]
        os.kill(slot, signal.SIGKILL)
        failed = await coordinator.expect("frame-failed")
        self.assertIn(failed["error"]["code"], ("KILLED", "OUT_OF_MEMORY"))
        await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        await coordinator.send("job-close", job=JOB)
        await coordinator.expect("job-closed")
        self.assertEqual(node.processes(), [node.process.pid])

    async def test_no_blender_outlives_a_killed_node_and_the_next_one_cleans_up(self):
        node = self.start()
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, "slow")
        await coordinator.send("frame-assign", slot=0, frame=1, attempt=0)
        await coordinator.expect("frame-started")
        self.assertEqual(await node.stop(signal.SIGKILL), -9)
        await self.gone(node)
        self.assertEqual(len(os.listdir(node.cache / "renderfarm/runs")), 1)
        other = self.start("--cache-dir", str(node.cache))
        self.assertEqual(len(os.listdir(node.cache / "renderfarm/runs")), 1)
        await other.stop()
        self.assert_nothing_left(node)

    async def test_a_job_survives_its_link(self):
        node = self.start()
        first, _ = await self.open(node)
        await self.ready(first, "plain")
        await first.send("frame-assign", slot=0, frame=1, attempt=0)
        await first.expect("frame-rendered")
        await first.close()

        client = await node.coordinator()
        self.addAsyncCleanup(client.close)
        await client.send("job-open", job="cd" * 16, holder="other", slots=None)
        self.assertEqual((await client.expect("busy"))["holder"], "test")

        second, opened = await self.open(node)
        self.assertTrue(opened["resumed"])
        self.assertEqual([result["frame"] for result in opened["results"]], [1])
        self.assertEqual([slot["state"] for slot in opened["slots"]], ["ready"])
        await self.load(second, "plain")
        await second.expect("job-loaded")
        await second.fetch(1, 0, 50)

        third, opened = await self.open(node)
        self.assertTrue(opened["resumed"])
        self.assertEqual(await second.closed(), 1012)
        await third.send("job-close", job=JOB)
        await third.expect("job-closed")
        await client.send("job-open", job="cd" * 16, holder="other", slots=None)
        self.assertFalse((await client.expect("job-opened"))["resumed"])

    async def test_two_slots_share_a_job(self):
        node = self.start("--slots", "2")
        coordinator, _ = await self.open(node, slots=7)
        await self.ready(coordinator, "plain")
        await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        for frame in range(1, 5):
            await coordinator.send("frame-assign", slot=frame % 2, frame=frame, attempt=0)
        slots = [(await coordinator.expect("frame-rendered"))["result"]["slot"] for _ in range(4)]
        self.assertEqual(sorted(slots), [0, 0, 1, 1])
        await coordinator.send("frame-assign", slot=2, frame=9, attempt=0)
        self.assertEqual((await coordinator.expect("frame-failed"))["error"]["code"], "SLOT_LOST")


