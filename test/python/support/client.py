"""A coordinator for tests, written from docs/protocol.md without using the node's code."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import ssl
import struct
from typing import Any, Callable, Optional

from websockets.legacy.client import WebSocketClientProtocol, connect

WAIT_S = 60.0
"""Only a limit for a test that hangs: Blender on a busy machine is slow."""


def lp(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def _anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Coordinator:
    """A link. `seen` has all messages in order; pieces are joined per transfer."""

    def __init__(self, socket: WebSocketClientProtocol, session_key: bytes) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []
        self.pieces: dict[int, bytearray] = {}
        self.close_code: Optional[int] = None
        self._key = session_key
        self._sent = 0
        self._received = 0
        self._taken = 0
        self._news = asyncio.Event()
        self._tasks = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._beat())]

    @classmethod
    async def connect(cls, port: int, key: bytes, tls: bool = False) -> Coordinator:
        """With `tls` it accepts any certificate: the proofs show that it is the node's."""
        anybody = _anybody() if tls else None
        url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}/"
        socket = await connect(url, compression=None, ping_interval=None, max_size=2**22, ssl=anybody)
        shown = socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True) if tls else None
        fingerprint = hashlib.sha256(shown).digest() if shown else b""
        nonce = secrets.token_bytes(32)
        await socket.send(json.dumps({"type": "hello", "protocol": 1, "nonce": nonce.hex()}))
        challenge = json.loads(await socket.recv())
        nonces = (nonce, bytes.fromhex(challenge["nonce"]))
        agreed = b"".join(map(lp, (b"1", challenge["node"].encode(), *nonces, fingerprint)))
        await socket.send(json.dumps({"type": "prove", "proof": mac(key, lp(b"coordinator") + agreed).hex()}))
        welcome = json.loads(await socket.recv())
        if welcome["type"] != "welcome":
            await socket.close()
            raise ConnectionRefusedError(welcome["code"])
        assert welcome["proof"] == mac(key, lp(b"node") + agreed).hex()
        return cls(socket, mac(key, lp(b"session") + agreed))

    async def send(self, kind: str, **fields: Any) -> None:
        text = json.dumps({"type": kind, **fields})
        seal = mac(self._key, lp(b"to-node") + struct.pack(">Q", self._sent) + text.encode()).hex()
        counter, self._sent = self._sent, self._sent + 1
        await self.socket.send(f"{counter} {seal} {text}")

    async def expect(self, kind: str, where: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """Returns the next message of a type; earlier ones are skipped. Fails on an error or a closed link."""

        async def search() -> dict[str, Any]:
            while True:
                while self._taken < len(self.seen):
                    message = self.seen[self._taken]
                    self._taken += 1
                    if message["type"] == kind and where(message):
                        return message
                    if message["type"] in ("error", "job-load-failed"):
                        raise AssertionError(f"Not {kind} came but {message}")
                if self.close_code is not None:
                    raise AssertionError(f"The link was closed ({self.close_code}) before {kind}: {self.seen[-5:]}")
                self._news.clear()
                await self._news.wait()

        try:
            return await asyncio.wait_for(search(), WAIT_S)
        except asyncio.TimeoutError:
            raise AssertionError(f"No {kind} came: {self.seen[-8:]}") from None

    async def upload(self, data: bytes, transfer: int) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        await self.send("blob-query", sha256=sha256, sizeBytes=len(data))
        state = await self.expect("blob-state")
        if not state["complete"]:
            offset = state["haveBytes"]
            await self.send("blob-begin", transfer=transfer, sha256=sha256, sizeBytes=len(data), offset=offset)
            for start in range(offset, len(data), 2**20):
                await self.send_piece(transfer, start, data[start : start + 2**20])
            await self.send("blob-end", transfer=transfer, sha256=sha256)
            await self.expect("blob-stored")
        return sha256

    async def send_piece(self, transfer: int, offset: int, data: bytes) -> None:
        await self.socket.send(struct.pack(">IQ", transfer, offset) + data)

    async def fetch(self, frame: int, attempt: int, transfer: int, offset: int = 0) -> bytes:
        self.pieces[transfer] = bytearray()
        await self.send("result-fetch", transfer=transfer, frame=frame, attempt=attempt, offset=offset)
        end = await self.expect("result-end", lambda m: bool(m["transfer"] == transfer))
        data = bytes(self.pieces.pop(transfer))
        if offset == 0:
            assert hashlib.sha256(data).hexdigest() == end["sha256"]
        return data

    async def closed(self) -> int:
        """Waits for the other side to close, and returns its close code."""
        while self.close_code is None:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), WAIT_S)
        return self.close_code

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(2)
            await self.send("heartbeat")

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                if isinstance(data, bytes):
                    transfer, offset = struct.unpack_from(">IQ", data)
                    self.pieces.setdefault(transfer, bytearray()).extend(data[12:])
                else:
                    self._take(data)
                self._news.set()
        finally:
            self.close_code = self.socket.close_code or 1006
            self._news.set()

    def _take(self, sealed: str) -> None:
        counter, seal, text = sealed.split(" ", 2)
        assert int(counter) == self._received
        self._received += 1
        expected = mac(self._key, lp(b"to-coordinator") + struct.pack(">Q", int(counter)) + text.encode()).hex()
        assert seal == expected, "the node's seal is wrong"
        message = json.loads(text)
        if message["type"] != "heartbeat":
            self.seen.append(message)
