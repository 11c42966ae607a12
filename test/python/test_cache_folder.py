"""The node's own folder: it neither removes nor counts other files, and it refuses links."""

import contextlib
import os
import shutil
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from farm_node.cache.blob_store import BlobStore
from farm_node.cache.cache_folder import MARKER, claim_cache
from farm_node.errors import StartError
from farm_node.slots.run_folder import RunFolder, make_slot_folder, remove_stale
from farm_node.files.safe_files import make_folder

from .support.node import BLENDER, SCRIPTS
from .support.real_node import RealNodeCase
from .support.store import NODE, Stored, digest

IS_ROOT = os.name == "posix" and os.geteuid() == 0


def snapshot(folder: Path) -> dict:
    """All names below a folder, with their contents; links are not followed."""

    def look(path: Path):
        found = os.lstat(path)
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        return found.st_mode, found.st_mtime_ns if content is not None else None, content

    return {str(path.relative_to(folder)): look(path) for path in folder.rglob("*")}


def write(path: Path, content: str = "precious") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (1, 1))


def make_foreign_files(folder: Path) -> None:
    """Folder names that other programs use too, and names that look like a node's own."""
    blob, node = digest(b"weights"), "01" * 16
    for name in ("runs/experiment-7/model.pt", "runs/experiment-7/owner.lock", "runs/41-0123abcd/frame.png"):
        write(folder / name)
    for name in ("runs/41-0123abcd/owner.lock", "parts/door/hinge.stl", f"parts/{node}/{blob}", f"parts/{NODE}/{blob}"):
        write(folder / name)
    for name in (f"blobs/{blob}", f"blobs/{digest(b'x')}", "blobs/README"):
        write(folder / name)


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    @contextlib.contextmanager
    def refused(self, *words: str):
        before = snapshot(self.folder)
        with self.assertRaises(StartError) as raised:
            yield
        for word in (*words, "--cache-dir"):
            self.assertIn(word, f"{raised.exception} {raised.exception.hint}")
        self.assertEqual(snapshot(self.folder), before)


class Claim(InFolder):
    def test_a_folder_is_made_and_marked_and_found_again(self):
        root = claim_cache(self.folder / "new/cache")
        self.assertEqual(root, self.folder / "new/cache/renderfarm")
        self.assertTrue((root / MARKER).read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n"))
        if os.name == "posix":
            self.assertEqual(stat.S_IMODE(root.stat().st_mode), 0o700)
        before = snapshot(self.folder)
        self.assertEqual(claim_cache(self.folder / "new/cache"), root)
        self.assertEqual(snapshot(self.folder), before)

    def test_a_folder_of_that_name_that_no_node_made_is_unchanged(self):
        write(self.folder / "renderfarm/runs/1-0123abcd/thesis.txt")
        (self.folder / "renderfarm").chmod(0o755)
        with self.refused(str(self.folder / "renderfarm"), "was not made by a node"):
            claim_cache(self.folder)

    def test_a_marker_of_another_program_does_not_count(self):
        write(self.folder / "renderfarm" / MARKER, "Signature: 8a477f597d28d172789f06886806bc55\n# made by cargo")
        with self.refused("was not made by a node"):
            claim_cache(self.folder)

    def test_an_empty_or_half_marked_folder_is_used(self):
        (self.folder / "renderfarm").mkdir()
        claim_cache(self.folder)
        (self.folder / "renderfarm" / MARKER).rename(self.folder / "renderfarm/.renderfarm-0123456789abcdef.part")
        claim_cache(self.folder)

    def test_nodes_that_start_together_in_a_new_folder_all_get_it(self):
        for number in range(30):
            folder, problems, gate = self.folder / str(number), [], threading.Barrier(3)

            def start(folder=folder, problems=problems, gate=gate) -> None:
                gate.wait()
                try:
                    root = claim_cache(folder)
                    remove_stale(root)
                    RunFolder.create(root)
                except Exception as error:
                    problems.append(error)

            threads = [threading.Thread(target=start) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(problems, [])
            self.assertEqual(len(os.listdir(folder / "renderfarm/runs")), 3)

    @unittest.skipIf(os.name == "nt", "links need a right on Windows")
    def test_the_cache_folder_may_be_a_link_but_the_nodes_own_may_not(self):
        (self.folder / "disk").mkdir()
        (self.folder / "cache").symlink_to("disk")
        self.assertTrue((claim_cache(self.folder / "cache") / MARKER).exists())
        (self.folder / "other").mkdir()
        (self.folder / "other/renderfarm").symlink_to("../disk/renderfarm")
        with self.refused("is a link"):
            claim_cache(self.folder / "other")
        (self.folder / "disk/renderfarm" / MARKER).rename(self.folder / "tag")
        (self.folder / "disk/renderfarm" / MARKER).symlink_to("../../tag")
        with self.refused("is a link"):
            claim_cache(self.folder / "disk")

    @unittest.skipUnless(IS_ROOT, "only root can give a folder to another user")
    def test_a_folder_of_another_user_is_refused(self):
        root = claim_cache(self.folder)
        os.chown(root, 12345, 12345)
        with self.refused("belongs to another user (user id 12345)"):
            claim_cache(self.folder)


@unittest.skipIf(os.name == "nt", "links need a right on Windows")
class Links(Stored):
    """The store's own folder, copied by somebody else with a link in it."""

    def setUp(self):
        super().setUp()
        outside = tempfile.TemporaryDirectory()
        self.addCleanup(outside.cleanup)
        self.outside = Path(outside.name)
        write(self.outside / "thesis.txt", "p" * 400)
        write(self.outside / "41-0123abcd/owner.lock")
        write(self.outside / digest(b"p"))
        before = snapshot(self.outside)
        self.addCleanup(lambda: self.assertEqual(snapshot(self.outside), before, "something behind a link was changed"))

    def test_linked_folders_are_refused(self):
        for name in ("blobs", "parts", f"parts/{NODE}"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "parts").mkdir()
                shutil.rmtree(Path(folder) / name, ignore_errors=True)
                (Path(folder) / name).symlink_to(self.outside)
                with self.assertRaisesRegex(OSError, "is a link"):
                    BlobStore(Path(folder), NODE, 1000)
        (self.root / "runs").symlink_to(self.outside)
        with self.assertRaisesRegex(OSError, "is a link"):
            remove_stale(self.root)
        with self.assertRaisesRegex(OSError, "is a link"):
            RunFolder.create(self.root)

    def test_a_linked_blob_does_not_exist_and_does_not_count(self):
        sha256 = digest(b"p" * 400)
        (self.root / "blobs" / sha256).symlink_to(self.outside / "thesis.txt")
        self.assertEqual(self.store.state(sha256, 400), (0, False))
        self.assertIsNone(self.store.pin(sha256))
        self.assertEqual(self.store.free_bytes(), 1000)
        self.put(b"x" * 1000)
        self.assertTrue((self.root / "blobs" / sha256).is_symlink())
        self.put(b"p" * 400)
        self.assertEqual(self.store.state(sha256, 400), (400, True))

    def test_nothing_is_written_through_a_linked_part(self):
        sha256 = digest(b"p" * 500)
        (self.root / "parts" / NODE / sha256).symlink_to(self.outside / "thesis.txt")
        self.assertEqual(self.store.state(sha256, 500), (0, False))
        self.assertEqual(self.code(self.store.begin, sha256, 500, 0), "WRITE_FAILED")
        os.link(self.outside / "thesis.txt", self.root / "parts" / NODE / digest(b"q" * 500))
        self.assertEqual(self.code(self.store.begin, digest(b"q" * 500), 500, 400), "WRITE_FAILED")
        os.unlink(self.root / "parts" / NODE / digest(b"q" * 500))

    def test_a_run_folder_that_is_a_link_or_has_a_linked_lock_is_not_stale(self):
        runs = self.root / "runs"
        make_folder(runs)
        (runs / "41-0123abcd").mkdir(parents=True)
        (runs / "41-0123abcd/owner.lock").symlink_to(self.outside / "thesis.txt")
        (runs / "42-0123abcd").symlink_to(self.outside / "41-0123abcd")
        self.assertEqual(remove_stale(self.root), 0)
        self.assertEqual(sorted(os.listdir(runs)), ["41-0123abcd", "42-0123abcd"])

    def test_a_slot_gets_no_linked_temporary_folder(self):
        for name in ("slot-0", "slot-1/tmp"):
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).symlink_to(self.outside)
            fault = make_slot_folder(self.root / name.split("/")[0])
            self.assertIn("is a link", fault.message)


class Names(Stored):
    def test_files_without_our_names_are_neither_counted_nor_removed(self):
        names = ["blobs/README", "parts/README", "parts/door/hinge.stl", f"parts/{'01' * 16}/README", f"parts/{NODE}/README"]
        for name in names:
            write(self.root / name, "x" * 900)
        for folder in self.root.glob("parts/*/"):
            os.utime(folder, (1, 1))
        before = snapshot(self.root)
        self.assertEqual(self.store.free_bytes(), 1000)
        self.store.tidy()
        self.put(b"x" * 1000)
        self.store.close(True)
        self.assertEqual({name: look for name, look in snapshot(self.root).items() if name in before}, before)

    def test_a_run_folder_that_no_node_made_is_not_removed(self):
        make_folder(self.root / "runs")
        for name in ("runs/experiment-7/owner.lock", "runs/41-0123abcd/frame.png", "runs/42-0123abcd"):
            write(self.root / name)
        (self.root / "runs/43-0123abcd").mkdir()
        before = {name: look for name, look in snapshot(self.root).items() if "43-" not in name}
        self.assertEqual(remove_stale(self.root), 0)
        self.assertEqual(snapshot(self.root), before, "an empty folder of a node that ended at its start")


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: no node starts")
class WholeNode(RealNodeCase):
    async def test_a_node_does_not_touch_files_beside_its_own_folder(self):
        with tempfile.TemporaryDirectory() as name:
            cache = Path(name)
            make_foreign_files(cache)
            before = snapshot(cache)
            node = self.start("--cache-dir", str(cache), "--cache-size", "0.000001")
            coordinator = await node.coordinator()
            for number in range(3):  # each evicts the previous one
                await coordinator.upload(bytes([number]) * 1000, number + 1)
            await coordinator.close()
            self.assertEqual(await node.stop(), 0)
            after = {name: look for name, look in snapshot(cache).items() if name.split("/")[0] != "renderfarm"}
            self.assertEqual(after, before)
            self.assertEqual(len(os.listdir(cache / "renderfarm/blobs")), 1)

    async def test_a_config_folder_is_removed_only_if_nothing_else_is_in_it(self):
        for foreign in ([], ["thesis.txt", "photos/1.jpg"]):
            with tempfile.TemporaryDirectory() as name:
                config = Path(name) / "config"
                for file in foreign:
                    write(config / file)
                node = self.start("--config-dir", str(config), "--remove-config-dir", "--open")
                self.assertEqual(await node.stop(), 0)
                left = sorted(str(path.relative_to(config)) for path in config.rglob("*") if path.is_file())
                self.assertEqual((config.exists(), left), (bool(foreign), sorted(foreign)))


@unittest.skipUnless(IS_ROOT and BLENDER is not None and shutil.which("mount"), "it takes root, mount and Blender")
class FullTemporaryFolder(InFolder):
    def test_blender_does_not_empty_a_temporary_folder_that_refuses_new_folders(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=4", "renderfarm-test", self.folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=True)
        for name in ("thesis.txt", "photos/1.jpg"):
            write(self.folder / name)
        before = snapshot(self.folder)
        command = [BLENDER, "-b", "--factory-startup", "-P", SCRIPTS / "main.py", "--", "--version"]
        ended = subprocess.run(command, env={**os.environ, "TMPDIR": str(self.folder)}, capture_output=True, timeout=60)
        self.assertEqual(snapshot(self.folder), before)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("TMPDIR", ended.stderr.decode())


if __name__ == "__main__":
    unittest.main()
