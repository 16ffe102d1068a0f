"""What a person at a terminal sees: the progress, the report, and an end that leaves nothing behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.osv.osv_server import osv_server
from tests.support.repos import ledger

ENTRYPOINT = Path(__file__).parents[2] / "entrypoint.py"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PASSED_ON = ("PATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


class Terminal:
    """A process in a pseudo-terminal of 80 columns, and what it wrote there."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(ENTRYPOINT), *arguments],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={"HOME": str(folder), "LANG": "C.UTF-8", "TERM": "xterm", **inherited, **environ},
        )
        os.close(slave)
        self._seen = b""

    def read(self, until: Callable[[str], bool] = lambda _text: False, seconds: float = 60) -> str:
        """Read until something is seen or the process ends."""
        end = time.monotonic() + seconds
        os.set_blocking(self._master, False)
        while time.monotonic() < end and not until(self.text):
            try:
                piece = os.read(self._master, 65536)
            except BlockingIOError:
                time.sleep(0.02)
                continue
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            self._seen += piece
        return self.text

    @property
    def text(self) -> str:
        """What was written so far."""
        return self._seen.decode().replace("\r\n", "\n")

    def close(self) -> int:
        """Wait for the end, and return the exit code."""
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self._master)


def children_of(process: int) -> set[int]:
    """Every descendant of a process."""
    found: set[int] = set()
    waiting = [process]
    while waiting:
        parent = waiting.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                below = {int(word) for word in task.read_text().split()}
            except OSError:
                continue
            found |= below
            waiting += below
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ledger(tmp_path / "ledger")


def test_the_progress_is_drawn_and_leaves_a_report_that_fits(repository: Path) -> None:
    terminal = Terminal(repository, "run", "--no-publish")
    text = terminal.read()
    assert terminal.close() == 0
    drawn, title, report = text.partition("readiness gate ")
    assert title
    assert "\x1b[" in drawn
    assert re.search(r"sast +[·✓]", ESCAPE.sub("", drawn))
    plain = ESCAPE.sub("", report)
    assert "GO" in plain
    assert max(map(len, plain.splitlines())) <= 80
    assert "\x1b[" in report  # coloured
    assert "\x1b[1A" not in report  # and not drawn over


def test_no_color_means_no_colour(repository: Path) -> None:
    terminal = Terminal(repository, "run", "--no-publish", "--quiet", NO_COLOR="1")
    text = terminal.read()
    assert terminal.close() == 0
    assert "\x1b" not in text
    assert text.startswith("GO") or "GO" in text.splitlines()[0]


def test_no_color_keeps_colour_out_of_the_progress_too(repository: Path) -> None:
    terminal = Terminal(repository, "run", "--no-publish", NO_COLOR="1")
    text = terminal.read()
    assert terminal.close() == 0
    assert not re.search(r"\x1b\[(?:\d+;)*(?:[349]\d|10\d)(?:;\d+)*m", text)


def test_a_dumb_terminal_gets_plain_lines(repository: Path) -> None:
    terminal = Terminal(repository, "run", "--no-publish", TERM="dumb")
    text = terminal.read()
    assert terminal.close() == 0
    assert "\x1b" not in text
    assert "GO" in text


@pytest.fixture
def slow_service() -> Iterator[str]:
    with osv_server() as server:
        yield server.url("hang")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_being_stopped_is_no_verdict_and_leaves_no_child(
    repository: Path, slow_service: str, number: signal.Signals
) -> None:
    policy = repository / ".gate/policy.yml"
    policy.write_text(
        policy.read_text().replace("{audit: false, reports: [out/audit.json]}", f"{{osv_url: '{slow_service}'}}")
    )
    terminal = Terminal(repository, "run", "--no-publish", "--only", "dependencies", "--output", "verdict.txt")
    children: set[int] = set()
    end = time.monotonic() + 30
    while time.monotonic() < end and terminal.process.poll() is None:
        terminal.read(lambda _text: True)
        children = {each for each in children_of(terminal.process.pid) if b"pip_audit" in command_of(each)}
        if children:
            break
        time.sleep(0.05)
    assert children, terminal.text
    begun = time.monotonic()
    terminal.process.send_signal(number)
    text = terminal.read()
    assert terminal.close() == 3
    assert time.monotonic() - begun < 10
    assert not any(map(is_alive, children))
    assert "gate: stopped before a verdict." in text
    assert "Traceback" not in text
    assert not (repository / "verdict.txt").exists()


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
