"""The WebSocket server: admits coordinators after the handshake, and limits unauthenticated connections."""

from __future__ import annotations

import asyncio
import functools
import gc
import http
import logging
import ssl
from socket import socket as Listener
from typing import Any, Awaitable, Callable, Optional, cast

from websockets.exceptions import ConnectionClosed
from websockets.legacy.server import WebSocketServer, WebSocketServerProtocol

from ..console import warn
from ..errors import ProtocolError
from ..limits import CLOSE_TIMEOUT_S, HANDSHAKE_S, MAX_REFUSED, MAX_UNAUTHENTICATED
from .accepting import Accepting
from .connection_limits import ConnectionLimits, LineLimit
from .farm_key import FarmKey
from .handshake import NodeHandshake
from .link import Link
from .protocol import HANDSHAKE_MESSAGES, MAX_HANDSHAKE_TEXT, encode_message, parse_message
from .tls import Tls
from .unmasking import spare_unmasked

SWEEP_EVERY = 16
"""Ended TLS links between two sweeps; each leaves a quarter of a megabyte of garbage."""
END_GRACE_S = 0.5

_quiet = logging.getLogger("renderfarm.websockets")
_quiet.addHandler(logging.NullHandler())  # a port scan is not worth a traceback
_quiet.propagate = False

Authenticated = Callable[[Link], Awaitable[None]]


class _Connection(WebSocketServerProtocol):
    """A connection, which counts as unauthenticated from its first byte until it has proved the key.

    TLS is started here instead of in the listener, where any number of peers could wait uncounted.
    """

    _ended_tls_links = 0

    def __init__(
        self,
        *arguments: Any,
        unauthenticated: set[_Connection],
        limits: ConnectionLimits,
        tls: Optional[Tls],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._unauthenticated = unauthenticated
        self._limits = limits
        self._tls = tls
        self._securing: Optional[asyncio.Task[None]] = None
        self._refusal: Optional[http.HTTPStatus] = None
        self._deadline: Optional[asyncio.TimerHandle] = None
        self._failed = False
        self.since = 0.0
        self.heard_at = 0.0
        """When the last bytes arrived, even if only part of a message; by the event loop's clock, like `since`."""
        self.peer = "?"

    def connection_made(self, transport: Any) -> None:
        self.since = asyncio.get_running_loop().time()
        self.peer = (transport.get_extra_info("peername") or ("?",))[0]
        if self._limits.is_blocked(self.peer, self.since):
            self._refusal = http.HTTPStatus.TOO_MANY_REQUESTS
        elif sum(each._refusal is None for each in self._unauthenticated) >= MAX_UNAUTHENTICATED:
            self._refusal = http.HTTPStatus.SERVICE_UNAVAILABLE
        self._unauthenticated.add(self)
        self.transport = transport
        # Also drops a peer that never sends a request. A connection in the handshake is closed a moment earlier.
        self._deadline = asyncio.get_running_loop().call_later(HANDSHAKE_S + CLOSE_TIMEOUT_S, self._on_deadline)
        if len(self._unauthenticated) > MAX_UNAUTHENTICATED + MAX_REFUSED:
            self.admit()
            transport.abort()
        elif self._tls is None:
            super().connection_made(transport)
        else:
            self._securing = asyncio.create_task(self._begin_tls(transport, self._tls))

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        super().data_received(data)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self.admit()
        super().connection_lost(exc)
        if self._tls is not None:
            self._sweep()

    def admit(self) -> None:
        """The connection no longer counts as unauthenticated: it has proved the key, or has ended."""
        self._unauthenticated.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def fail(self) -> None:
        """The handshake has failed. Counts once per connection."""
        if not self._failed:
            self._failed = True
            self._limits.failed(self.peer, asyncio.get_running_loop().time())

    def abandon(self) -> None:
        """Ends a connection that the WebSocket server does not know yet."""
        if self._securing is not None:
            self._securing.cancel()

    async def process_request(self, path: str, request_headers: Any) -> Any:
        if "Origin" in request_headers:
            return http.HTTPStatus.FORBIDDEN, [], b"A web page must not use a render node\n"
        if self._refusal is http.HTTPStatus.TOO_MANY_REQUESTS:
            return self._refusal, [], b"Too many failed connections from this address; try again in a minute\n"
        if self._refusal is not None:
            return self._refusal, [], b"Too many connections without a key\n"
        if path != "/":
            return http.HTTPStatus.NOT_FOUND, [], b"The path is /\n"
        return None

    async def _begin_tls(self, transport: Any, tls: Tls) -> None:
        secured: Any = None
        try:
            loop = asyncio.get_running_loop()
            secured = await loop.start_tls(
                transport, self, tls.context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except (OSError, ssl.SSLError):
            pass  # it does not use TLS, or has left
        finally:
            # Ask the underlying transport: on old Pythons the one of TLS cannot answer after it is closed.
            if secured is None or transport.is_closing():  # asyncio does not report this to the protocol
                self.admit()
                transport.abort()
                self._sweep()
        if secured is not None and not transport.is_closing():
            super().connection_made(secured)

    @classmethod
    def _sweep(cls) -> None:
        """asyncio's TLS buffers are in a reference cycle. The garbage collector alone would let hundreds pile up."""
        cls._ended_tls_links += 1
        if cls._ended_tls_links >= SWEEP_EVERY:
            cls._ended_tls_links = 0
            gc.collect(1)

    def _on_deadline(self) -> None:
        # A silent connection that counts towards the limit has failed too. A refused one does not count.
        if self._refusal is None:
            self.fail()
        self.admit()
        self.transport.abort()


class NodeServer:
    """Listens from `open` to `close`, and passes every authenticated link to `on_link`."""

    def __init__(self, key: FarmKey, node_id: str, on_link: Authenticated, tls: Optional[Tls] = None) -> None:
        self._key = key
        self._node_id = node_id
        self._on_link = on_link
        self._tls = tls
        self._limits = ConnectionLimits()
        self._lines = LineLimit()
        self._unauthenticated: set[_Connection] = set()
        self._server: Optional[WebSocketServer] = None

    async def open(self, listener: Listener, listen_again: Callable[[], Listener]) -> None:
        """`listen_again` makes a new listener if the system closes this one. May raise OSError."""
        spare_unmasked()
        self._server = WebSocketServer(logger=_quiet)
        connection = functools.partial(
            _Connection,  # without compression, which costs a core: frames are compressed already
            self._greet,
            self._server,
            unauthenticated=self._unauthenticated,
            limits=self._limits,
            tls=self._tls,
            ping_interval=None,  # the protocol has its own heartbeat
            max_size=MAX_HANDSHAKE_TEXT,
            max_queue=4,
            write_limit=1024 * 1024,
            close_timeout=CLOSE_TIMEOUT_S,
            logger=_quiet,
            server_header=None,  # do not reveal the Python version
        )
        self._server.wrap(cast(asyncio.base_events.Server, Accepting(listener, connection, listen_again, warn)))

    async def close(self) -> None:
        """Closes all links, without waiting for coordinators that do not answer."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._unauthenticated):
                connection.abandon()
            await asyncio.wait({asyncio.ensure_future(self._server.wait_closed())}, timeout=END_GRACE_S)

    async def _greet(self, socket: Any, *_: Any) -> None:
        link: Optional[Link] = None
        now = asyncio.get_running_loop().time
        remaining = HANDSHAKE_S - (now() - socket.since)
        try:
            link = await asyncio.wait_for(self._handshake(socket), remaining)
        except ProtocolError as error:
            socket.fail()
            refusal = {"type": "error", "code": error.code, "message": str(error)[:1000]}
            if error.code == "WRONG_KEY":
                self._warn(f"{socket.peer} tried to connect with another key", now())
            await _try_send(socket, encode_message(refusal))
            await socket.close(error.close_code)
        except (asyncio.TimeoutError, ConnectionClosed):
            socket.fail()
            await socket.close(1008)
        if link is not None:
            socket.admit()
            if self._key.raw:  # on an open node everybody succeeds, so it proves nothing
                self._limits.proved(socket.peer)
            await self._on_link(link)

    def _warn(self, text: str, now: float) -> None:
        line = self._lines.pass_on(text, now)
        if line:
            warn(line)

    async def _handshake(self, socket: Any) -> Link:
        fingerprint = self._tls.fingerprint if self._tls else b""
        handshake = NodeHandshake(self._key, self._node_id, tls_fingerprint=fingerprint)
        hello = _expect(await socket.recv(), "hello")
        await socket.send(encode_message(handshake.on_hello(hello)))
        prove = _expect(await socket.recv(), "prove")
        await socket.send(encode_message(handshake.on_prove(prove)))
        return Link(socket, handshake.session_key)


def _expect(data: Any, kind: str) -> dict[str, Any]:
    if not isinstance(data, str):
        raise ProtocolError("Data arrived before the key was proved")
    return parse_message(data, {kind: HANDSHAKE_MESSAGES[kind]})


async def _try_send(socket: Any, text: str) -> None:
    try:
        await socket.send(text)
    except ConnectionClosed:
        pass
