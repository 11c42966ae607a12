"""A blob cache of 1000 bytes on a real disk."""

import hashlib
import os
import tempfile
import unittest
from pathlib import Path

from farm_node.cache.blob_store import BlobStore
from farm_node.errors import BlobError

NODE = "ab" * 16


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Stored(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.store = BlobStore(self.root, NODE, 1000)
        self.addCleanup(lambda: self.store.close(False))

    def put(self, data: bytes, used_at: int = 0) -> str:
        sha256 = digest(data)
        writer = self.store.begin(sha256, len(data), 0)
        writer.write(data)
        writer.finish()
        if used_at:
            os.utime(self.store.path_of(sha256), (used_at, used_at))
        return sha256

    def code(self, action, *arguments) -> str:
        with self.assertRaises(BlobError) as raised:
            action(*arguments)
        return raised.exception.code
