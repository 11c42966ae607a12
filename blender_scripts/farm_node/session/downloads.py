"""Sends results, and files of the job, to the coordinator over a link, one after the other."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, BinaryIO, Callable, Optional

from ..errors import ProtocolError
from ..files.safe_files import open_own
from ..limits import MAX_FETCHES
from ..slots.attempts import Attempt, Result
from ..wire.link import Link, LinkLost
from ..wire.protocol import MAX_PIECE, Message


class Downloads:
    """`find` looks up a result, `file_of` a file of the job by its digest. `run` sends until the link is lost."""

    def __init__(
        self, link: Link, find: Callable[[Attempt], Optional[Result]], file_of: Callable[[str], Optional[Path]]
    ) -> None:
        self._link = link
        self._find = find
        self._file_of = file_of
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MAX_FETCHES)

    def fetch(self, message: Message) -> None:
        """Raises ProtocolError if too many are waiting already."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            raise ProtocolError("Too many frames are being fetched") from None

    async def run(self) -> None:
        while True:
            message = await self._waiting.get()
            try:
                await (self._answer_blob if message["type"] == "blob-fetch" else self._answer)(message)
            except LinkLost:
                return

    async def _answer(self, message: Message) -> None:
        about = {key: message[key] for key in ("transfer", "frame", "attempt")}
        result = self._find(Attempt(message["frame"], message["attempt"]))
        wanted = result.file(message.get("picture")) if result is not None else None
        if wanted is None or message["offset"] > wanted.size_bytes:
            await self._link.send({"type": "result-missing", **about, "message": "The node no longer has this frame"})
            return
        try:
            file = await _open(wanted.path)
        except OSError as error:  # somebody has emptied the cache folder, or the node has too many files open
            why = f"The node cannot open it: {error.strerror}"
            await self._link.send({"type": "result-missing", **about, "message": why})
            return
        with file:
            size, offset = wanted.size_bytes, message["offset"]
            await self._link.send({"type": "result-begin", **about, "sizeBytes": size, "offset": offset})
            await self._send(file, about["transfer"], offset, size)
        await self._link.send({"type": "result-end", **about, "sha256": wanted.sha256})

    async def _answer_blob(self, message: Message) -> None:
        about = {"transfer": message["transfer"], "sha256": message["sha256"]}
        path = self._file_of(message["sha256"])
        try:
            file = await _open(path) if path is not None else None
        except OSError:
            file = None
        if file is None:
            await self._link.send({"type": "blob-missing", **about})
            return
        with file:
            await self._send(file, about["transfer"], 0, os.fstat(file.fileno()).st_size)
        await self._link.send({"type": "blob-fetched", **about})

    async def _send(self, file: BinaryIO, transfer: int, offset: int, size: int) -> None:
        await asyncio.to_thread(file.seek, offset)
        while offset < size:
            data = await asyncio.to_thread(file.read, min(MAX_PIECE, size - offset))
            if not data:
                break  # the coordinator notices by the digest that bytes are missing
            await self._link.send_piece(transfer, offset, data)
            offset += len(data)


async def _open(path: Path) -> BinaryIO:
    return os.fdopen(await asyncio.to_thread(open_own, path), "rb")
