"""Blendfiles whose paths do not lead to regular files; see "A hostile blendfile" in docs/security.md."""

import asyncio
import subprocess
import tempfile
import unittest
from pathlib import Path

from .support.listener import Listener
from .support.node import BLENDER
from .support.real_node import RealNodeCase, run_blender

RECIPE = Path(__file__).parents[1] / "support/scenes/reaching.py"


def pixels(png: bytes) -> bytes:
    """The PNG data after the metadata."""
    return png[png.index(b"IDAT") :]


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: files that reach out are not opened in a real one")
class ReachingFiles(RealNodeCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="rf-")
        cls.addClassCleanup(folder.cleanup)
        cls.scenes = Path(folder.name)
        cls.listener = Listener()
        cls.addClassCleanup(cls.listener.close)
        run_blender(RECIPE, folder.name, str(cls.listener.port))
        cls.called = len(cls.listener.calls)

    def setUp(self):
        self.assertGreater(self.called, 0, "to assign such a path is to call already")
        self.listener.calls.clear()

    async def render(self, name: str, frame=2) -> tuple:
        """Returns the picture, the cleared paths, and the references."""
        node = self.start()
        coordinator, _ = await self.open(node)
        scene = await self.ready(coordinator, name)
        await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
        await coordinator.expect("frame-rendered")
        picture = pixels(await coordinator.fetch(frame, 0, 100))
        self.assertEqual(await node.stop(), 0)
        warnings = [message for message in coordinator.seen if message["type"] == "warning"]
        cleared = [each["message"] for each in warnings if each["code"] == "PATHS_CLEARED"]
        return picture, "".join(cleared), scene["references"]

    async def test_addresses_are_not_contacted_and_are_reported(self):
        _, cleared, references = await self.render("network")
        self.assertEqual(self.listener.calls, [])
        url = f"http://127.0.0.1:{self.listener.port}/"
        for told in (
            f"Image 'image': {url}texture (a protocol, not a file)",
            f"Movie Sequence 'movie' of Scene 'Scene': {url}movie (a protocol, not a file)",
            f"Image Sequence 'pictures' of Scene 'Scene': {url} (a protocol, not a file)",
            "more",
        ):
            self.assertIn(told, cleared)
        self.assertNotIn("://", str(references))

        *_, references = await self.render("away")
        self.assertEqual(self.listener.calls, [])
        libraries = [(each["path"], each["missing"]) for each in references if each["kind"] == "library"]
        self.assertEqual(libraries, [(f"{url}library.blend", True)])

    async def test_addresses_that_only_views_form_are_not_contacted(self):
        _, cleared, _ = await self.render("views")
        self.assertEqual((self.listener.calls, cleared), ([], ""))
        _, cleared, _ = await self.render("suffix")
        self.assertIn("Suffix of view 'third'", cleared)

    async def test_no_picture_shows_a_text_file_and_no_pipe_blocks_it(self):
        shown, cleared, _ = await self.render("texts")
        blank, nothing, _ = await self.render("blank")
        self.assertEqual((shown, nothing), (blank, ""))
        for told in ("secret.txt (a text)", "subfile,,start"):
            self.assertIn(told, cleared)
        _, cleared, _ = await self.render("pipes")
        self.assertIn("Image 'image.001': /dev/zero (not a regular file)", cleared)
        self.assertEqual(self.listener.calls, [])

    async def test_movies_sequences_tiles_and_clips_are_shown_unchanged(self):
        for name in ("honest", "stereo"):
            pattern = self.scenes / f"{name}_####"
            command = [BLENDER, "-b", self.scenes / f"{name}.blend", "-noaudio", "-o", pattern, "-s", "2", "-e", "2", "-a"]
            await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
            shown, cleared, references = await self.render(name)
            self.assertEqual(shown, pixels((self.scenes / f"{name}_0002.png").read_bytes()), name)
            told = "Paths in the file were cleared: Image 'packed.png': http://example.org/packed.png (a protocol, not a file)"
            self.assertEqual(cleared, told if name == "honest" else "")
            self.assertEqual([each for each in references if each["missing"]], [])


if __name__ == "__main__":
    unittest.main()
