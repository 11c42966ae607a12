"""Sends results to the coordinator over a link, one after the other."""

from __future__ import annotations

import asyncio
import os
from typing import Any, BinaryIO, Callable, Optional

from ..errors import ProtocolError
from ..files.safe_files import open_own
from ..limits import MAX_FETCHES
from ..slots.attempts import Attempt, Result
from ..wire.link import Link, LinkLost
from ..wire.protocol import MAX_PIECE, Message


class Downloads:
    """`find` looks up a result. `run` sends until it is cancelled or the link is lost."""

    def __init__(self, link: Link, find: Callable[[Attempt], Optional[Result]]) -> None:
        self._link = link
        self._find = find
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MAX_FETCHES)

    def fetch(self, message: Message) -> None:
        """Raises ProtocolError if too many are waiting already."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            raise ProtocolError("Too many results are being fetched") from None

    async def run(self) -> None:
        while True:
            message = await self._waiting.get()
            try:
                await self._answer(message)
            except LinkLost:
                return

    async def _answer(self, message: Message) -> None:
        about = {key: message[key] for key in ("transfer", "frame", "attempt")}
        result = self._find(Attempt(message["frame"], message["attempt"]))
        file: Optional[BinaryIO] = None
        if result is not None and message["offset"] <= result.size_bytes:
            try:
                file = os.fdopen(await asyncio.to_thread(open_own, result.path), "rb")
            except OSError:
                pass  # somebody has emptied the cache folder
        if file is None or result is None:
            await self._link.send({"type": "result-missing", **about})
            return
        with file:
            await self._send(file, result, about, message["offset"])

    async def _send(self, file: BinaryIO, result: Result, about: dict[str, Any], offset: int) -> None:
        size = result.size_bytes
        await self._link.send({"type": "result-begin", **about, "sizeBytes": size, "offset": offset})
        await asyncio.to_thread(file.seek, offset)
        while offset < size:
            data = await asyncio.to_thread(file.read, min(MAX_PIECE, size - offset))
            if not data:
                break  # the coordinator notices by the digest that bytes are missing
            await self._link.send_piece(about["transfer"], offset, data)
            offset += len(data)
        await self._link.send({"type": "result-end", **about, "sha256": result.message["sha256"]})
