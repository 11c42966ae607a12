"""Receives blobs over a link."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from ..cache.blob_store import BlobStore
from ..cache.blob_writer import BlobWriter
from ..cache.local_copy import copy_blob
from ..errors import BlobError, ProtocolError
from ..limits import MAX_UPLOADS
from ..wire.protocol import Message, Piece


_COPIES_AT_A_TIME = 4
"""A drive that hangs holds so many threads, and others are left."""


class Uploads:
    """All methods return the answer to send, or None. They raise ProtocolError."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._writers: dict[int, BlobWriter] = {}
        self._bundles: dict[int, list[dict[str, Any]]] = {}
        """Small blobs whose piece is awaited."""
        self._copying = asyncio.Semaphore(_COPIES_AT_A_TIME)
        self._next = 0
        """Lower transfer numbers were used or skipped."""

    def claim(self, transfer: int) -> None:
        """Transfer numbers of both directions are used once per link, in ascending order."""
        if transfer < self._next:
            raise ProtocolError(f"Transfer {transfer} was used before, or a larger one was")
        self._next = transfer + 1

    async def query(self, message: Message) -> dict[str, Any]:
        sha256, size = message["sha256"], message["sizeBytes"]
        have, complete = await asyncio.to_thread(self._store.state, sha256, size)
        return {"type": "blob-state", "sha256": sha256, "haveBytes": have, "complete": complete}

    async def query_many(self, message: Message) -> dict[str, Any]:
        """Which of the blobs are not here at all; parts do not count, so they are continued by themselves."""
        states = await asyncio.to_thread(self._states, message["blobs"])
        return {"type": "blobs-state", "number": message["number"], "have": states}

    def _states(self, blobs: list[dict[str, Any]]) -> list[str]:
        found = (self._store.state(blob["sha256"], blob["sizeBytes"]) for blob in blobs)
        return ["all" if complete else "part" if have > 0 else "none" for have, complete in found]

    def bundle(self, message: Message) -> None:
        """Small blobs follow, all in one piece."""
        self.claim(message["transfer"])
        if len(self._bundles) >= MAX_UPLOADS:
            raise ProtocolError(f"{MAX_UPLOADS} bundles have no piece yet")
        self._bundles[message["transfer"]] = message["blobs"]

    async def _unpack(self, transfer: int, data: bytes) -> dict[str, Any]:
        blobs = self._bundles.pop(transfer)
        if sum(blob["sizeBytes"] for blob in blobs) != len(data):
            raise ProtocolError(f"Bundle {transfer} has {len(data)} bytes, and its files have others")
        try:
            await asyncio.to_thread(self._put_all, blobs, data)
        except BlobError as error:
            return {"type": "bundle-rejected", "transfer": transfer, "code": error.code, "message": str(error)}
        return {"type": "bundle-stored", "transfer": transfer}

    def _put_all(self, blobs: list[dict[str, Any]], data: bytes) -> None:
        start = 0
        for blob in blobs:
            end = start + blob["sizeBytes"]
            self._store.put(blob["sha256"], data[start:end])
            start = end

    async def copy(self, message: Message) -> dict[str, Any]:
        """Takes the blob from this machine's own disk if it is there, and then answers as `query`."""
        sha256, size = message["sha256"], message["sizeBytes"]
        async with self._copying:
            await asyncio.to_thread(copy_blob, self._store, sha256, size, message["path"])
        return await self.query(message)

    async def begin(self, message: Message) -> Optional[dict[str, Any]]:
        transfer, sha256 = message["transfer"], message["sha256"]
        self.claim(transfer)
        if len(self._writers) >= MAX_UPLOADS:
            error = BlobError("WRITE_FAILED", f"{MAX_UPLOADS} files are being received already")
            return _rejected(transfer, sha256, error)
        try:
            writer = await asyncio.to_thread(self._store.begin, sha256, message["sizeBytes"], message["offset"])
        except ValueError as error:
            raise ProtocolError(f"Cannot start file {sha256} at {message['offset']}: {error}") from None
        except BlobError as error:
            return _rejected(transfer, sha256, error)
        self._writers[transfer] = writer
        return None

    async def piece(self, piece: Piece) -> Optional[dict[str, Any]]:
        """Returns when the piece is written: only then is the next one read from the network."""
        if piece.transfer in self._bundles:
            return await self._unpack(piece.transfer, piece.data)
        writer = self._writers.get(piece.transfer)
        if writer is None:
            if piece.transfer < self._next:
                return None  # it was on its way when the transfer was rejected
            raise ProtocolError(f"Transfer {piece.transfer} was never started")
        if piece.offset != writer.position:
            raise ProtocolError(f"A piece is for offset {piece.offset} and {writer.position} is next")
        try:
            await asyncio.to_thread(writer.write, piece.data)
        except BlobError as error:
            return await self._reject(piece.transfer, writer, error)
        return None

    async def end(self, message: Message) -> Optional[dict[str, Any]]:
        transfer, sha256 = message["transfer"], message["sha256"]
        writer = self._writers.get(transfer)
        if writer is None:
            if transfer < self._next:
                return None  # it was rejected before, which was the answer
            raise ProtocolError(f"Transfer {transfer} was never started")
        if writer.sha256 != sha256:
            raise ProtocolError(f"Transfer {transfer} is for another file")
        try:
            await asyncio.to_thread(writer.finish)
            self._store.note_proved(sha256)
        except BlobError as error:
            return await self._reject(transfer, writer, error)
        del self._writers[transfer]
        return {"type": "blob-stored", "transfer": transfer, "sha256": sha256}

    async def close(self) -> None:
        """The link is lost. Parts are kept for resuming, within the limits."""
        writers, self._writers = list(self._writers.values()), {}
        for writer in writers:
            await asyncio.to_thread(writer.abandon)
        if writers:
            await asyncio.to_thread(self._store.tidy)

    async def _reject(self, transfer: int, writer: BlobWriter, error: BlobError) -> dict[str, Any]:
        del self._writers[transfer]
        await asyncio.to_thread(writer.abandon)
        return _rejected(transfer, writer.sha256, error)


def _rejected(transfer: int, sha256: str, error: BlobError) -> dict[str, Any]:
    return {"type": "blob-rejected", "transfer": transfer, "sha256": sha256, "code": error.code, "message": str(error)}
