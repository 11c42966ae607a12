"""The blob cache on a real disk."""

import os
import stat
import unittest
from unittest import mock

from farm_node.cache.blob_store import BlobStore
from farm_node.limits import RESERVE_BYTES

from .support.store import NODE, Stored, digest


class BlobStoreTest(Stored):
    def test_a_blob_is_complete_only_after_its_verification(self):
        sha256 = digest(b"abcdef")
        writer = self.store.begin(sha256, 6, 0)
        writer.write(b"abcdef")
        self.assertFalse(self.store.path_of(sha256).exists())
        writer.finish()
        self.assertEqual(self.store.path_of(sha256).read_bytes(), b"abcdef")
        self.assertEqual(self.store.state(sha256, 6), (6, True))

    def test_an_interrupted_transfer_is_resumed_by_another_run(self):
        sha256 = digest(b"abcdef")
        writer = self.store.begin(sha256, 6, 0)
        writer.write(b"abc")
        self.store.close(False)
        again = BlobStore(self.root, NODE, 1000)
        self.assertEqual(again.state(sha256, 6), (3, False))
        writer = again.begin(sha256, 6, 3)
        writer.write(b"def")
        writer.finish()
        self.assertEqual(again.state(sha256, 6), (6, True))

    def test_a_damaged_part_is_detected_when_resumed_and_dropped(self):
        sha256 = digest(b"abcdef")
        writer = self.store.begin(sha256, 6, 0)
        writer.write(b"abX")
        writer.abandon()
        writer = self.store.begin(sha256, 6, 3)
        writer.write(b"def")
        self.assertEqual(self.code(writer.finish), "DIGEST_MISMATCH")
        self.assertEqual(self.store.state(sha256, 6), (0, False))

    def test_a_wrong_offset_is_refused(self):
        with self.assertRaises(ValueError):
            self.store.begin(digest(b"abc"), 3, 1)

    def test_more_bytes_than_announced_are_refused(self):
        writer = self.store.begin(digest(b"abc"), 3, 0)
        self.assertEqual(self.code(writer.write, b"abcd"), "TOO_LARGE")

    def test_fewer_bytes_than_announced_are_refused(self):
        writer = self.store.begin(digest(b"abc"), 3, 0)
        writer.write(b"ab")
        self.assertEqual(self.code(writer.finish), "WRITE_FAILED")

    def test_a_newer_transfer_of_the_same_blob_replaces_the_older(self):
        old = self.store.begin(digest(b"abcdef"), 6, 0)
        old.write(b"abc")
        new = self.store.begin(digest(b"abcdef"), 6, 3)
        self.assertEqual(self.code(old.write, b"d"), "WRITE_FAILED")
        new.write(b"def")
        new.finish()

    def test_an_empty_blob(self):
        self.assertEqual(self.store.state(self.put(b""), 0), (0, True))

    def test_the_least_recently_used_blob_is_evicted_first(self):
        old, new = self.put(b"o" * 400, used_at=1000), self.put(b"n" * 400, used_at=2000)
        self.store.touch(old)
        self.put(b"x" * 400)
        self.assertEqual(self.store.state(new, 400), (0, False))
        self.assertEqual(self.store.state(old, 400), (400, True))

    def test_a_blob_in_use_is_never_evicted(self):
        sha256 = self.put(b"o" * 600, used_at=1000)
        self.store.pin(sha256)
        self.assertEqual(self.code(self.store.begin, digest(b"x" * 600), 600, 0), "TOO_LARGE")
        self.store.unpin(sha256)
        self.store.begin(digest(b"x" * 600), 600, 0)
        self.assertIsNone(self.store.pin(sha256))

    def test_a_blob_above_the_limit_is_refused_and_evicts_nothing(self):
        sha256 = self.put(b"o" * 600)
        self.assertEqual(self.code(self.store.begin, digest(b""), 1001, 0), "TOO_LARGE")
        self.assertTrue(self.store.state(sha256, 600)[1])

    def test_a_full_disk_is_reported(self):
        with mock.patch("shutil.disk_usage", return_value=mock.Mock(free=0)):
            self.assertEqual(self.code(self.store.begin, digest(b"abc"), 3, 0), "DISK_FULL")

    def test_parts_of_two_nodes_are_separate_and_blobs_are_shared(self):
        other = BlobStore(self.root, "cd" * 16, 1000)
        writer = self.store.begin(digest(b"abc"), 3, 0)
        writer.write(b"a")
        self.assertEqual(other.state(digest(b"abc"), 3), (0, False))
        writer.write(b"bc")
        writer.finish()
        self.assertEqual(other.state(digest(b"abc"), 3), (3, True))
        other.close(remove_parts=True)
        self.assertEqual(os.listdir(self.root / "parts"), [NODE])

    def test_the_end_of_a_replaced_transfer_does_not_affect_the_newer_one(self):
        old = self.store.begin(digest(b"abc"), 3, 0)
        new = self.store.begin(digest(b"abc"), 3, 0)
        old.abandon()
        new.write(b"abc")
        new.finish()
        self.assertEqual(self.store.state(digest(b"abc"), 3), (3, True))

    def test_the_bytes_of_an_earlier_transfer_are_hashed_while_the_rest_arrives(self):
        data = bytes(range(100))
        for found, piece in ((1, 1), (50, 10), (90, 10), (99, 1), (100, 1)):
            self.store.begin(digest(data), 100, 0).write(data[:found])
            self.store.state(digest(data), 100)
            with mock.patch("farm_node.cache.blob_writer.CHUNK", 15):
                writer = self.store.begin(digest(data), 100, found)
                self.assertEqual((writer.position, writer._hashed), (found, 0))
                for start in range(found, 100, piece):
                    writer.write(data[start : start + piece])
                writer.finish()
            self.assertEqual(self.store.path_of(digest(data)).read_bytes(), data)
            self.store.path_of(digest(data)).unlink()

    def test_a_transfer_that_is_replaced_during_verification_ends_at_once(self):
        self.store.begin(digest(b"abcdef"), 6, 0).write(b"abcdef")
        self.store.state(digest(b"abcdef"), 6)
        writer = self.store.begin(digest(b"abcdef"), 6, 6)
        hashed = []
        writer._digest = mock.Mock(update=lambda data: hashed.append(data) or setattr(writer, "_abandoned", True))
        with mock.patch("farm_node.cache.blob_writer.CHUNK", 2):
            self.assertEqual(self.code(writer.finish), "WRITE_FAILED")
        self.assertEqual(hashed, [b"ab"])
        self.assertEqual(self.store.state(digest(b"abcdef"), 6), (6, False))

    def test_missing_bytes_of_one_transfer_are_not_free_for_another(self):
        first = self.store.begin(digest(b"a" * 600), 600, 0)
        self.assertEqual(self.store.free_bytes(), 400)
        self.assertEqual(self.code(self.store.begin, digest(b"b"), 600, 0), "TOO_LARGE")
        first.write(b"a" * 500)
        self.assertEqual(self.store.free_bytes(), 400)
        first.abandon()
        self.store.begin(digest(b"b"), 600, 0)

    def test_missing_bytes_count_as_used_disk_space_too(self):
        with mock.patch("shutil.disk_usage", return_value=mock.Mock(free=RESERVE_BYTES + 700)):
            self.store.begin(digest(b"a"), 600, 0)
            self.assertEqual(self.code(self.store.begin, digest(b"b"), 300, 0), "DISK_FULL")

    def test_nothing_is_evicted_for_a_blob_that_would_not_fit_anyway(self):
        old, used = self.put(b"o" * 300), self.put(b"u" * 300)
        self.store.pin(used)
        self.assertEqual(self.code(self.store.begin, digest(b"x"), 800, 0), "TOO_LARGE")
        self.assertEqual(self.store.state(old, 300), (300, True))

    @unittest.skipIf(os.name == "nt", "Windows has no such modes")
    def test_nobody_else_can_read_it(self):
        (self.root / "blobs").chmod(0o755)  # as an earlier release made it
        old = os.umask(0o022)
        self.addCleanup(os.umask, old)
        BlobStore(self.root, NODE, 1000)
        fresh = self.root / "fresh"
        BlobStore(fresh, NODE, 1000)
        folders = (self.root / "blobs", fresh, fresh / "blobs", fresh / "parts", fresh / "parts" / NODE)
        self.assertEqual([stat.S_IMODE(folder.stat().st_mode) for folder in folders], [0o700] * 5)
