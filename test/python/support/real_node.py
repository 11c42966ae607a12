"""A node with the real Blender, and blendfiles for it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from .node import BLENDER, JOB, RunningNode

WAIT_S = 60


def run_blender(script: Path, *arguments: str) -> None:
    """Runs a script in Blender, in its own environment."""
    own = os.path.dirname(sys.executable)
    path = os.pathsep.join(f for f in os.environ["PATH"].split(os.pathsep) if f != own or f == "/usr/bin")
    command = [BLENDER, "-b", "--factory-startup", "--python-exit-code", "7", "-P", str(script), "--", *arguments]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env={**os.environ, "PATH": path})
    if done.returncode != 0:
        raise AssertionError(done.stdout.decode() + done.stderr.decode())


def make_scenes() -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory(prefix="renderfarm-scenes-")
    run_blender(Path(__file__).parent / "scenes.py", folder.name)
    return folder


class RealNodeCase(unittest.IsolatedAsyncioTestCase):
    """`scenes` is the folder of the blendfiles; each test starts its own nodes."""

    scenes: Path

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it would complain about the time that a node takes to start

    def start(self, *options, **more) -> RunningNode:
        node = RunningNode(*options, **more)
        self.addCleanup(node.clean)
        return node

    async def open(self, node, slots=None):
        coordinator = await node.coordinator()
        self.addAsyncCleanup(coordinator.close)
        await coordinator.expect("node-info")
        await coordinator.send("job-open", job=JOB, holder="test", slots=slots)
        return coordinator, await coordinator.expect("job-opened")

    async def load(self, coordinator, name, scene=None, color="RGB", **more):
        sha256 = await coordinator.upload((self.scenes / f"{name}.blend").read_bytes(), 1)
        await coordinator.send("job-load", job=JOB, blend=sha256, scene=scene, colorMode=color, **more)
        return sha256

    async def ready(self, coordinator, name, **options):
        await self.load(coordinator, name, **options)
        loaded = await coordinator.expect("job-loaded")
        await coordinator.expect("slot-changed", lambda m: m["state"] == "ready")
        return loaded["scene"]

    async def gone(self, node) -> None:
        for _ in range(WAIT_S * 20):
            if not node.processes():
                return
            await asyncio.sleep(0.05)
        self.fail(f"processes are left: {node.processes()}")

    def assert_nothing_left(self, node) -> None:
        self.assertEqual(os.listdir(node.cache / "renderfarm/runs"), [])
        self.assertEqual(os.listdir(node.folder / "tmp"), [])


class ScenesCase(RealNodeCase):
    """With the blendfiles of scenes.py."""

    @classmethod
    def setUpClass(cls):
        folder = make_scenes()
        cls.addClassCleanup(folder.cleanup)
        cls.scenes = Path(folder.name)
