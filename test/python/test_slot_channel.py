"""The loopback port of the slots: a client without a token can neither fill the memory nor keep a slot out."""

import asyncio
import json
import unittest
from unittest.mock import patch

from farm_node.limits import MAX_GREETERS, MAX_LINE_BYTES
from farm_node.slots.slot_channel import SlotSwitchboard

WAIT_S = 60


class Lines(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.board = SlotSwitchboard()
        self.board.open()
        self.addCleanup(self.board.close)

    async def dial(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.board.port)
        self.addAsyncCleanup(self.hang_up, writer)
        return reader, writer

    async def hang_up(self, writer) -> None:
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionError:
            pass

    async def greet(self):
        """Both ends of a slot's connection."""
        token, coming = self.board.expect()
        _, writer = await self.dial()
        writer.write(json.dumps({"token": token}).encode() + b"\n")
        line = await asyncio.wait_for(coming, WAIT_S)
        self.addCleanup(line.close)
        return writer, line

    async def hung_up(self, reader) -> None:
        try:
            self.assertEqual(await asyncio.wait_for(reader.read(), WAIT_S), b"")
        except ConnectionResetError:
            pass

    async def test_an_endless_line_is_disconnected_at_once_before_the_token_and_at_its_limit_after_it(self):
        with patch("farm_node.slots.slot_channel.GREETING_S", WAIT_S * 2):
            reader, writer = await self.dial()
            writer.write(b"x" * 3000)
            await self.hung_up(reader)
        writer, line = await self.greet()
        event = {"event": "loaded", "scene": "x" * 2**20}
        writer.write(json.dumps(event).encode() + b"\n" + b'{"event":"steps"}\n')
        self.assertEqual(await line.receive(), event)
        self.assertEqual(await line.receive(), {"event": "steps"})
        self.assertEqual(line._limit, MAX_LINE_BYTES)
        line._limit = 100_000
        writer.write(b"x" * 200_000)
        self.assertIsNone(await asyncio.wait_for(line.receive(), WAIT_S))

    async def test_the_oldest_connection_without_a_token_is_closed_so_that_a_slot_can_connect(self):
        with patch("farm_node.slots.slot_channel.GREETING_S", WAIT_S * 2):
            unauthenticated = [await self.dial() for _ in range(MAX_GREETERS + 3)]
            for reader, _ in unauthenticated[:3]:
                await self.hung_up(reader)
            writer, line = await self.greet()
            writer.write(b'{"event":"steps"}\n')
            self.assertEqual(await line.receive(), {"event": "steps"})
            still = [reader for reader, _ in unauthenticated[4:] if reader.at_eof()]
            self.assertEqual(still, [])


if __name__ == "__main__":
    unittest.main()
