"""The supervisor's end of the connections to its slots: one loopback port, and a random token per process."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from typing import Any, Optional

from ..console import warn
from ..limits import GREETING_BYTES, GREETING_S, MAX_GREETERS, MAX_LINE_BYTES
from ..wire.accepting import Accepting
from ..wire.listener import bind, listen


READ_BYTES = 65536


class SlotChannel:
    """The connection of a slot's process. Until it is trusted it may only send a short line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = bytearray()
        self._limit = GREETING_BYTES

    def trust(self) -> None:
        """Call it when the process has sent its token."""
        self._limit = MAX_LINE_BYTES

    async def receive(self) -> Optional[dict[str, Any]]:
        """The next event; None if the process has ended (or sent something that is not an event)."""
        try:
            line = await self._read_line()
            event = json.loads(line) if line else None
        except (OSError, ValueError, RecursionError):
            return None
        return event if isinstance(event, dict) else None

    async def _read_line(self) -> bytes:
        """Empty if the process has ended. Raises ValueError for a line that is too long."""
        searched = 0
        while (end := self._rest.find(b"\n", searched)) < 0:
            if len(self._rest) > self._limit:
                raise ValueError("a line is too long")
            searched = len(self._rest)
            data = await self._reader.read(min(READ_BYTES, self._limit + 1))
            if not data:
                return b""
            self._rest += data
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def send(self, command: dict[str, Any]) -> None:
        self._writer.write(json.dumps(command).encode("ascii") + b"\n")

    def close(self) -> None:
        self._writer.close()


class SlotSwitchboard:
    """Listens for slots. A connection that does not send an expected token is closed."""

    def __init__(self) -> None:
        self._server: Optional[Accepting] = None
        self._expected: dict[str, asyncio.Future[SlotChannel]] = {}
        self._greeters: list[SlotChannel] = []
        """Connections that have not sent a token yet, the oldest first."""
        self.port = 0

    def open(self) -> None:
        """Raises StartError."""
        listener = listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self._server = Accepting(listener, self._answer, lambda: bind("127.0.0.1", self.port), warn)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def expect(self) -> tuple[str, asyncio.Future[SlotChannel]]:
        """A new token, and the channel of the process that will send it. Call `forget` when the process has ended."""
        token = secrets.token_hex(32)
        channel: asyncio.Future[SlotChannel] = asyncio.get_running_loop().create_future()
        self._expected[token] = channel
        return token, channel

    def forget(self, token: str) -> None:
        channel = self._expected.pop(token, None)
        if channel is not None:
            channel.cancel()

    def _answer(self) -> asyncio.BaseProtocol:
        loop = asyncio.get_running_loop()
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self._greet, loop=loop)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel = SlotChannel(reader, writer)
        self._greeters.append(channel)
        if len(self._greeters) > MAX_GREETERS:
            self._greeters[0].close()  # a slot sends its token at once
        try:
            greeting = await asyncio.wait_for(channel.receive(), GREETING_S)
        except asyncio.TimeoutError:
            greeting = None
        finally:
            self._greeters.remove(channel)
        shown = str((greeting or {}).get("token", "")).encode("utf-8", "replace")
        for token, expected in self._expected.items():
            if hmac.compare_digest(token.encode("ascii"), shown) and not expected.done():
                del self._expected[token]
                channel.trust()
                expected.set_result(channel)
                return
        writer.close()
