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
from farm_node.job.project import is_project_path, read_manifest
from farm_node.slots.blender_program import BlenderProgram

from .support.store import Stored

PATHS = json.loads((Path(__file__).parents[1] / "fixtures/project-paths.json").read_text("utf-8"))
PROGRAM = BlenderProgram("blender", "3.4.1", False)


class Paths(unittest.TestCase):
    def test_the_rules_are_those_of_the_coordinator(self):
        for path, is_allowed in PATHS:
            self.assertEqual(is_project_path(path), is_allowed, path)
        self.assertEqual([is_project_path(each) for each in ("x" * 255, "x" * 256, None, 7)], [True, False, False, False])

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
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list"
            path.write_text(json.dumps(good))
            files, moved = read_manifest(path)
            self.assertEqual((files, moved), ([("a/b.png", digest)], {"C:/t.<UDIM>.png": "a/t.<UDIM>.png"}))
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

    def lay_out(self, files, blend=b"BLENDER-v304"):
        listing = json.dumps({"files": [{"path": path, "sha256": digest} for path, digest in files], "moved": []})
        return self.folder.take_blend(self.put(blend), "shots/shot.blend", self.put(listing.encode()), PROGRAM)

    def test_the_blendfile_and_its_files_are_in_their_places(self):
        wood = self.put(b"wood")
        known = asyncio.run(self.lay_out([("tex/wood.png", wood), ("tex/copy.png", wood)]))
        project = self.root / "job/project"
        self.assertEqual(known, {"blend": str(project / "shots/shot.blend"), "project": str(project), "moved": {}})
        self.assertEqual({digest: path.read_bytes() for digest, path in self.folder.files.items()}, {wood: b"wood"})
        self.assertEqual([(self.root / "job/project/tex" / name).read_bytes() for name in ("wood.png", "copy.png")], [b"wood"] * 2)
        # The next load has other files, and none of the earlier ones.
        asyncio.run(self.lay_out([]))
        self.assertFalse((self.root / "job/project/tex").exists())
        self.assertEqual(self.folder.files, {})

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
