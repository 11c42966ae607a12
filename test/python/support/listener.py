"""A local port that counts connections."""

import socketserver
import threading


class _Caller(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        calls = self.server.calls
        self.request.settimeout(0.5)  # some protocols wait for the server's first message
        try:
            calls.append(self.request.recv(64))
        except OSError:
            calls.append(b"")


class Listener(socketserver.ThreadingTCPServer):
    """Disconnects everybody; `calls` has the first bytes of each. `close` it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Caller)
        self.calls = []
        self.port = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
