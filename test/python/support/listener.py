"""A port of this machine on which is counted who calls."""

import socketserver
import threading


class _Caller(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        calls = self.server.calls
        self.request.settimeout(0.5)  # some protocols wait for our word
        try:
            calls.append(self.request.recv(64))
        except OSError:
            calls.append(b"")


class Listener(socketserver.ThreadingTCPServer):
    """Hangs up on everybody; `calls` holds how each began. `close` it."""

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
