"""GitHub's own OpenAPI description between a client and the server: Prism judges every request and every answer.

A client speaks to a `Lens`, the lens to Prism (one process for all tests of a run), Prism to the `Switchboard`, and
that to the hub which the lens belongs to. When Prism has no objection the client gets the hub's own answer, byte for
byte and with its faults; otherwise it gets Prism's, and the hub tells the violations when it closes.
"""

from __future__ import annotations

import atexit
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.github_server.description import EXCUSED, NOT_DESCRIBED, cut
from tests.support.github_server.door import Door
from tests.support.github_server.wire import Request, Response

CONTRACT = Path(__file__).parents[3] / ".venv/contract"
"""Where tests/support/install_contract.sh puts the packages."""
_PRISM = "node_modules/@stoplight/prism-cli/dist/index.js"
_DESCRIPTION = "node_modules/@octokit/openapi/generated/api.github.com.json"
_START = 60.0
RAW = "application/vnd.github.raw"
_ID = "x-hub-request"
_HOP = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "x-seen-as", _ID}
HubAnswer = Callable[[Request], tuple[Response, bool]]
"""Gives a hub's answer, and whether it is not to be judged because a fault made it."""


def contract(file: str) -> Path:
    """A file of the installed packages; skips the test when they are not there, and fails it with CI=true."""
    path = CONTRACT / file
    if path.is_file() and shutil.which("node"):
        return path
    reason = "Node and .venv/contract are wanted: run tests/support/install_contract.sh .venv/contract"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Switchboard:
    """What Prism has behind it: leads every request to the hub that it is for, and keeps the true answer."""

    def __init__(self) -> None:
        self._door = Door(self._answer)
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[Request, HubAnswer]] = {}
        self._given: dict[str, tuple[Response, bool]] = {}

    def open(self) -> str:
        """Listen, and return the URL."""
        self._door.open()
        return self._door.url

    def close(self) -> None:
        """Stop."""
        self._door.close()

    def expect(self, request: Request, answer: HubAnswer) -> str:
        """Announce a request; return the number that it is to carry."""
        number = str(next(self._numbers))
        self._waiting[number] = (request, answer)
        return number

    def given(self, number: str) -> tuple[Response, bool] | None:
        """The hub's answer and whether a fault made it; None when Prism did not let the request through."""
        self._waiting.pop(number, None)
        return self._given.pop(number, None)

    def _answer(self, request: Request) -> Response:
        original, answer = self._waiting[request.headers[_ID]]
        # What the hub sees is what Prism passed on, so that nothing gets around it.
        seen = replace(request, base=original.base)
        found, faulty = answer(seen)
        # The description tells of raw files in words only, and Prism would read them as JSON: their type ends so.
        raw = RAW in found.headers.get("Content-Type", "")
        self._given[request.headers[_ID]] = (found, faulty or raw)
        # Prism would follow a redirect itself.
        headers = {name: value for name, value in found.headers.items() if name.lower() != "location"}
        if raw:
            headers["Content-Type"] = RAW
        return replace(found, headers=headers, transport="whole")


class Prism:
    """The process; `port` is where it listens."""

    def __init__(self) -> None:
        self.switchboard = Switchboard()
        self._folder = tempfile.TemporaryDirectory(prefix="contract-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Cut the description, start Prism and wait until it listens."""
        program, source = contract(_PRISM), contract(_DESCRIPTION)
        folder = Path(self._folder.name)
        cut(source, folder / "github.json")
        upstream = self.switchboard.open()
        atexit.register(self.stop)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        listen = ["--host", "127.0.0.1", "--port", str(self.port)]
        command = ["node", str(program), "proxy", "--errors", *listen, str(folder / "github.json"), upstream]
        with (folder / "prism.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait(folder / "prism.log")

    def _wait(self, log: Path) -> None:
        assert self._process is not None
        ends = time.monotonic() + _START
        while time.monotonic() < ends and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"Prism did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        self.switchboard.close()
        self._folder.cleanup()


_RUNNING: list[Prism] = []


def running_prism() -> Prism:
    """The one Prism of this process of pytest."""
    if not _RUNNING:
        prism = Prism()
        prism.start()
        _RUNNING.append(prism)
    return _RUNNING[0]


class Lens:
    """A hub as seen through Prism."""

    def __init__(self, answer: HubAnswer) -> None:
        self._prism = running_prism()
        self._hub = answer
        self._door = Door(self._answer)
        self.violations: list[str] = []
        self._door.open()

    @property
    def url(self) -> str:
        """The URL of the API."""
        return self._door.url

    def close(self) -> None:
        """Stop listening."""
        self._door.close()

    def _answer(self, request: Request) -> Response:
        if request.path in NOT_DESCRIBED or request.path.startswith("/repositories/"):
            return self._hub(request)[0]
        switchboard = self._prism.switchboard
        number = switchboard.expect(request, self._hub)
        said = self._ask(request, number)
        given = switchboard.given(number)
        found = _objections(request, said, given)
        self.violations += [f"{request.method} {request.target}: {text}" for text in found]
        if given is None or found:
            return said
        return given[0]

    def _ask(self, request: Request, number: str) -> Response:
        headers = {name: value for name, value in request.headers.items() if name not in _HOP}
        connection = http.client.HTTPConnection("127.0.0.1", self._prism.port, timeout=30)
        try:
            connection.request(request.method, request.target, request.body or None, {**headers, _ID: number})
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), {name.lower(): text for name, text in answer.getheaders()})
        finally:
            connection.close()


def _objections(request: Request, said: Response, given: tuple[Response, bool] | None) -> list[str]:
    """What Prism has against a request or its answer; an answer that a fault made may be anything."""
    if "problem+json" not in said.headers.get("content-type", ""):
        return []
    problem = json.loads(said.body)
    if "validation" not in problem:
        return [f"{problem['title']} {problem.get('detail', '')}"]
    errors = [one for one in problem["validation"] if one.get("severity", "Error") == "Error"]
    if given is not None and given[1]:
        errors = [one for one in errors if one["location"][:1] != ["response"]]
    told = [(".".join(str(part) for part in one["location"]), one["message"]) for one in errors]
    return [f"{place}: {message}" for place, message in told if not _excused(request, place)]


def _excused(request: Request, place: str) -> bool:
    return any(
        method == request.method and re.search(path, request.path) and re.fullmatch(where, place)
        for method, path, where, _ in EXCUSED
    )
