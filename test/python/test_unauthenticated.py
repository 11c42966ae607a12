"""A real node process on loopback, and clients without its key. It does not start a Blender."""

import asyncio
import hashlib
import json
import os
import re
import socket
import ssl
import tempfile
import time
import unittest
from pathlib import Path

from farm_node.errors import StartError
from farm_node.wire.tls import load_tls
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatusCode
from websockets.legacy.client import connect
from websockets.legacy.server import serve

from .support.client import Coordinator, _anybody
from .support.node import RunningNode

PEM = Path(__file__).parents[1] / "fixtures/tls"
TLS = ("--tls-cert", str(PEM / "node.pem"), "--tls-key", str(PEM / "node.key"))


def fake_blender(folder: Path) -> str:
    """A program that prints a version is enough for a node that never gets a job."""
    program = folder / "blender"
    program.write_text("#!/bin/sh\necho 'Blender 3.4.1'\n")
    program.chmod(0o755)
    return str(program)


@unittest.skipIf(os.name == "nt", "a shell script stands for Blender")
class Unauthenticated(unittest.IsolatedAsyncioTestCase):
    tls: tuple = ()
    most_mib = 24

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.node = RunningNode("--blender", fake_blender(Path(folder.name)), *self.tls)
        self.addCleanup(self.node.clean)
        self.port = self.node.facts["port"]

    def dial(self, **options):
        scheme, context = ("wss", _anybody()) if self.tls else ("ws", None)
        return connect(f"{scheme}://127.0.0.1:{self.port}/", compression=None, ping_interval=None, ssl=context, **options)

    def files(self) -> dict:
        """All files of the node, with their change times; its output is the test's own file."""
        folders = (self.node.cache, self.node.folder / "config", self.node.folder / "tmp")
        paths = [path for folder in folders for path in folder.rglob("*")]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}

    async def status(self, **options) -> int:
        with self.assertRaises(InvalidStatusCode) as raised:
            await self.dial(**options)
        return raised.exception.status_code

    async def wrong(self) -> None:
        with self.assertRaises(ConnectionRefusedError):
            await Coordinator.connect(self.port, b"x" * 20, tls=bool(self.tls))

    async def test_nothing_but_the_handshake_is_answered_and_nothing_is_written(self):
        before = self.files()
        for data in ('{"type":"job-open"}', "0 " + "0" * 64 + ' {"type":"heartbeat"}', b"\0" * 13, "[" * 4000):
            client = await self.dial()
            await client.send(data)
            self.assertEqual(json.loads(await client.recv())["code"], "BAD_MESSAGE")
            with self.assertRaises(ConnectionClosed):
                await client.recv()
        await self.wrong()
        self.assertEqual(await self.status(origin="http://example.org"), 403)
        self.assertEqual(self.files(), before)

    async def test_the_eleventh_attempt_is_refused_with_429_and_a_right_proof_clears_the_count(self):
        for _ in range(9):
            await self.wrong()
        await (await self.node.coordinator()).close()
        for _ in range(10):
            await self.wrong()
        self.assertEqual(await self.status(), 429)
        self.assertEqual(await self.status(origin="http://example.org"), 403)
        lines = re.findall("tried to connect with another key", self.node.said())
        self.assertEqual(len(lines), 3, "the log line is rate-limited too")

    async def test_a_web_page_cannot_get_its_machine_blocked(self):
        for _ in range(15):
            self.assertEqual(await self.status(origin="http://example.org"), 403)
        for _ in range(15):  # an <img> or a fetch without an Origin is not a WebSocket
            await self.http_get()
        await (await self.node.coordinator()).close()

    async def http_get(self) -> None:
        context = _anybody() if self.tls else None
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        writer.write(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        answer = await reader.read()
        self.assertIn(b" 426 ", answer.splitlines()[0])
        self.assertNotIn(b"Python", answer)
        writer.close()

    async def test_the_ninth_is_refused_and_silent_connections_are_dropped_in_time(self):
        started = time.monotonic()
        silent = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(8)]
        await asyncio.sleep(0.1)
        self.assertEqual(await self.status(), 503)
        for reader, writer in silent:
            try:
                self.assertEqual(await asyncio.wait_for(reader.read(), 20), b"")
            except ConnectionError:
                pass
            writer.close()
        self.assertLess(time.monotonic() - started, 14)
        self.assertGreater(time.monotonic() - started, 8)
        await (await self.node.coordinator()).close()

    async def test_hundreds_of_connections_leave_the_node_unchanged(self):
        status = Path(f"/proc/{self.node.process.pid}/status")
        if not status.exists():
            self.skipTest("needs /proc")
        before = self.memory_kib(status)
        for _ in range(40):
            sockets = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(20)]
            for each in sockets:
                each.close()
        await self.enter_soon()
        descriptors = len(os.listdir(f"/proc/{self.node.process.pid}/fd"))
        self.assertLess(descriptors, 40)
        self.assertLess(self.memory_kib(status) - before, self.most_mib * 1024)

    async def enter_soon(self) -> None:
        """Waits until the node has processed the closed connections."""
        for _ in range(100):
            try:
                return await (await self.node.coordinator()).close()
            except (InvalidHandshake, ConnectionError):
                await asyncio.sleep(0.05)
        self.fail("The node lets nobody in any more")

    def memory_kib(self, status: Path) -> int:
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        assert found is not None
        return int(found[1])


class UnauthenticatedOverTls(Unauthenticated):
    """The same promises hold before TLS is up, and afterwards."""

    tls = TLS
    most_mib = 128  # 72 links at once, with a buffer of 256 KiB each, and memory that the allocator does not return

    async def test_the_facts_name_the_whole_fingerprint(self):
        shown = ssl.PEM_cert_to_DER_cert((PEM / "node.pem").read_text())
        self.assertEqual(self.node.facts["tls"], hashlib.sha256(shown).hexdigest())
        self.assertIn("TLS " + self.node.facts["tls"][:16], self.node.said())

    async def test_a_link_without_tls_is_not_answered(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: node\r\nUpgrade: websocket\r\n\r\n")
        try:
            answer = await asyncio.wait_for(reader.read(), 5)
        except ConnectionError:
            answer = b""
        self.assertNotIn(b"HTTP", answer)
        writer.close()

    async def test_old_tls_is_refused(self):
        context = _anybody()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", self.port, ssl=context)

    async def test_a_man_in_the_middle_with_another_certificate_fails_the_proofs(self):
        async def relay(towards_victim, _path=None):
            async with connect(
                f"wss://127.0.0.1:{self.port}/", ssl=_anybody(), compression=None, ping_interval=None
            ) as towards_node:

                async def pump(source, sink):
                    async for message in source:
                        await sink.send(message)
                    await sink.close()

                await asyncio.gather(pump(towards_victim, towards_node), pump(towards_node, towards_victim))

        rogue = load_tls(PEM / "rogue.pem", PEM / "rogue.key")
        for context in (rogue.context, None):  # with its own certificate, and as a downgrade without TLS
            async with serve(relay, "127.0.0.1", 0, ssl=context, compression=None) as server:
                port = server.sockets[0].getsockname()[1]
                with self.assertRaises(ConnectionRefusedError) as raised:
                    await Coordinator.connect(port, self.node.key, tls=context is not None)
                self.assertEqual(str(raised.exception), "WRONG_KEY")


class Files(unittest.TestCase):
    def refused(self, cert: str, key: str) -> str:
        with self.assertRaises(StartError) as raised:
            load_tls(PEM / cert, PEM / key)
        return str(raised.exception)

    def test_no_files_mean_no_tls(self):
        self.assertIsNone(load_tls(None, None))

    def test_problems_with_them_are_reported(self):
        self.assertIn("the key belongs to another certificate", self.refused("node.pem", "rogue.key"))
        self.assertIn("it is encrypted", self.refused("node.pem", "encrypted.key"))
        self.assertIn("in PEM form", self.refused("README.md", "node.key"))
        self.assertIn("in PEM form", self.refused("node.pem", "README.md"))
        self.assertIn("No such file", self.refused("absent.pem", "node.key"))

    @unittest.skipUnless(hasattr(os, "mkfifo"), "this system has no named pipes")
    def test_a_pipe_is_refused_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            pipe = Path(folder) / "pipe"
            os.mkfifo(pipe)
            for cert, key in ((pipe, PEM / "node.key"), (PEM / "node.pem", pipe)):
                with self.assertRaisesRegex(StartError, "pipe: it is not a regular file"):
                    load_tls(cert, key)


if __name__ == "__main__":
    unittest.main()
