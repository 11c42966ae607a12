"""A coordinator on the same machine names its file, and the node copies it instead of receiving it."""

import os
import unittest

from farm_node.cache.local_copy import copy_blob

from .support.store import Stored, digest
from .test_server import Served


class LocalCopies(Stored):
    def copied(self, wanted: bytes, content: bytes) -> bytes:
        """What the cache has of the wanted blob after the node was shown a file with this content."""
        path = self.root / "shown"
        path.write_bytes(content)
        return self.after(wanted, str(path))

    def after(self, wanted: bytes, path: str) -> bytes:
        copy_blob(self.store, digest(wanted), len(wanted), path)
        whole = self.store.path_of(digest(wanted))
        self.assertEqual([], list((self.root / "parts").rglob("?" * 64)))
        return whole.read_bytes() if whole.exists() else b""

    def test_the_same_file_is_copied(self):
        self.assertEqual(self.copied(b"wood", b"wood"), b"wood")

    def test_a_copy_has_no_tie_to_the_original(self):
        self.assertEqual(self.copied(b"wood", b"wood"), b"wood")
        self.assertEqual(self.store.path_of(digest(b"wood")).stat().st_nlink, 1)

    def test_another_file_is_not(self):
        for content in (b"moss", b"", b"wood and more"):
            self.assertEqual(self.copied(b"wood", content), b"", content)

    def test_what_is_no_file_of_this_machine_is_not(self):
        pipe = self.root / "pipe"
        os.mkfifo(pipe)
        for path in (str(pipe), str(self.root), "/dev/zero", "relative", "/absent", ""):
            self.assertEqual(self.after(b"wood", path), b"", path)

    def test_one_that_the_cache_cannot_hold_is_not(self):
        large = bytes(self.store.limit + 1)
        self.assertEqual(self.copied(large, large), b"")


class Queries(Served):
    async def test_a_file_that_was_copied_is_complete_and_another_has_to_be_sent(self):
        coordinator = await self.coordinator()
        path = self.root / "wood"
        path.write_bytes(b"wood")
        for wanted, complete in ((b"wood", True), (b"moss", False)):
            await coordinator.send("blob-query", sha256=digest(wanted), sizeBytes=4, path=str(path))
            state = await coordinator.expect("blob-state")
            self.assertEqual((state["sha256"], state["complete"]), (digest(wanted), complete))


if __name__ == "__main__":
    unittest.main()
