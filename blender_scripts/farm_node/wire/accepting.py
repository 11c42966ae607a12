"""Accepts connections on a port until it is closed, despite errors of peers and of the system."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any, Callable, Optional

from ..limits import ACCEPT_PAUSE_S, GONE_PEER_PAUSE_S

_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

Listen = Callable[[], socket.socket]


def without_gone_peers(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception handler for the loop that ignores peers that left before they were accepted (on Windows)."""
    if isinstance(context.get("exception"), OSError) and "accept_coro" in repr(context.get("future")):
        return
    loop.default_exception_handler(context)


class Accepting:
    """Replaces asyncio's Server, as far as a WebSocketServer needs it.

    On Windows, asyncio's Server closes its socket for good if a peer leaves before it is accepted, and still claims
    to be serving (https://github.com/python/cpython/issues/93821). Here such a peer has no effect. If the socket is
    closed anyway, `listen_again` makes a new one on the same address; it may raise OSError.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        listen_again: Listen,
        warn: Callable[[str], None],
    ) -> None:
        self._listener = listener
        self._port = listener.getsockname()[1]
        self._protocol = protocol
        self._listen_again = listen_again
        self._warn = warn
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._accepting: Optional[asyncio.Task[None]] = None
        self._keeping = self._loop.create_task(self._keep(), name="accepting")

    @property
    def sockets(self) -> list[socket.socket]:
        return [] if self._closed else [self._listener]

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return not self._closed

    def close(self) -> None:
        """Stops accepting; existing connections stay. Idempotent."""
        self._closed = True
        self._keeping.cancel()

    async def wait_closed(self) -> None:
        await asyncio.wait({self._keeping})

    async def _keep(self) -> None:
        """Accepts in a separate task, because a task that waits on a closed socket would wait for ever."""
        try:
            while True:
                if self._listener.fileno() == -1:
                    self._listener = await self._reopen()
                self._accepting = self._loop.create_task(self._accept())
                while self._listener.fileno() != -1 and not self._accepting.done():
                    await asyncio.wait({self._accepting}, timeout=ACCEPT_PAUSE_S)
                await self._stop_accepting()
        finally:
            await self._stop_accepting()
            self._listener.close()

    async def _accept(self) -> None:
        while True:
            try:
                connection, _ = await self._loop.sock_accept(self._listener)
            except OSError as error:
                if self._listener.fileno() == -1:
                    return
                # Usually an error of one peer, which left before its turn. Others are still waiting.
                await asyncio.sleep(ACCEPT_PAUSE_S if error.errno in _SHORTAGES else GONE_PEER_PAUSE_S)
                continue
            try:
                await self._loop.connect_accepted_socket(self._protocol, connection)
            except OSError:
                connection.close()  # the peer has left meanwhile

    async def _stop_accepting(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})

    async def _reopen(self) -> socket.socket:
        is_reported = False
        while True:
            try:
                listener = self._listen_again()
            except OSError as error:
                if not is_reported:
                    self._warn(f"the system has closed port {self._port}, which cannot be opened again yet: {error}")
                is_reported = True
                await asyncio.sleep(ACCEPT_PAUSE_S)
                continue
            return listener
