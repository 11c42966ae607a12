"""Parts of blobs: how much of interrupted transfers is kept, and how long."""

import asyncio
import os
import time
import unittest
from unittest import mock

from farm_node.cache.blob_store import BlobStore
from farm_node.limits import PART_KEPT_S
from farm_node.program import keep_tidy

from .support.store import NODE, Stored, digest


class Parts(Stored):
    def part(self, data: bytes, size: int, age_s: float) -> str:
        """A part that is no longer written, of a blob of `size` bytes."""
        sha256 = digest(data)
        writer = self.store.begin(sha256, size, 0)
        writer.write(data)
        writer.abandon()
        then = time.time() - age_s
        os.utime(self.root / "parts" / NODE / sha256, (then, then))
        return sha256

    def parts(self) -> set:
        return set(os.listdir(self.root / "parts" / NODE))

    def test_transfers_without_data_leave_nothing(self):
        for number in range(20):
            self.store.begin(f"{number:064x}", 9, 0).abandon()
        self.assertEqual(self.parts(), set())

    def test_a_limited_number_of_parts_is_kept_and_the_oldest_are_removed(self):
        with mock.patch("farm_node.cache.cache_room.MAX_PARTS", 3):
            oldest, *others = [self.part(bytes([n]), 9, age_s=100 - n) for n in range(3)]
            newest = self.part(b"x", 9, age_s=0)
            self.assertEqual(self.parts(), {*others, newest})
            self.store.begin(others[0], 9, 1).abandon()
            self.assertEqual(self.parts(), {*others, newest}, "to resume one of them costs no other")
            writers = [self.store.begin(f"{number:064x}", 9, 0) for number in range(3)]
            self.assertEqual(self.parts(), {writer.sha256 for writer in writers})
            self.assertEqual(self.code(self.store.begin, oldest, 9, 0), "WRITE_FAILED")

    def test_parts_take_a_share_of_the_cache_and_the_newest_may_take_more(self):
        old, new = self.part(b"o" * 300, 300, age_s=9), self.part(b"n" * 300, 300, age_s=8)
        self.assertEqual(self.parts(), {old, new})
        self.store.tidy()
        self.assertEqual(self.parts(), {new})
        large = self.part(b"x" * 600, 600, age_s=7)
        self.store.tidy()
        self.assertEqual(self.parts(), {large})

    def test_parts_that_were_not_resumed_are_removed_at_the_start_and_later(self):
        stale, fresh = self.part(b"s", 9, age_s=PART_KEPT_S + 60), self.part(b"f", 9, age_s=PART_KEPT_S - 60)
        self.store.close(False)
        self.store = BlobStore(self.root, NODE, 1000)
        self.assertEqual(self.parts(), {fresh})
        writer = self.store.begin(stale, 9, 0)
        for path in (self.root / "parts" / NODE).iterdir():
            os.utime(path, (1, 1))
        self.store.tidy()
        self.assertEqual(self.parts(), {stale}, "what is being written is in use")
        writer.write(b"s")

    def test_parts_of_a_node_that_no_longer_exists_are_removed_too(self):
        parts, part = self.root / "parts", digest(b"abcdef")
        ours, gone, lives = parts / NODE, parts / ("01" * 16), parts / ("02" * 16)
        for folder, age_s in ((gone, PART_KEPT_S + 60), (lives, PART_KEPT_S - 60)):
            folder.mkdir()
            (folder / part).write_bytes(b"abc")
            os.utime(folder / part, (time.time() - age_s,) * 2)
        self.store.tidy()
        self.assertEqual(sorted(parts.rglob(part)), [lives / part])
        for folder in (ours, gone):
            os.utime(folder, (1, 1))
        self.store.tidy()
        self.assertEqual(set(self.root.glob("parts/*")), {ours, lives})

    def test_a_node_whose_folder_was_removed_as_a_dead_nodes_makes_it_again(self):
        (self.root / "parts" / NODE).rmdir()
        self.assertEqual(self.store.state(self.put(b"abc"), 3), (3, True))

    def test_a_node_without_links_removes_old_parts_from_time_to_time(self):
        async def until_it_is_gone() -> None:
            tidying = asyncio.ensure_future(keep_tidy(self.store))
            while self.parts():
                await asyncio.sleep(0.01)
            tidying.cancel()

        self.part(b"s", 9, age_s=PART_KEPT_S + 60)
        with mock.patch("farm_node.program.TIDY_EVERY_S", 0.01):
            asyncio.run(asyncio.wait_for(until_it_is_gone(), 60))


if __name__ == "__main__":
    unittest.main()
