"""Blobs that are damaged in the cache, on disk or by a slot: none is opened, and all are sent again."""

import asyncio
import os
import threading
import unittest
from unittest import mock

from farm_node.cache.file_proof import Unwanted, prove, signature_of

from .support.fake_slot import lives_of
from .support.store import Stored, digest
from .test_server import JOB
from .test_slot_limits import Loading

BLEND = b"BLENDER-v300RENDH"
OTHER = b"BLENDER-v300OTHER"
BLOB = digest(BLEND)


class InTheCache(Stored):
    def damage(self, sha256: str, data: bytes) -> None:
        path = self.store.path_of(sha256)
        path.chmod(0o600)
        path.write_bytes(data)

    def test_a_truncated_blob_is_not_complete_and_is_sent_again(self):
        sha256 = self.put(b"abcdef")
        self.damage(sha256, b"abc")
        self.assertEqual(self.store.state(sha256, 6), (0, False))
        self.assertFalse(self.store.path_of(sha256).exists())
        self.put(b"abcdef")
        self.assertEqual(self.store.state(sha256, 6), (6, True))

    def test_a_blob_with_other_content_is_dropped_when_it_is_verified(self):
        sound, damaged = self.put(b"sound!"), self.put(b"abcdef")
        self.damage(damaged, b"abcdeX")
        self.assertFalse(self.store.verify(damaged, lambda: True))
        self.assertTrue(self.store.verify(sound, lambda: True))
        self.assertEqual(os.listdir(self.root / "blobs"), [sound])

    def test_a_blob_that_arrived_while_the_damaged_one_was_read_is_kept(self):
        sha256 = self.put(b"abcdef")
        self.damage(sha256, b"abcdeX")

        def send_again() -> bool:
            fresh = self.root / "fresh"
            fresh.write_bytes(b"abcdef")
            fresh.replace(self.store.path_of(sha256))
            return True

        self.store.verify(sha256, send_again)
        self.assertEqual(self.store.path_of(sha256).read_bytes(), b"abcdef")

    @unittest.skipIf(os.name == "nt", "Windows has no such modes")
    def test_a_complete_blob_is_read_only(self):
        self.assertEqual(self.store.path_of(self.put(b"abc")).stat().st_mode & 0o777, 0o400)

    def test_a_write_through_any_name_of_a_file_changes_its_signature(self):
        path = self.store.path_of(self.put(b"abcdef"))
        second = self.root / "second"
        os.link(path, second)
        before = prove(second, digest(b"abcdef"), lambda: True)
        self.assertEqual(before, signature_of(path))
        times = path.stat()
        path.chmod(0o600)
        with open(path, "r+b") as file:
            file.write(b"X")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertNotEqual(before, signature_of(second))
        self.assertIsNone(prove(second, digest(b"abcdef"), lambda: True))

    def test_a_proof_that_nobody_needs_any_more_is_aborted(self):
        with self.assertRaises(Unwanted):
            prove(self.store.path_of(self.put(b"abcdef")), digest(b"abcdef"), lambda: False)


@unittest.skipIf(os.name == "nt", "Windows starts no scripts")
class InAJob(Loading):
    """The coordinator's side is in test/farm/blend-supply.test.ts."""

    async def asyncSetUp(self):
        await super().asyncSetUp()
        pauses = mock.patch.multiple("farm_node.slots.slot_waits", RESTART_PAUSE_S=0.01, BLEND_CHECK_S=0.01)
        pauses.start()
        self.addCleanup(pauses.stop)

    async def store_damaged(self, data: bytes) -> None:
        coordinator = await self.coordinator()
        await coordinator.upload(BLEND, 1)
        await coordinator.close()
        self.store.path_of(BLOB).chmod(0o600)
        self.store.path_of(BLOB).write_bytes(data)

    async def failure(self, coordinator) -> dict:
        while not any(message["type"] == "job-load-failed" for message in coordinator.seen):
            await asyncio.sleep(0.01)
        return next(message["error"] for message in coordinator.seen if message["type"] == "job-load-failed")

    async def load_again(self, coordinator, transfer: int) -> None:
        coordinator._taken = len(coordinator.seen)
        await coordinator.upload(BLEND, transfer)
        await coordinator.send("job-load", job=JOB, blend=BLOB, scene=None, colorMode=None)
        await coordinator.expect("job-loaded")

    async def missing(self, coordinator) -> dict:
        is_missing = lambda m: m["state"] == "lost" and m["error"]["code"] == "BLOB_MISSING"  # noqa: E731
        return (await coordinator.expect("slot-changed", is_missing))["error"]

    async def test_a_blob_with_other_bytes_is_not_opened_and_is_sent_again(self):
        self.use("loads")
        await self.store_damaged(OTHER)
        coordinator = await self.load(BLEND)
        self.assertEqual((await self.failure(coordinator))["code"], "BLOB_MISSING")
        self.assertEqual((lives_of(self.root), self.store.path_of(BLOB).exists()), ([], False))
        await self.load_again(coordinator, 2)
        self.assertEqual(len(lives_of(self.root)), 1)

    async def test_a_truncated_blob_is_sent_again_before_the_load(self):
        self.use("loads")
        await self.store_damaged(BLEND[:8])
        coordinator = await self.load(BLEND)
        await coordinator.expect("job-loaded")
        self.assertEqual(self.store.path_of(BLOB).read_bytes(), BLEND)

    async def test_a_blob_that_was_evicted_before_the_load_is_requested_too(self):
        coordinator = await self.coordinator()
        await coordinator.send("job-open", job=JOB, holder="anna", slots=None)
        await coordinator.send("job-load", job=JOB, blend=BLOB, scene=None, colorMode=None)
        self.assertEqual((await self.failure(coordinator))["code"], "BLOB_MISSING")

    async def test_a_blob_whose_load_fails_is_verified(self):
        self.use("garbles", "loads")
        coordinator = await self.load(BLEND)
        self.assertEqual((await self.failure(coordinator))["code"], "BLOB_MISSING")
        self.assertFalse(self.store.path_of(BLOB).exists())
        await self.load_again(coordinator, 2)

    async def test_the_load_of_a_good_blob_fails_with_blenders_message(self):
        self.use("refuses")
        self.assertEqual((await self.failure(await self.load(BLEND)))["code"], "FILE_UNREADABLE")
        self.assertTrue(self.store.path_of(BLOB).exists())

    async def test_a_slot_that_wrote_to_its_blendfile_waits_each_time_until_the_blob_is_sent_again(self):
        self.use("spoils", "spoils", "loads")
        coordinator = await self.load(BLEND)
        await coordinator.expect("job-loaded")
        told = []
        for transfer in (2, 3):
            told.append((await self.missing(coordinator))["message"])
            self.assertFalse(self.store.path_of(BLOB).exists())
            lives = len(lives_of(self.root))
            await coordinator.upload(BLEND, transfer)
            await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
            self.assertEqual(len(lives_of(self.root)), lives + 1)
        self.assertEqual(len(set(told)), 2, "the second time is reported too")
        self.assertEqual(self.store.path_of(BLOB).read_bytes(), BLEND)

    async def test_a_blendfile_that_a_slot_replaced_by_a_link_is_restored(self):
        self.use("links", "loads")
        coordinator = await self.load(BLEND)
        await coordinator.expect("job-loaded")
        for state in ("lost", "ready"):
            await coordinator.expect("slot-changed", lambda m, state=state: m["state"] == state)
        self.assertEqual((len(lives_of(self.root)), self.store.path_of(BLOB).read_bytes()), (2, BLEND))

    async def test_without_hard_links_the_blob_stays_complete_and_is_not_sent_again(self):
        self.use("spoils", "loads")
        with mock.patch("os.link", side_effect=PermissionError):
            coordinator = await self.load(BLEND)
            for _ in range(2):
                await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        self.assertEqual(self.store.path_of(BLOB).read_bytes(), BLEND)
        self.assertEqual(len(lives_of(self.root)), 2)
        codes = [message["error"]["code"] for message in coordinator.seen if message.get("state") == "lost"]
        self.assertEqual(codes, ["CRASHED"])

    async def test_an_unchanged_blob_is_read_once(self):
        self.use("dies", "dies", "loads")
        with mock.patch("farm_node.job.job_folder.prove", side_effect=prove) as proving:
            coordinator = await self.load(BLEND)
            for _ in range(3):
                await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        self.assertEqual(proving.call_count, 1)

    async def test_while_a_blob_is_read_the_node_answers_and_can_close_the_job(self):
        reading, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def endless(path, sha256, is_wanted):
            reading.set()
            while is_wanted():
                go_on.wait(0.01)
            raise Unwanted

        with mock.patch("farm_node.job.job_folder.prove", endless), mock.patch("farm_node.wire.link.HEARTBEAT_S", 0.01):
            coordinator = await self.load(BLEND)
            await asyncio.to_thread(reading.wait)
            await coordinator.send("blob-query", sha256="0" * 64, sizeBytes=1)
            await coordinator.expect("blob-state")
            await coordinator.send("job-close", job=JOB)
            await coordinator.expect("job-closed")
        self.assertEqual(self.states, ["busy", "idle"])


if __name__ == "__main__":
    unittest.main()
