"""A registry on the loopback interface that serves one OCI layout: as much of its API as a pull asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def registry(layout: Path) -> Iterator[str]:
    """Serve a layout as NAME:1 for every name, and give HOST:PORT."""
    index = json.loads((layout / "index.json").read_text())
    manifest = str(index["manifests"][0]["digest"])

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            kind, name = self.path.split("/")[-2:]
            digest = name if name.startswith("sha256:") else manifest
            path = layout / "blobs" / digest.replace(":", "/")
            if self.path == "/v2/":
                data, media = b"{}", "application/json"
            elif kind in ("manifests", "blobs") and path.is_file():
                data = path.read_bytes()
                media = (
                    "application/vnd.oci.image.manifest.v1+json" if kind == "manifests" else "application/octet-stream"
                )
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Docker-Content-Digest", digest)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
