"""Small blobs are sent together."""

import hashlib
import json
import os
import unittest
from unittest import mock

from farm_node.cache.cache_room import LOOK_AGAIN_S
from farm_node.errors import ProtocolError
from farm_node.wire.protocol import MESSAGES, parse_message
from farm_node.wire.unmasking import spare_unmasked
from websockets.legacy import framing

from .support.store import Stored, digest
from .test_server import Served

CONTENTS = [b"wood", b"moss" * 100, b"stone" * 1000]


def named(contents):
    return [{"sha256": digest(data), "sizeBytes": len(data)} for data in contents]


class Bundles(Served):
    async def query(self, coordinator, contents):
        await coordinator.send("blobs-query", number=7, blobs=named(contents))
        return (await coordinator.expect("blobs-state"))["have"]

    async def test_a_bundle_is_split_verified_and_stored(self):
        coordinator = await self.coordinator()
        part = hashlib.sha256(b"part").hexdigest()
        await coordinator.send("blob-begin", transfer=0, sha256=part, sizeBytes=4, offset=0)
        await coordinator.send_piece(0, 0, b"pa")
        self.assertEqual(await self.query(coordinator, [*CONTENTS, b"part"]), ["none", "none", "none", "part"])
        await coordinator.send("blob-bundle", transfer=1, blobs=named(CONTENTS))
        await coordinator.send_piece(1, 0, b"".join(CONTENTS))
        self.assertEqual((await coordinator.expect("bundle-stored"))["transfer"], 1)
        self.assertEqual(await self.query(coordinator, CONTENTS), ["all"] * 3)
        self.assertEqual(await coordinator.upload(CONTENTS[0], 2), digest(CONTENTS[0]))  # it is complete

    async def test_a_bundle_with_wrong_bytes_is_refused(self):
        coordinator = await self.coordinator()
        await coordinator.send("blob-bundle", transfer=0, blobs=named([b"wood", b"moss"]))
        await coordinator.send_piece(0, 0, b"woodm0ss")
        refused = await coordinator.expect("bundle-rejected")
        self.assertEqual((refused["transfer"], refused["code"]), (0, "DIGEST_MISMATCH"))
        self.assertEqual(await self.query(coordinator, [b"wood", b"moss"]), ["all", "none"])

    async def test_a_bundle_of_another_size_breaks_the_protocol(self):
        coordinator = await self.coordinator()
        await coordinator.send("blob-bundle", transfer=0, blobs=named([b"wood"]))
        await coordinator.send_piece(0, 0, b"woods")
        self.assertEqual(await coordinator.closed(), 1002)

    async def test_bundles_without_pieces_are_limited(self):
        coordinator = await self.coordinator()
        for transfer in range(17):
            await coordinator.send("blob-bundle", transfer=transfer, blobs=named([b"wood"]))
        self.assertEqual(await coordinator.closed(), 1002)


class Lists(unittest.TestCase):
    def accepts(self, kind, **fields):
        try:
            parse_message(json.dumps({"type": kind, **fields}), MESSAGES)
        except ProtocolError:
            return False
        return True

    def test_they_have_at_most_256_files_and_a_bundle_at_most_1_mib(self):
        def blobs(count, size):
            return [{"sha256": "ab" * 32, "sizeBytes": size}] * count

        files = {count: [{"path": "a", "sha256": "ab" * 32}] * count for count in (1, 256, 257, 0)}
        added = [self.accepts("project-add", job="cd" * 16, number=0, files=each) for each in files.values()]
        self.assertEqual(added, [True, True, False, False])
        self.assertEqual([self.accepts("blobs-query", number=0, blobs=blobs(count, 1)) for count in (256, 257)], [True, False])
        sizes = ((256, 4096), (256, 4097), (257, 1), (1, 2**20), (1, 2**20 + 1), (2, 0))
        bundled = [self.accepts("blob-bundle", transfer=0, blobs=blobs(*each)) for each in sizes]
        self.assertEqual(bundled, [True, False, False, True, False, False])


class SmallBlobs(Stored):
    def test_they_are_evicted_and_refused_like_others(self):
        old = self.put(b"o" * 400, used_at=1000)
        self.store.put(digest(b"n" * 700), b"n" * 700)
        self.assertFalse(self.store.path_of(old).exists())
        self.store.pin(digest(b"n" * 700))
        self.assertEqual(self.code(self.store.put, digest(b"x" * 400), b"x" * 400), "TOO_LARGE")
        self.assertEqual(self.code(self.store.put, digest(b"x"), b"y"), "DIGEST_MISMATCH")
        later, full = mock.patch("time.monotonic", return_value=1e9), mock.Mock(free=0)
        with later, mock.patch("shutil.disk_usage", return_value=full):
            self.assertEqual(self.code(self.store.put, digest(b"x" * 290), b"x" * 290), "DISK_FULL")

    def test_the_limit_holds_for_many_in_a_moment(self):
        for number in range(40):
            data = bytes([number]) * 90
            self.store.put(digest(data), data)
        total = sum(path.stat().st_size for path in (self.root / "blobs").iterdir())
        self.assertLessEqual(total, 1000)
        self.assertGreater(total, 800)

    def test_the_cache_is_not_searched_for_each(self):
        with mock.patch.object(self.store._room, "make", wraps=self.store._room.make) as searches:
            for number in range(10):
                self.store.put(digest(bytes([number])), bytes([number]))
            self.assertEqual(searches.call_count, 1)
            with mock.patch("time.monotonic", return_value=float("inf")):
                self.store.put(digest(b"later"), b"later")
            self.assertEqual(searches.call_count, 2)
        self.assertGreater(LOOK_AGAIN_S, 0)

    def test_one_that_is_here_is_not_written_again_and_nobody_may_change_it(self):
        sha256 = digest(b"wood")
        self.store.put(sha256, b"wood")
        found = self.store.path_of(sha256).stat()
        self.store.put(sha256, b"wood")
        self.assertEqual(self.store.path_of(sha256).stat().st_ino, found.st_ino)
        if os.name == "posix":
            self.assertEqual(found.st_mode & 0o777, 0o400)
        self.assertTrue(self.store.is_proved(sha256, lambda: True))

    def test_an_unfinished_one_is_replaced(self):
        sha256 = digest(b"wood")
        (self.root / "parts" / ("ab" * 16) / sha256).write_bytes(b"wo")
        self.store.put(sha256, b"wood")
        self.assertEqual(self.store.path_of(sha256).read_bytes(), b"wood")


class Unmasking(unittest.TestCase):
    def test_only_messages_with_a_mask_of_zeros_are_spared(self):
        spare_unmasked()
        spare_unmasked()
        data = b"some bytes"
        self.assertIs(framing.apply_mask(data, bytes(4)), data)
        self.assertEqual(framing.apply_mask(framing.apply_mask(data, b"\1\2\3\4"), b"\1\2\3\4"), data)
        self.assertNotEqual(framing.apply_mask(data, b"\1\2\3\4"), data)


if __name__ == "__main__":
    unittest.main()
