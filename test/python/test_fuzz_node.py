"""A real node process on loopback, attacked by clients without the key and by one that has it. Seeded."""

import asyncio
import contextlib
import json
import os
import random
import struct
import sys
import tempfile
import unittest
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.legacy.client import connect

from .support.client import Coordinator
from .support.node import RunningNode
from .test_fuzz import EFFORT, HANDSHAKE, SEED, TO_NODE, damaged, nearly
from .test_unauthenticated import fake_blender

MOST_MIB = 64
"""How much the node may grow: for 64 links without the key, and for the allocator. Much less than the bytes sent."""
JOB = "ab" * 16


@unittest.skipUnless(sys.platform == "linux", "needs /proc, and loopback addresses beyond 127.0.0.1")
class UnderAttack(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        asyncio.get_running_loop().slow_callback_duration = 60  # starting a node is slow
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.node = RunningNode("--blender", fake_blender(Path(folder.name)))
        self.addCleanup(self.node.clean)
        self.port = self.node.facts["port"]
        self.knocks = 0

    def source(self) -> tuple[str, int]:
        """Always another address: a single one would be blocked after some failures."""
        self.knocks += 1
        number = self.knocks // 4
        return f"127.1.{number >> 8 & 255}.{number & 255}", 0

    def dial(self):
        return connect(
            f"ws://127.0.0.1:{self.port}/", compression=None, ping_interval=None, local_addr=self.source(), close_timeout=5
        )

    def rss_mib(self) -> float:
        status = Path(f"/proc/{self.node.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def files(self) -> list[str]:
        folders = (self.node.cache, self.node.folder / "config", self.node.folder / "tmp")
        return sorted(str(path) for folder in folders for path in folder.rglob("*"))

    async def still_serves(self, what: str, count: int, before_mib: float) -> None:
        for attempt in range(100):
            try:
                good = await self.node.coordinator()
                break
            except (InvalidHandshake, OSError):
                await asyncio.sleep(0.1)  # the places for unauthenticated connections become free again
        else:
            self.fail("The node lets nobody in any more:\n" + self.node.said())
        await good.send("job-open", job=JOB, holder="me", slots=None)
        await good.expect("job-opened")
        await good.upload(b"BLENDER-v300RENDH" + os.urandom(3_000_000), 1)
        await good.send("job-close", job=JOB)
        await good.expect("job-closed")
        await good.close()
        grown = self.rss_mib() - before_mib
        print(f"fuzz: {what}: {count} inputs, 0 crashes, the node grew by {grown:.0f} MB")
        self.assertLess(grown, MOST_MIB)
        self.assertNotIn("Traceback", self.node.said())

    async def drop(self, hostile: Coordinator) -> None:
        """Closes without waiting: a broken link does not answer."""
        for task in hostile._tasks:
            task.cancel()
        await asyncio.gather(*hostile._tasks, return_exceptions=True)
        hostile.socket.transport.abort()

    async def warm_up(self) -> float:
        await (await self.node.coordinator()).close()
        return self.rss_mib()

    async def test_clients_without_the_key_that_send_rubbish_leave_nothing_behind(self):
        before, files = await self.warm_up(), self.files()
        dice = random.Random(SEED)
        count = 400 * EFFORT
        for _ in range(count):
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
                await asyncio.wait_for(dice.choice((self.raw, self.rubbish, self.rubbish, self.greeting))(dice), 30)
        self.assertEqual(self.files(), files)
        await self.still_serves("unauthenticated", count, before)

    async def raw(self, dice: random.Random) -> None:
        """Bytes that are nearly a request, or nearly a frame after a right request. Half of them stay half open."""
        request = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=self.source())
        if dice.random() < 0.5:
            frame = bytes((dice.choice((0x81, 0x82, 0x80, 0x01, 0x88, 0x89, 0xF1, 0x83)), dice.choice((0x80, 0xFE, 0xFF, 5))))
            writer.write(request + frame + struct.pack(">Q", dice.choice((1, 2**62, 2**63))) + dice.randbytes(30))
        else:
            writer.write(damaged(dice, request) + b"x: " + b"y" * dice.choice((0, 10_000, 100_000)))
        await writer.drain()
        if dice.random() < 0.5:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(), 0.02)  # a slow client, which leaves before the node's timeout
        writer.transport.abort()

    async def rubbish(self, dice: random.Random) -> None:
        socket = await self.dial()
        choices = (
            lambda: dice.randbytes(dice.randint(0, 5000)),
            lambda: "[" * 4096,
            lambda: '{"type":"hello","protocol":' + "[" * 900 + "]" * 900 + "}",
            lambda: "x" * dice.choice((4096, 4097, 1_000_000)),
            lambda: nearly(dice, dice.choice(TO_NODE)),
            lambda: nearly(dice, dice.choice(HANDSHAKE)),
        )
        data = dice.choice(choices)()
        await socket.send(data.encode("utf-8", "replace").decode() if isinstance(data, str) else data)
        if dice.random() < 0.3:  # invalid UTF-8 in a text message
            await socket.write_frame(True, 1, b"\xc3\x28" * 10)
        await self.hear_out(socket)

    async def greeting(self, dice: random.Random) -> None:
        """A right start, and then no proof, or another message."""
        socket = await self.dial()
        await socket.send(json.dumps({"type": "hello", "protocol": 1, "nonce": dice.randbytes(32).hex()}))
        self.assertEqual(json.loads(await socket.recv())["type"], "challenge")
        prove = {"type": "prove", "proof": dice.randbytes(32).hex()}
        text = dice.choice((json.dumps(prove), nearly(dice, prove), json.dumps(dice.choice(TO_NODE))))
        await socket.send(text.encode("utf-8", "replace").decode())
        await self.hear_out(socket)

    async def hear_out(self, socket) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            answer = json.loads(await asyncio.wait_for(socket.recv(), 0.05))
            self.assertEqual(answer["type"] if answer["type"] != "challenge" else "error", "error")
        socket.transport.abort()

    async def test_coordinators_that_break_the_protocol_only_lose_their_own_link(self):
        before = await self.warm_up()
        dice = random.Random(SEED)
        count = 0
        for _ in range(60 * EFFORT):
            hostile = await self.node.coordinator()
            for _ in range(dice.randint(1, 30)):
                count += 1
                text = nearly(dice, dice.choice(TO_NODE)) if dice.random() < 0.1 else json.dumps(dice.choice(TO_NODE))
                with contextlib.suppress(ConnectionClosed, ValueError, UnicodeEncodeError, RecursionError):
                    if dice.random() < 0.05:
                        await hostile.send_piece(dice.randint(0, 3), dice.choice((0, 1, 2**40)), dice.randbytes(50))
                    else:
                        message = json.loads(text)
                        await hostile.send(message.pop("type", ""), **message)
            await self.drop(hostile)
        last = await self.node.coordinator()
        for job in {message["job"] for message in TO_NODE if "job" in message}:
            for kind, more in (("job-open", {"holder": "me", "slots": None}), ("job-close", {})):
                await last.send(kind, job=job, **more)
            await last.expect("job-closed")
        await self.drop(last)
        await self.still_serves("coordinators that break the protocol", count, before)

    async def test_unfinished_uploads_do_not_use_up_the_nodes_file_descriptors(self):
        before = await self.warm_up()
        hostile = await self.node.coordinator()
        begun = 0
        with contextlib.suppress(ConnectionClosed):
            for transfer in range(300):
                await hostile.send("blob-begin", transfer=transfer, sha256=f"{transfer:064x}", sizeBytes=9, offset=0)
                begun += 1
            await hostile.send("blob-query", sha256="0" * 64, sizeBytes=1)
            with contextlib.suppress(AssertionError):
                await hostile.expect("blob-state")
        self.assertLess(len(os.listdir(f"/proc/{self.node.process.pid}/fd")), 100)
        await self.drop(hostile)
        await self.still_serves("uploads without end", begun, before)


if __name__ == "__main__":
    unittest.main()
