"""The HTTP door: sockets, half-sent answers, and closing without leaving threads or connections behind."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.github_server.wire import Request, Response

Answer = Callable[[Request], Response]


class Door:
    """An HTTP server on the loopback interface that asks a function for every answer."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        self._answer = answer
        self._host = host
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """http://HOST:PORT, also while the door is closed."""
        return f"http://{self._host}:{self._port}"

    def open(self) -> None:
        """Listen, on the same port as before where it was open once."""
        door = self

        class Handler(_Handler):
            base = ""

            def setup(self) -> None:
                super().setup()
                door._connections.add(self.request)

            def finish(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    super().finish()
                door._connections.discard(self.request)

            def answer(self, request: Request) -> Response:
                return door._answer(request)

        server = _Server(("127.0.0.1", self._port), Handler)
        self._port = server.server_port
        Handler.base = self.url
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, so that connections are refused, and end those that are open."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    base: str

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        base = headers.get("x-seen-as", self.base)
        self._send(self.answer(Request(self.command, self.path, headers, body, base)))

    def _send(self, answer: Response) -> None:
        if answer.transport == "silent":
            # Short naps, so that a server which closes does not wait for this thread.
            ends = time.monotonic() + answer.seconds
            while time.monotonic() < ends and self.connection.fileno() != -1:
                time.sleep(0.02)
        if answer.transport == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.transport in ("silent", "reset"):
            self.close_connection = True
            # A duplicate of the socket is kept by the server until the thread ends: closing alone tells nobody.
            if answer.transport == "reset":
                self.connection.close()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        whole = answer.transport == "whole"
        self.wfile.write(answer.body if whole else answer.body[: len(answer.body) // 2])
        self.wfile.flush()
        if not whole:
            self.close_connection = True

    # The names are those of http.server.
    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        """Say nothing: the hub keeps a log of its own."""
