"""The files of a job: which paths a project may have, and how a node lays the files out."""

import asyncio
import hashlib
import json
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node.cache.file_proof import prove
from farm_node.errors import FaultError
from farm_node.job.job_folder import JobFolder
from farm_node.job.project import ProjectFile, read_manifest
from farm_slot.files.portable_paths import is_portable_path
from farm_node.slots.blender_program import BlenderProgram, slot_environment

from .support.store import Stored

PATHS = json.loads((Path(__file__).parents[1] / "fixtures/project-paths.json").read_text("utf-8"))
PROGRAM = BlenderProgram("blender", "3.4.1", False)


class Paths(unittest.TestCase):
    def test_the_rules_are_those_of_the_coordinator(self):
        for path, is_allowed in PATHS:
            self.assertEqual(is_portable_path(path), is_allowed, path)
        self.assertEqual([is_portable_path(each) for each in ("x" * 255, "x" * 256, None, 7)], [True, False, False, False])

    def test_a_list_of_files_is_read_or_refused(self):
        digest = "0" * 64
        good = {"files": [{"path": "a/b.png", "sha256": digest}], "moved": [{"from": "C:/t.<UDIM>.png", "path": "a/t.<UDIM>.png"}]}
        bad = [
            [],
            {},
            {"files": good["files"]},
            {"files": {}, "moved": []},
            {**good, "files": [{"path": "../b.png", "sha256": digest}]},
            {**good, "files": [{"path": "b.png", "sha256": "0"}]},
            {**good, "files": ["b.png"]},
            {**good, "moved": [{"from": 1, "path": "b.png"}]},
            {**good, "moved": [{"from": "b", "path": "/etc/passwd"}]},
            {**good, "later": {}},
            {**good, "later": ["../c.png"]},
            {**good, "later": [7]},
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list"
            path.write_text(json.dumps(good))
            self.assertEqual(read_manifest(path), ([("a/b.png", digest)], {"C:/t.<UDIM>.png": "a/t.<UDIM>.png"}, []))
            path.write_text(json.dumps({**good, "later": ["a/c.png"]}))
            self.assertEqual(read_manifest(path).later, ["a/c.png"])
            for each in [json.dumps(each) for each in bad] + ["", "{", "[" * 100_000]:
                path.write_text(each)
                with self.assertRaises(ValueError, msg=each[:80]):
                    read_manifest(path)


class Layout(Stored):
    def setUp(self):
        super().setUp()
        self.folder = JobFolder(self.root / "job", self.store)

    def put(self, data: bytes, used_at: int = 0) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        return sha256 if self.store.path_of(sha256).exists() else super().put(data, used_at)

    def lay_out(self, files, blend=b"BLENDER-v304", later=(), colors=None):
        listed = [{"path": path, "sha256": digest} for path, digest in files]
        listing = json.dumps({"files": listed, "moved": [], "later": later})
        digests = {"blend": self.put(blend), "files": self.put(listing.encode())}
        return self.folder.take_blend({**digests, "path": "shots/shot.blend", "colors": colors}, PROGRAM)

    def test_the_blendfile_and_its_files_are_in_their_places(self):
        wood = self.put(b"wood")
        known = asyncio.run(self.lay_out([("tex/wood.png", wood), ("tex/copy.png", wood)]))
        project = self.root / "job/project"
        self.assertEqual(known, {"blend": str(project / "shots/shot.blend"), "project": str(project), "moved": {}, "colors": None})
        self.assertEqual({digest: path.read_bytes() for digest, path in self.folder.project.files.items()}, {wood: b"wood"})
        self.assertEqual([(self.root / "job/project/tex" / name).read_bytes() for name in ("wood.png", "copy.png")], [b"wood"] * 2)
        # The next load has other files, and none of the earlier ones.
        asyncio.run(self.lay_out([]))
        self.assertFalse((self.root / "job/project/tex").exists())
        self.assertEqual(self.folder.project.files, {})

    def add(self, *files):
        return asyncio.run(self.folder.add_files([ProjectFile(*file) for file in files]))

    def test_files_that_come_later_have_their_names_from_the_start(self):
        one, two = self.put(b"one"), self.put(b"two")
        names = ["sim/x_000001_00.bphys", "sim/x_000002_00.bphys"]
        asyncio.run(self.lay_out([], later=names))
        paths = [self.root / "job/project" / name for name in names]
        self.assertEqual([path.read_bytes() for path in paths], [b"", b""])
        for _ in range(2):  # again on the next link
            self.assertIsNone(self.add((names[0], one), (names[1], two)))
            self.assertEqual([path.read_bytes() for path in paths], [b"one", b"two"])
        self.assertTrue(paths[0].samefile(self.store.path_of(one)))
        self.assertEqual(sorted(path.name for path in (self.root / "job").iterdir()), ["frames", "project"])

    def test_the_same_file_may_have_two_places(self):
        one = self.put(b"one")
        asyncio.run(self.lay_out([("a.png", one)], later=["b.png", "c.png"]))
        self.assertIsNone(self.add(("b.png", one), ("c.png", one)))
        self.assertEqual([(self.root / "job/project" / name).read_bytes() for name in ("b.png", "c.png")], [b"one"] * 2)

    def test_only_what_was_announced_and_is_in_the_cache_is_added(self):
        one = self.put(b"one")
        self.assertEqual(self.add(("a.png", one)).message, "The job's blendfile is not open")
        asyncio.run(self.lay_out([("a.png", one)], later=["b.png"]))
        self.assertEqual(self.add(("shots/shot.blend", one)).message, "'shots/shot.blend' was not announced")
        self.assertEqual(self.add(("b.png", "0" * 64)).code, "BLOB_MISSING")
        self.assertEqual((self.root / "job/project/b.png").read_bytes(), b"")

    def test_a_later_file_must_not_have_the_name_of_another(self):
        one = self.put(b"one")
        with self.assertRaises(FaultError) as caught:
            asyncio.run(self.lay_out([("a.png", one)], later=["a.png"]))
        self.assertIn("Two files of the job have the name 'a.png' on this system", caught.exception.fault.message)

    def test_the_color_configuration_is_one_of_the_files(self):
        config = self.put(b"ocio_profile_version: 1")
        known = asyncio.run(self.lay_out([("colors/config.ocio", config)], colors="colors/config.ocio"))
        self.assertEqual(known["colors"], str(self.root / "job/project/colors/config.ocio"))
        environment = slot_environment(1, "t", Path("/run"), {"OCIO": "/own"}, known["colors"])
        self.assertEqual(environment["OCIO"], known["colors"])
        self.assertEqual(slot_environment(1, "t", Path("/run"), {"OCIO": "/own"})["OCIO"], "/own")
        with self.assertRaises(FaultError) as caught:
            asyncio.run(self.lay_out([("colors/config.ocio", config)], colors="colors/other.ocio"))
        self.assertEqual(caught.exception.fault.message, "The color configuration is not among the job's files")

    def test_a_file_that_was_damaged_in_the_cache_has_to_be_sent_again(self):
        wood = self.put(b"wood")
        path = self.store.path_of(wood)
        path.chmod(0o600)
        path.write_bytes(b"w00d")
        with self.assertRaises(FaultError) as caught:
            asyncio.run(self.lay_out([("tex/wood.png", wood)]))
        fault = caught.exception.fault
        self.assertEqual((fault.code, fault.message), ("BLOB_MISSING", "'tex/wood.png' was damaged in the node's cache"))
        self.assertFalse(path.exists())

    def test_a_file_is_read_once_after_each_start_of_the_node(self):
        wood = self.put(b"wood")
        with patch("farm_node.cache.blob_store.prove", wraps=prove) as proofs:
            for _ in range(3):
                asyncio.run(self.lay_out([("tex/wood.png", wood)]))
        self.assertEqual([call.args[1] for call in proofs.call_args_list], [wood])

    def test_names_that_are_the_same_on_this_system_must_be_the_same_file(self):
        wood, moss = self.put(b"wood"), self.put(b"moss")
        asyncio.run(self.lay_out([("tex/wood.png", wood), ("tex/wood.png", wood)]))
        with self.assertRaises(FaultError) as caught:
            asyncio.run(self.lay_out([("tex/wood.png", wood), ("tex/wood.png", moss)]))
        self.assertIn("Two files of the job have the name 'tex/wood.png' on this system", caught.exception.fault.message)
        self.assertIn("Rename one of them", caught.exception.fault.hint)

    def test_a_file_that_is_not_in_the_cache_has_to_be_sent_again(self):
        with self.assertRaises(FaultError) as caught:
            asyncio.run(self.lay_out([("tex/wood.png", "0" * 64)]))
        self.assertEqual((caught.exception.fault.code, caught.exception.fault.message), ("BLOB_MISSING", "'tex/wood.png' is not in the node's cache"))


if __name__ == "__main__":
    unittest.main()
