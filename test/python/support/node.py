"""A node in a process, with its own folders, and a coordinator for it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Optional

from farm_node.wire.farm_key import parse_key

from .client import Coordinator

SCRIPTS = Path(__file__).resolve().parents[3] / "blender_scripts"
BLENDER = shutil.which("blender")
JOB = "ab" * 16
START_S = 120


class RunningNode:
    """`python3 main.py`, or inside Blender; `stop` returns its exit status."""

    def __init__(
        self, *options: str, inside: bool = False, env: Optional[dict] = None, output: Optional[int] = None
    ) -> None:
        """`output` is the test's own file for the node's output."""
        self._temporary = tempfile.TemporaryDirectory(prefix="renderfarm-test-")
        self.folder = Path(self._temporary.name)
        self.cache = self.folder / "cache"
        ready = self.folder / "ready.json"
        own = os.path.dirname(sys.executable)
        path = os.pathsep.join(f for f in os.environ["PATH"].split(os.pathsep) if f != own or f == "/usr/bin")
        environment = {**os.environ, "PATH": path, "TMPDIR": str(self.folder / "tmp"), **(env or {})}
        environment.pop("RENDERFARM_KEY", None)
        (self.folder / "tmp").mkdir()
        main = str(SCRIPTS / "main.py")
        command = [BLENDER, "-b", "-P", main, "--"] if inside else [sys.executable, "-B", main]
        command += ["--config-dir", str(self.folder / "config"), "--cache-dir", str(self.cache), "--port", "0"]
        command += ["--host", "127.0.0.1", "--ready-file", str(ready), "--no-mdns", "--exit-with-stdin", *options]
        self.output = open(self.folder / "output", "w+b")
        stdout = self.output if output is None else output
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.STDOUT, env=environment
        )
        deadline = time.monotonic() + START_S
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("The node did not start:\n" + self.said())
            time.sleep(0.02)
        self.facts = json.loads(ready.read_text("utf-8"))
        key = self.folder / "config/key"
        self.key = parse_key(key.read_text("ascii")) if key.exists() else b""

    def said(self) -> str:
        return (self.folder / "output").read_text("utf-8", "replace")

    async def coordinator(self) -> Coordinator:
        return await Coordinator.connect(self.facts["port"], self.key, tls=self.facts["tls"] is not None)

    def processes(self) -> list[int]:
        """Processes of this node: those whose environment contains its folder (Linux only)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return [pid for pid in found if pid != os.getpid()]

    async def stop(self, how: Optional[signal.Signals] = None) -> int:
        if how is None:
            self.process.stdin.close()
        else:
            self.process.send_signal(how)
        return await asyncio.to_thread(self.process.wait, 60)

    def clean(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.output.close()
        self._temporary.cleanup()
