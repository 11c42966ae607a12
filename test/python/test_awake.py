"""A node keeps its machine awake while it has a job, by the system's own programs, which end with the node."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from farm_node import awake
from farm_node.awake import AWAKE, Awake

WAIT_S = 60
SOURCES = Path(__file__).resolve().parents[2] / "blender_scripts"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return True


@unittest.skipIf(sys.platform == "win32", "shell scripts take the places of the system's programs")
class KeptAwake(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.told, self.warned = [], []
        for manager in (
            patch.dict(os.environ, {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}),
            patch.object(awake, "_SYSTEMD", str(self.folder)),
            patch.object(awake, "REFUSED_WITHIN_S", 0.2),
        ):
            manager.__enter__()
            self.addCleanup(manager.__exit__, None, None, None)

    def install(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\necho $$ \"$@\" > '{self.folder}/asked'\n{script}\n")
        path.chmod(0o755)

    def made(self, platform: str, allowed: bool = False) -> Awake:
        return Awake(self.told.append, self.warned.append, allowed, platform)

    async def asked(self):
        file = self.folder / "asked"
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)
        pid, *arguments = file.read_text().split()
        return int(pid), " ".join(arguments)

    async def gone(self, pid: int) -> bool:
        for _ in range(int(WAIT_S / 0.02)):
            if not is_alive(pid):
                return True
            await asyncio.sleep(0.02)
        return False

    async def until(self, condition) -> None:
        for _ in range(int(WAIT_S / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        self.fail("waited in vain")

    async def test_each_system_is_asked_in_its_own_way_until_the_job_ends(self):
        for platform, program, expected in (
            ("linux", "systemd-inhibit", "--what=sleep:idle --mode=block cat"),
            ("darwin", "caffeinate", f"-i -s -w {os.getpid()}"),
        ):
            # Two processes, like systemd-inhibit and the command that it runs.
            self.install(program, f"(echo $(sh -c 'echo $PPID') > '{self.folder}/inner'; exec cat)\nexit 0")
            awake = self.made(platform)
            awake.begin()
            awake.begin()  # a continued job
            pid, arguments = await self.asked()
            self.assertIn(expected, arguments)
            await self.until(lambda: self.told)
            self.assertEqual((self.told, self.warned), ([AWAKE], []))
            awake.end()
            for each in (pid, int((self.folder / "inner").read_text())):
                self.assertTrue(await self.gone(each), platform)
            self.told.clear()
            (self.folder / "asked").unlink()

    async def test_windows_is_asked_by_a_call_and_a_refusal_is_reported(self):
        asked, answers = [], [True, True, False]

        def call(flags):
            asked.append(flags)
            return answers.pop(0)

        with patch.object(awake, "_ask_windows", call):
            kept = self.made("win32")
            kept.begin()
            self.assertEqual((asked, self.told), ([0x80000001], [AWAKE]))
            kept.end()
            self.assertEqual(asked[1:], [0x80000000])
            kept.begin()
        self.assertEqual((self.told, len(self.warned)), ([AWAKE], 1))

    async def test_a_refusal_is_reported_with_the_systems_message(self):
        self.install("systemd-inhibit", "echo 'Failed to inhibit: Access denied' >&2; exit 1")
        self.made("linux").begin()
        await self.until(lambda: self.warned)
        self.assertIn("may fall asleep while it has a job: Failed to inhibit: Access denied", self.warned[0])
        self.assertEqual(self.told, [])

    async def test_nothing_is_asked_if_sleep_is_allowed_or_the_program_is_missing(self):
        self.install("systemd-inhibit", "exec cat")
        self.made("linux", allowed=True).begin()
        with patch.object(awake, "_SYSTEMD", str(self.folder / "none")):
            self.made("linux").begin()
        self.made("darwin").begin()  # there is no caffeinate here
        await asyncio.sleep(0.3)
        self.assertEqual((self.told, self.warned, (self.folder / "asked").exists()), ([], [], False))

    async def test_the_program_that_keeps_the_machine_awake_ends_with_a_killed_node(self):
        self.install("systemd-inhibit", "cat; exit 0")
        script = (
            "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
            "from farm_node import awake; awake._SYSTEMD = sys.argv[1]\n"
            "async def main():\n"
            "    awake.Awake(print, print, platform='linux').begin()\n"
            "    await asyncio.sleep(600)\n"
            "asyncio.run(main())\n"
        )
        node = subprocess.Popen([sys.executable, "-c", script, str(SOURCES)])
        pid, _ = await self.asked()
        node.send_signal(signal.SIGKILL)
        node.wait()
        self.assertTrue(await self.gone(pid))
