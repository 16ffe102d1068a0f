"""A small OSV-compatible server for tests: POST /v1/query on loopback.

Only what pip-audit asks for: {"package": {"name", "ecosystem"}, "version"}. It answers {} where nothing matches and
{"vulns": [...]} where something does.

Faults, for testing the client: POST /fault/NAME/v1/query with NAME one of FAULTS, or /fault/NAME/PACKAGE/v1/query for
questions about one package only.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAULTS = (
    "500",
    "404",
    "429",
    "html",
    "null",
    "emptylist",
    "novulns",
    "page",
    "schema2",
    "withdrawn",
    "noaffected",
    "truncated",
    "redirect",
    "hang",
)

Document = dict[str, Any]


def key(version: str) -> tuple[int, ...]:
    """The release numbers only: enough for the fixture advisories."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in found.group().split(".")] if found else [0]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def affected(advisory: Document, name: str, ecosystem: str, version: str) -> bool:
    for entry in advisory["affected"]:
        package = entry["package"]
        if (package["name"], package["ecosystem"]) != (name, ecosystem):
            continue
        for span in entry.get("ranges", []):
            low = [event["introduced"] for event in span["events"] if "introduced" in event]
            high = [event["fixed"] for event in span["events"] if "fixed" in event]
            if low and key(low[0]) <= key(version) and (not high or key(version) < key(high[0])):
                return True
    return False


def answer(advisories: list[Document], query: Document) -> Document:
    package = query["package"]
    name = re.sub(r"[-_.]+", "-", package["name"]).lower()
    version = query.get("version", "")
    found = [item for item in advisories if affected(item, name, package["ecosystem"], version)]
    return {"vulns": found} if found else {}


def fault(kind: str, body: Document) -> tuple[int, bytes, dict[str, str]]:
    vulns = body.get("vulns", [])
    changed: dict[str, Document] = {
        "schema2": {"schema_version": "2.0.0"},
        "withdrawn": {"withdrawn": "2025-01-01T00:00:00Z"},
    }
    if kind.isdigit():
        return int(kind), b"{}", {}
    if kind == "redirect":
        return 302, b"", {"Location": "/nowhere"}
    without = [{name: value for name, value in item.items() if name != "affected"} for item in vulns]
    replies = {
        "html": b"<html>proxy sign-in page</html>",
        "null": b"null",
        "emptylist": b"[]",
        "novulns": b'{"next_page_token": "x"}',
        "truncated": (json.dumps(body) + " " * 40).encode()[:40].rstrip() + b'"',
        "page": b'{"vulns": [], "next_page_token": "x"}',
        "noaffected": json.dumps({"vulns": without}).encode(),
    }
    return 200, replies.get(kind) or json.dumps({"vulns": [item | changed[kind] for item in vulns]}).encode(), {}


class Handler(BaseHTTPRequestHandler):
    server: OsvServer

    def reply(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        matched = re.fullmatch(r"(?:/fault/(\w+)(?:/([\w-]+))?)?/v1/query", self.path)
        if not matched:
            self.reply(404, b'{"code": 5, "message": "Not Found"}')
            return
        query = json.loads(raw)
        name = query["package"]["name"]
        self.server.asked.append((name, query["version"]))
        body = answer(self.server.advisories, query)
        kind = matched[1] if matched[2] in (None, name) else None
        if kind == "hang":
            self.server.over.wait(60)
        elif kind:
            self.reply(*fault(kind, body))
        else:
            self.reply(200, json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class OsvServer(ThreadingHTTPServer):
    """`asked` holds every package and version that anybody asked about; `over` is set when the server ends."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.advisories: list[Document] = json.loads(Path(__file__).with_name("advisories.json").read_text())
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()

    def url(self, kind: str = "", package: str = "") -> str:
        """Where queries go; with a fault, where they go wrong."""
        path = "".join(f"/{part}" for part in ("fault" if kind else "", kind, package) if part)
        return f"http://127.0.0.1:{self.server_port}{path}/v1/query"


@contextmanager
def osv_server() -> Iterator[OsvServer]:
    """A server that runs until the block ends."""
    with OsvServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
