"""An authenticated link to a coordinator: sealed messages, pieces, heartbeat. Nothing else uses a WebSocket's data."""

from __future__ import annotations

import asyncio
from typing import Any, Optional, Protocol, Union

from websockets.exceptions import ConnectionClosed

from ..errors import ProtocolError
from ..limits import HEARTBEAT_S, LAST_WORDS_S, LOST_AFTER_S, MAX_UNSENT
from .protocol import MAX_PIECE, MAX_TEXT, MESSAGES, PIECE_HEADER, Message, Piece
from .protocol import encode_message, encode_piece, parse_message, parse_piece
from .seal import OVERHEAD_BYTES, TO_COORDINATOR, TO_NODE, Opener, Sealer

CLOSE_REPLACED = 1012


class LinkLost(Exception):
    """The other side has left, or was silent for too long."""


class Socket(Protocol):
    """The part of a WebSocket that a link needs."""

    heard_at: float
    """When the last bytes arrived, by the event loop's clock."""
    max_size: Optional[int]

    async def recv(self) -> Union[str, bytes]: ...
    async def send(self, message: Union[str, bytes]) -> None: ...
    async def close(self, code: int = 1000) -> None: ...


class Link:
    """`run_sending` sends posted messages and heartbeats. One task calls `receive` in a loop."""

    def __init__(self, socket: Socket, session_key: bytes) -> None:
        self._socket = socket
        self._sealer = Sealer(session_key, TO_COORDINATOR)
        self._opener = Opener(session_key, TO_NODE)
        self._sending = asyncio.Lock()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        socket.max_size = max(MAX_TEXT + OVERHEAD_BYTES, MAX_PIECE + PIECE_HEADER.size)

    def post(self, message: Message) -> None:
        """Queues a message, in order. Never blocks: a stuck link is lost within 10 s."""
        self._outbox.put_nowait(message)

    async def send(self, message: Message) -> None:
        """Returns when the network has accepted it. Raises LinkLost."""
        async with self._sending:  # counters and messages must be in the same order
            await self._send(self._sealer.seal(encode_message(message)))

    async def send_piece(self, transfer: int, offset: int, data: bytes) -> None:
        """Returns when the network has accepted it, so a slow coordinator slows the reading down. Raises LinkLost."""
        async with self._sending:
            await self._send(encode_piece(transfer, offset, data))

    async def receive(self) -> Union[Message, Piece]:
        """The next message other than a heartbeat. Raises LinkLost, ProtocolError."""
        while True:
            if self._outbox.qsize() > MAX_UNSENT:
                raise LinkLost(f"{MAX_UNSENT} answers are waiting, and nobody reads them")
            data = await self._receive()
            if isinstance(data, bytes):
                return parse_piece(data)
            message = self._open(data)
            if message["type"] == "error":
                raise LinkLost(f"the other machine reported: {message['message']}")
            if message["type"] != "heartbeat":
                return message

    async def _receive(self) -> Union[str, bytes]:
        """Part of a message is a sign of life: on a slow network a piece may take longer than a peer may be silent."""
        now = asyncio.get_running_loop().time
        # Only waiting counts as silence: while this node is busy with a piece, nobody reads the socket.
        waiting_since = now()
        while (left_s := max(waiting_since, self._socket.heard_at) + LOST_AFTER_S - now()) > 0:
            try:
                return await asyncio.wait_for(self._socket.recv(), left_s)
            except asyncio.TimeoutError:
                pass  # perhaps a part of a message has arrived
            except ConnectionClosed:
                raise LinkLost("the connection was closed") from None
        raise LinkLost(f"nothing arrived for {LOST_AFTER_S:.0f} s")

    def _open(self, sealed: str) -> dict[str, Any]:
        text = self._opener.open(sealed)
        if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            raise ProtocolError("Cannot read a message: it is too long")
        return parse_message(text, MESSAGES)

    async def run_sending(self) -> None:
        """Runs until cancelled, or until the link is lost."""
        while True:
            try:
                message = await asyncio.wait_for(self._outbox.get(), HEARTBEAT_S)
            except asyncio.TimeoutError:
                message = {"type": "heartbeat"}
            try:
                await self.send(message)
            except LinkLost:
                return  # the receiving side notices it too, and ends the session

    async def refuse(self, error: ProtocolError) -> None:
        """Sends an error to a peer that broke the protocol, and closes the link, whether the peer reads it or not."""
        if error.reply:
            message = {"type": "error", "code": error.code, "message": str(error)[:4096]}
            try:
                await asyncio.wait_for(self.send(message), LAST_WORDS_S)
            except asyncio.TimeoutError:
                pass  # earlier messages fill the network's buffers
            except LinkLost:
                return
        await self.close(error.close_code)

    async def close(self, code: int = 1000) -> None:
        """Closes the link, within the socket's own timeout. Idempotent."""
        await self._socket.close(code)

    async def _send(self, data: Union[str, bytes]) -> None:
        try:
            await self._socket.send(data)
        except ConnectionClosed:
            raise LinkLost("the connection was closed") from None
