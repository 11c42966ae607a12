"""Blendfiles that try to run programs on a node or change its disks ("A hostile blendfile" in docs/security.md)."""

import tempfile
import unittest
from pathlib import Path

from .support.node import BLENDER
from .support.real_node import RealNodeCase, run_blender

SUPPORT = Path(__file__).parents[1] / "support"
SCENES = SUPPORT / "scenes"
USER_SCRIPTS = {"BLENDER_USER_SCRIPTS": str(SUPPORT / "user-scripts")}


def pixels(png: bytes) -> bytes:
    """The PNG data after the metadata."""
    return png[png.index(b"IDAT") :]


@unittest.skipIf(BLENDER is None, "no `blender` on PATH: hostile files are not opened in a real one")
class HostileFiles(RealNodeCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rf-")  # short: a name that leaves the folder has 63 bytes
        self.addCleanup(folder.cleanup)
        self.scenes = Path(folder.name)

    def make(self, *names: str) -> None:
        run_blender(SCENES / "hostile.py", str(self.scenes), *names)
        self.made = self.state()

    def state(self) -> set:
        """All files and folders, with their change times."""
        return {(str(path.relative_to(self.scenes)), path.stat().st_mtime_ns) for path in self.scenes.rglob("*")}

    def changes(self) -> list:
        """What is new, missing or different compared with `made`."""
        return sorted({name for name, _ in self.state() ^ self.made})

    async def begin(self, name: str, *options, env=None, **asks):
        """A node on which the file is loaded."""
        node = self.start(*options, env=env or {})
        coordinator, _ = await self.open(node)
        await self.ready(coordinator, name, **asks)
        return node, coordinator

    async def render(self, coordinator, frames=(1, 2, 3)) -> list:
        """Renders the frames in this order, and returns the pictures."""
        pictures = []
        for transfer, frame in enumerate(frames, 100):
            await coordinator.send("frame-assign", slot=0, frame=frame, attempt=0)
            await coordinator.expect("frame-rendered")
            pictures.append(pixels(await coordinator.fetch(frame, 0, transfer)))
        return pictures

    def blocked(self, coordinator) -> list:
        warnings = [message for message in coordinator.seen if message["type"] == "warning"]
        return [message["message"] for message in warnings if message["code"] == "SCRIPTS_BLOCKED"]

    async def harmless(self, name: str) -> list:
        """Renders it, checks that nothing outside has changed, and returns what was reported as blocked."""
        node, coordinator = await self.begin(name)
        await self.render(coordinator)
        # Checked while the run folder still exists: each slot has its own folder there.
        stray = [path for path in (node.cache / "renderfarm/runs").rglob("*.*") if path.suffix in (".bphys", ".vdb", ".uni", ".tx")]
        self.assertEqual([path for path in stray if "slot-0/tmp" not in str(path)], [])
        self.assertEqual(await node.stop(), 0)
        self.assertEqual(self.changes(), [], node.said())
        return self.blocked(coordinator)

    async def test_no_code_in_a_file_runs_that_blender_does_not_block(self):
        self.make("programs", "layer")
        style, shader = "Freestyle style module 'style.py'", "OSL shader of node 'Script'"
        self.assertEqual(await self.harmless("programs"), [f"Scripts in the file were not run: {style}, {shader}"])
        self.assertEqual(await self.harmless("layer"), [])

    async def test_allowed_scripts_run_and_only_write_what_they_say(self):
        self.make("strips")
        node, coordinator = await self.begin("strips", "--allow-scripts", allowScripts=True)
        await self.render(coordinator)
        await node.stop()
        self.assertEqual(self.changes(), ["outside", "outside/linked-style"])
        self.assertEqual(self.blocked(coordinator), [])

    async def test_output_nodes_of_all_scenes_write_into_the_run_folder(self):
        self.make("outputs", "strips")
        self.assertEqual(await self.harmless("outputs"), [])
        self.assertEqual(await self.harmless("strips"), ["Scripts in the file were not run: Freestyle style module 'style.py'"])

    async def test_simulations_and_caches_change_nothing_outside(self):
        self.make("caches", "linked_caches", "fluids")
        self.assertEqual(await self.harmless("caches"), [])
        self.assertEqual(await self.harmless("linked_caches"), [])
        self.assertEqual(await self.harmless("fluids"), [])

    async def test_a_file_is_confined_before_an_add_on_evaluates_it(self):
        self.make("caches", "linked_caches")
        for name in ("caches", "linked_caches"):
            node, coordinator = await self.begin(name, "--allow-addons", "early", env=USER_SCRIPTS, addons=["early"])
            await self.render(coordinator, (2,))
            await node.stop()
            self.assertEqual(self.changes(), [], name)

    async def test_existing_simulations_are_shown(self):
        run_blender(SCENES / "baked.py", str(self.scenes))
        self.made = self.state()
        node, coordinator = await self.begin("baked")
        shown = await self.render(coordinator, (4, 2))
        self.assertEqual(await node.stop(), 0)
        self.assertEqual(self.changes(), [])
        pictures = [self.scenes / f"pictures/frame_000{frame}.png" for frame in (4, 2)]
        self.assertEqual(shown, [pixels(picture.read_bytes()) for picture in pictures])

    async def test_a_driver_that_is_refused_in_a_frame_is_reported_once(self):
        self.make("late")
        for scene in (None, "Other"):
            node, coordinator = await self.begin("late", scene=scene)
            self.assertEqual(self.blocked(coordinator), [])
            await self.render(coordinator)
            said = "Scripts in the file were not run: Driver '__import__('math').sin(frame)'"
            self.assertEqual(self.blocked(coordinator), [said])
            kinds = [message["type"] for message in coordinator.seen]
            self.assertLess(kinds.index("warning"), kinds.index("frame-rendered"))
            await node.stop()

    async def test_a_file_that_cannot_be_confined_is_not_evaluated(self):
        self.make("undecodable")
        node = self.start()
        coordinator, _ = await self.open(node)
        await self.load(coordinator, "undecodable")
        self.assertEqual((await coordinator.expect("job-load-failed"))["error"]["code"], "LOAD_FAILED")
        await node.stop()
        self.assertEqual(self.changes(), [])
