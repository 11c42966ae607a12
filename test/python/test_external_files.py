"""Whether a blendfile's external files have changed since it was loaded."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_slot.files import external_files
from farm_slot.files.external_files import FOLDER_MARK, digest_of, first_changed, is_there, outside_of, take_stock

LONG_AGO = 1_600_000_000


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)

    def stock(self, *names: str):
        """The stock as the supervisor gets it, through JSON."""
        return json.loads(json.dumps(take_stock((f"//{name}", str(self.folder / name)) for name in names)))

    def test_an_untouched_file_has_not_changed(self) -> None:
        self.write("a.png", b"a")
        stock = self.stock("a.png", "missing.png")
        self.assertIsNone(first_changed(stock))
        self.assertEqual(digest_of(stock), digest_of(self.stock("missing.png", "a.png")))

    def test_other_contents_of_the_same_size_are_a_change_but_the_same_contents_are_not(self) -> None:
        self.write("a.png", b"a")
        stock = self.stock("a.png")
        self.write("a.png", b"b")
        self.assertIsNotNone(first_changed(stock))
        self.assertNotEqual(digest_of(self.stock("a.png")), digest_of(stock))
        self.write("a.png", b"a")
        self.assertIsNone(first_changed(stock))

    def test_an_added_or_removed_file_is_a_change(self) -> None:
        path = self.write("a.png", b"a")
        stock = self.stock("a.png", "b.png")
        self.write("b.png", b"b")
        self.assertIsNotNone(first_changed(stock))
        os.unlink(path)
        os.unlink(self.folder / "b.png")
        self.assertIsNotNone(first_changed(stock))
        self.assertIsNone(digest_of(self.stock("a.png")))

    def test_names_that_do_not_count_are_left_out(self) -> None:
        self.write("a.png", b"one")
        self.write("b.png", b"two")
        whole, one = self.stock("a.png", "b.png"), self.stock("a.png")
        left_out = {entry[0] for entry in whole["files"]} - {entry[0] for entry in one["files"]}
        self.assertEqual(digest_of(whole, without=left_out), digest_of(one))
        self.assertIsNone(digest_of(one, without=[entry[0] for entry in one["files"]]))

    def test_an_additional_tile_is_a_change(self) -> None:
        self.write("t.1001.png", b"1")
        stock = self.stock("t.<UDIM>.png")
        self.assertEqual(len(stock["files"]), 1)
        self.assertIsNone(first_changed(stock))
        self.write("t.1002.png", b"2")
        self.assertIsNotNone(first_changed(stock))

    def test_a_file_that_was_untouched_for_long_is_not_read_again(self) -> None:
        path = self.write("a.png", b"a")
        with patch.object(external_files.time, "time", lambda: os.stat(path).st_ctime + 60):
            stock = self.stock("a.png")
        with patch.object(external_files, "digest_of_contents", side_effect=AssertionError("It was read")):
            with patch.object(external_files.time, "time", lambda: os.stat(path).st_ctime + 60):
                self.assertIsNone(first_changed(stock))

    def test_a_file_just_written_is_read_again_as_it_may_change_within_the_same_tick(self) -> None:
        path = self.write("a.png", b"a")
        os.utime(path, (LONG_AGO, LONG_AGO))
        self.assertIsNone(self.stock("a.png")["files"][0][2])

    def test_the_name_of_what_has_changed_is_given_and_a_file_with_a_new_stamp_is_read_once(self) -> None:
        for name in ("a.png", "b.png"):
            self.write(name, b"old")
        stock = self.stock("a.png", "b.png")
        with patch.object(external_files.time, "time", lambda: os.stat(self.folder / "b.png").st_ctime + 60):
            self.assertIsNone(first_changed(stock))
            with patch.object(external_files, "digest_of_contents", side_effect=AssertionError("It was read")):
                self.assertIsNone(first_changed(stock))
        self.write("b.png", b"new")
        self.assertEqual(first_changed(stock), "//b.png")

    def test_files_in_the_jobs_own_folder_need_no_second_look(self) -> None:
        (self.folder / "project").mkdir()
        self.write("project/a.png", b"a")
        self.write("b.png", b"b")
        os.symlink(self.folder / "project", self.folder / "link")
        stock = outside_of(str(self.folder / "link"), self.stock("project/a.png", "b.png", "gone.png"))
        self.assertEqual([name for name, _ in stock["references"]], ["//b.png", "//gone.png"])
        self.assertEqual([name for name, _, _, _ in stock["files"]], ["//b.png"])

    def test_a_sequence_is_there_whatever_number_its_path_has(self) -> None:
        self.write("im_0007.png", b"")
        for name, is_sequence, is_found in (
            ("im_0001.png", True, True),
            ("im_0001.png", False, False),
            ("im_0001.jpg", True, False),
            ("xim_0001.png", True, False),
            ("im.png", True, False),
        ):
            self.assertEqual(is_there(str(self.folder / name), is_sequence), is_found, (name, is_sequence))

    def test_of_the_files_in_a_cache_only_the_sizes_count(self) -> None:
        (self.folder / "cache" / "data").mkdir(parents=True)
        self.write("cache/data/1.vdb", b"one")
        self.write("cache/data/notes.txt", b"no cache")
        stock = json.loads(json.dumps(take_stock([("/cache" + FOLDER_MARK, str(self.folder / "cache"))])))
        self.assertEqual([(name, contents) for name, _, _, contents in stock["files"]], [("/cache\0", "3 bytes")])
        self.write("cache/data/1.vdb", b"two")
        self.assertIsNone(first_changed(stock))
        self.write("cache/data/1.vdb", b"three")
        self.assertEqual(first_changed(stock), "/cache")
        self.write("cache/data/1.vdb", b"two")
        self.write("cache/data/2.vdb", b"")
        self.assertEqual(first_changed(stock), "/cache")

    def test_a_folder_in_place_of_a_picture_is_not_looked_through(self) -> None:
        (self.folder / "a.png").mkdir()
        self.write("a.png/b", b"")
        self.assertEqual(self.stock("a.png")["files"], [])

    def test_a_name_that_is_not_unicode_is_accepted(self) -> None:
        name = os.fsdecode(b"tex\xff.png")
        self.write(name, b"a")
        stock = self.stock(name)
        self.assertIsNone(first_changed(stock))
        self.write(name, b"b")
        self.assertIsNotNone(first_changed(stock))


if __name__ == "__main__":
    unittest.main()
