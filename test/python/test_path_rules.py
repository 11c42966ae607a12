"""The rules for paths that Blender may open, on real files, pipes and devices."""

import os
import tempfile
import unittest
from pathlib import Path

from farm_slot.files.external_files import digest_of_contents, take_stock
from farm_slot.files.path_rules import FILE, FILM, FOLDER, PLACE, Rules, has_protocol

PROTOCOL, ODD, TEXT = "a protocol, not a file", "not a regular file", "a text"


class Protocols(unittest.TestCase):
    def test_everything_that_ffmpeg_accepts_as_a_protocol_counts_as_one(self):
        reaching = ("http://h/x", "HTTP://h", "gopher://h", "concat:/etc/passwd|x.txt", "file:x", "data:,x", "cache:http://h")
        reaching += ("crypto+file:x", "hls+http://h", "subfile,,start,0,end,0,,:/etc/passwd", "tcp:h", "a.b-c+9:x", "ab:\n")
        for path in reaching:
            self.assertTrue(has_protocol(path), path)

    def test_file_names_are_not_protocols(self):
        honest = ("//film.mkv", "/a:b/c:d.png", "//a:b.png", "C:\\films\\a.mp4", "c:/a.mp4", "my file: 1.png", "x,y.png", "")
        for path in honest:
            self.assertFalse(has_protocol(path), path)


class OnDisk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: bytes = b"\x89PNG\r\n\x1a\n\0") -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def pipe(self, name: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
        return str(path)

    def objection(self, path: str, kind=FILE, suffixes=()):
        return Rules(suffixes).objection(path, [path], kind)

    def test_a_path_that_becomes_an_address_relative_to_its_library_counts_as_one(self):
        self.assertEqual(Rules().objection("//http://h/x", ["/lib/http://h/x", "http://h/x"], FILE), PROTOCOL)
        self.assertEqual(Rules().objection("http://h/", ["http://h/"], PLACE), PROTOCOL)

    def test_pipes_devices_and_kernel_files_are_not_regular_files(self):
        link = self.folder / "link.png"
        link.symlink_to("/dev/zero")
        proc = self.folder / "proc.png"
        proc.symlink_to("/proc/self/environ")
        for path in (self.pipe("pipe.png"), str(link), str(proc), "/dev/null", "/proc/version", "/sys/kernel/uevent_seqnum"):
            self.assertEqual(self.objection(path), ODD, path)
        self.assertEqual(self.objection(str(self.folder)), ODD)

    def test_regular_and_missing_files_are_accepted(self):
        link = self.folder / "link.png"
        link.symlink_to("nowhere")
        absent = str(self.folder / "absent/x.png")
        for path in (self.file("a.png"), self.file("a:b.png"), str(link), absent, str(self.folder) + "/", "D:\\textures\\a.png"):
            self.assertIsNone(self.objection(path), path)

    def test_all_files_of_a_sequence_and_all_tiles_count(self):
        first = self.file("shot.0001.png")
        self.file("wood.1001.png")
        self.pipe("other.png")
        self.assertIsNone(self.objection(first))
        self.pipe("shot.0024.png")
        self.assertEqual(self.objection(first), ODD)
        tiles = str(self.folder / "wood.<UDIM>.png")
        self.assertIsNone(self.objection(tiles))
        self.pipe("wood.1002.png")
        self.assertEqual(self.objection(tiles), ODD)

    def test_all_views_count(self):
        left = self.file("film_L.mkv")
        self.pipe("film_R.mkv")
        self.assertIsNone(self.objection(left))
        self.assertEqual(self.objection(left, suffixes=("_L", "_R")), ODD)

    def test_folders_of_caches_are_searched(self):
        folder = str(self.folder / "cache")
        self.assertIsNone(self.objection(folder, FOLDER))
        self.file("cache/x_000001_00.bphys")
        self.pipe("cache/a-pipe-of-somebody")
        self.assertIsNone(self.objection(folder, FOLDER))
        self.pipe("cache/x_000002_00.bphys")
        self.assertIn("a pipe", self.objection(folder, FOLDER))
        self.file("deep/data/x.vdb")
        self.pipe("deep/data/y.vdb")
        self.assertIn("a pipe", self.objection(str(self.folder / "deep"), FOLDER))

    def test_a_text_is_not_a_movie(self):
        texts = {
            "secret.txt": b"\0any",
            "READ.NFO": b"\0any",
            "list.mp4": b"#EXTM3U\nhttp://h/x.ts\n",
            "list.mkv": b"ffconcat version 1.0\nfile http://h/x\n",
            "list.mpd": b"\x01 <MPD xmlns=",
            "latin.avi": b"caf\xe9\n",
        }
        for name, content in texts.items():
            path = self.file(name, content)
            self.assertEqual(self.objection(path, FILM), TEXT, name)
            self.assertIsNone(self.objection(path, FILE), name)
        films = {"a.mp4": b"\0\0\0\x20ftypisom", "a.y4m": b"YUV4MPEG2 W64 H36 F25:1\nFRAME\n~~~~", "empty.mkv": b""}
        for name, content in films.items():
            self.assertIsNone(self.objection(self.file(name, content), FILM), name)

    def test_windows_paths_are_read_like_blender_does(self):
        self.pipe("pipe.png")
        self.assertEqual(self.objection(str(self.folder).replace("/", "\\") + "\\pipe.png"), ODD)

    def test_taking_stock_does_not_wait_for_a_pipe(self):
        pipe = self.pipe("pipe.png")
        self.assertRegex(digest_of_contents(pipe), "^unreadable")
        self.pipe("x.1001.png")
        stock = take_stock([("pipe", pipe), ("version", "/proc/version"), ("x", str(self.folder / "x.<UDIM>.png"))])
        self.assertEqual(stock["files"], [])


if __name__ == "__main__":
    unittest.main()
