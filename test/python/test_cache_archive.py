"""The caches in a baked blendfile, which anybody may have made."""

import contextlib
import io
import json
import struct
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from farm_slot.faults import SlotFault
from farm_slot.simulations import cache_archive

KEY = ("CLOTH", "Sheet", "//cloth.blend", "0")
NAME = "0/points0_000001_00.bphys"
CONTENTS = json.dumps([[list(KEY), "0"]])


def archive(files, contents=CONTENTS, compression=zipfile.ZIP_STORED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as made:
        made.writestr("caches.json", contents)
        for name, data in files.items():
            made.writestr(name, data)
    return packed.getvalue()


def repeated(packed, times):
    """The archive, with its last file listed so many times: they share their data."""
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        begin, name = made.start_dir, made.infolist()[-1].filename
    end = packed.rindex(b"PK\5\6")
    last = packed.rindex(b"PK\1\2", begin, end)
    assert name.encode() in packed[last:end]
    listed = packed[begin:last] + packed[last:end] * times
    count = 1 + times
    return packed[:begin] + listed + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(listed), begin, 0)


class Caches(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def unpack(self, *archives):
        return cache_archive.unpack(list(archives), str(self.folder / "restored"))

    def unpacked(self):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def assert_refused(self, *archives, what="damaged"):
        with self.assertRaises(SlotFault) as caught:
            self.unpack(*archives)
        self.assertEqual(caught.exception.code, "FILE_UNREADABLE")
        self.assertIn(what, str(caught.exception))
        self.assertEqual(self.unpacked(), [])

    def test_what_is_packed_is_unpacked(self):
        written = self.folder / "written/0"
        written.mkdir(parents=True)
        for frame in ("000001", "-00010"):
            (written / f"points0_{frame}_00.bphys").write_bytes(b"cache")
        packed = cache_archive.pack(str(written.parent), {KEY: "0"})
        places = self.unpack(packed)
        self.assertEqual(list(places), [KEY])
        self.assertEqual(sorted(path.name for path in Path(places[KEY]).iterdir()), sorted(path.name for path in written.iterdir()))

    def test_more_than_a_copy_keeps_is_not_packed(self):
        written = self.folder / "written/0"
        written.mkdir(parents=True)
        (written / "points0_000001_00.bphys").write_bytes(b"cache" * 2000)
        with mock.patch.object(cache_archive, "MAX_BYTES", 8192), self.assertRaisesRegex(SlotFault, "a copy keeps 0 MB"):
            cache_archive.pack(str(written.parent), {KEY: "0"})

    def test_what_is_packed_is_never_too_much_to_unpack(self):
        fits = []
        for folders in range(1, 12):
            for name in range(folders):
                written = self.folder / f"written-{folders}/{name}"
                written.mkdir(parents=True)
                (written / "points0_000001_00.bphys").write_bytes(b"")
            with mock.patch.object(cache_archive, "MAX_BYTES", 65_536), contextlib.suppress(SlotFault):
                packed = cache_archive.pack(str(written.parent), {KEY: "0"})
                self.assertEqual(len(self.unpack(packed)), 1)
                fits.append(folders)
        self.assertEqual(fits, [1, 2, 3, 4, 5, 6, 7])

    def test_only_files_with_the_names_of_caches_are_unpacked(self):
        names = ["../../out.bphys", "/out.bphys", "0/points0_000001_00.bphys/deep.bphys", "0/a.blend", "1/", "points0_000001_00.bphys"]
        self.unpack(archive({NAME: b"cache", **{name: b"" if name.endswith("/") else b"bad" for name in names}}))
        self.assertEqual(self.unpacked(), ["restored/0/" + NAME])

    def test_caches_of_several_scenes_do_not_replace_each_other(self):
        other = json.dumps([[["CLOTH", "Other", "", "0"], "0"]])
        places = self.unpack(archive({NAME: b"one"}), archive({NAME: b"other"}, other))
        self.assertEqual([Path(place, Path(NAME).name).read_bytes() for place in places.values()], [b"one", b"other"])

    def test_a_small_file_cannot_fill_a_disk(self):
        """All scenes count together, files that share their data each by itself, and even an empty one as what it takes,
        with its folder.
        """
        half = archive({NAME: bytes(40_000)})
        many = archive({f"0/points0_{frame:06}_00.bphys": b"" for frame in range(3)})
        with mock.patch.object(cache_archive, "MAX_BYTES", 65_536):
            self.assertEqual(len(self.unpack(half)), 1)
        for path in self.folder.rglob("*.bphys"):
            path.unlink()
        empty = archive({f"0/points0_{n:06}_00.bphys": b"" for n in range(17)})
        folders = archive({f"{n}/points0_000001_00.bphys": b"" for n in range(8)})
        for bomb in ([half, half], [repeated(half, 2)], [empty], [folders], [archive({})] * 9):
            with mock.patch.object(cache_archive, "MAX_BYTES", 65_536):
                self.assert_refused(*bomb, what="more than")
        self.assertEqual(len(self.unpack(many)), 1)

    def test_damaged_archives_are_refused(self):
        good = archive({NAME: b"cache"})
        self.assert_refused(b"PK of no archive")
        self.assert_refused(good[:-10])
        self.assert_refused(archive({NAME: bytes(40_000)}, compression=zipfile.ZIP_DEFLATED))
        self.assert_refused(archive({}, "[" * 100_000))
        with mock.patch.object(cache_archive, "_MAX_CONTENTS_BYTES", 10):
            self.assert_refused(good)
        for contents in ("", "1", "[1]", '[["a", 1, 2]]', '[[["a"], "../.."]]', '[[["a"], 1e999]]', '[[["a"], {}]]'):
            self.assert_refused(archive({}, contents))


if __name__ == "__main__":
    unittest.main()
