"""Opens the port on which a node listens."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Optional

from ..errors import StartError

DEFAULT_PORT = 7447

PORTS_TRIED = 100


def listen(host: str, port: Optional[int]) -> socket.socket:
    """A listening socket: on `port`, or on the default port or the next free one. Raises StartError."""
    for candidate in [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        try:
            return bind(host, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES) or port is not None:
                reason = error.strerror or str(error)
                raise StartError(f"Cannot listen on {host} port {candidate}: {reason}") from error
    raise StartError(f"Cannot listen on {host}: ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are all taken")


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on exactly this port. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # This only lets a new node use the port of one that has just ended; two listeners remain impossible.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(64)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
