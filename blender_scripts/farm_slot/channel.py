"""The connection to the supervisor: JSON lines over a loopback socket, never stdout, which Blender uses."""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
from typing import Any, Dict

ORPHANED_EXIT = 71


class Channel:
    """Commands arrive by `next_command`; `send` may be called from any thread."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._sending = threading.Lock()
        self._commands = queue.Queue()  # type: queue.Queue[Dict[str, Any]]

    @classmethod
    def connect(cls) -> Channel:
        """The token proves to the supervisor that this is the process that it started."""
        port = int(os.environ.pop("RENDERFARM_SLOT_PORT"))
        token = os.environ.pop("RENDERFARM_SLOT_TOKEN")
        link = socket.create_connection(("127.0.0.1", port), timeout=30)
        link.settimeout(None)
        channel = cls(link)
        channel.send({"token": token})
        threading.Thread(target=channel._read, name="supervisor", daemon=True).start()
        return channel

    def send(self, event: Dict[str, Any]) -> None:
        data = json.dumps(event).encode("ascii") + b"\n"
        with self._sending:
            try:
                self._link.sendall(data)
            except OSError:
                os._exit(ORPHANED_EXIT)

    def next_command(self) -> Dict[str, Any]:
        return self._commands.get()

    def _read(self) -> None:
        """Ends the process when the supervisor has ended: no Blender outlives its node, not even after kill -9."""
        try:
            with self._link.makefile("rb") as lines:
                for line in lines:
                    self._commands.put(json.loads(line.decode("ascii")))
        except (OSError, ValueError):
            pass
        os._exit(ORPHANED_EXIT)  # sys.exit would only end this thread, and a running render cannot be cancelled
