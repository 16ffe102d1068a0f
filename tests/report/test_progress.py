"""Telling how far the collecting is."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gate.model.evidence import Collected, Gap
from gate.publish.actions import neutralise
from gate.report.progress import GroupedProgress, PlainProgress, SilentProgress, TerminalProgress
from tests.support.verdicts import EVIDENCE

SAST = EVIDENCE[3]
HOSTILE = Collected("sast", {"tools": [{"name": "::error::x ##[error]y", "version": "\x1b[1m\r"}]})


def test_plain_lines_tell_what_is_done() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as progress:
        progress.start("tests")
        progress.log("a detail")
        progress.done(EVIDENCE[1], 0.31)
    assert stream.getvalue() == "tests: 4,178 cases, 2 reports, 8 skipped, 1 flaky (0.3 s)\n"
    assert progress.seconds == {"tests": 0.31}


def test_verbose_tells_the_details_on_one_line_each_and_none_is_a_command() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream, verbose=True)
    progress.log("bandit ended\n::error::x\x1b[1m")
    progress.log("::error::x ##[group]y")
    progress.done(HOSTILE, 0.0)
    assert stream.getvalue() == (
        "  bandit ended ::error::x[1m\n  : :error::x # #[group]y\nsast: ::error::x # #[error]y [1m (0.0 s)\n"
    )


def test_silence_is_silent() -> None:
    stream = io.StringIO()
    with SilentProgress(stream, verbose=True) as progress:
        progress.start("sast")
        progress.log("x")
        progress.done(SAST, 1.0)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", [PlainProgress, TerminalProgress])
def test_a_stream_that_takes_little_or_nothing_does_not_stop_the_work(kind: type[PlainProgress]) -> None:
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with kind(narrow) as progress:
        progress.start("docs")
        progress.done(EVIDENCE[5], 0.1)
    assert raw.getvalue().startswith(b"files: the policy names no file; name them under evidence \\u203a files")
    reader, writer = os.pipe()
    os.close(reader)
    broken = os.fdopen(writer, "w", encoding="ascii", buffering=1)
    with kind(broken) as progress:
        progress.start("sast")
        progress.done(SAST, 0.1)
    assert progress.seconds == {"sast": 0.1}
    with pytest.raises(OSError, match="pipe"):
        broken.close()


def test_groups_do_not_mix_and_hold_no_command() -> None:
    stream = io.StringIO()
    progress = GroupedProgress(stream, neutralise=neutralise)
    gate = threading.Barrier(3)

    def work(number: int) -> None:
        progress.start(EVIDENCE[number].kind)
        gate.wait(5)
        progress.log(f"line of {EVIDENCE[number].kind}\n::error::x ##[group]")
        gate.wait(5)
        progress.done(EVIDENCE[number], 1.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.log("afterwards")
    groups = stream.getvalue().split("::endgroup::\n")
    assert len(groups) == 4
    for group in groups[:3]:
        kind = group.split("\n")[0].removeprefix("::group::")
        assert f"| line of {kind} : :error: :x # #[group]" in group
        assert group.count("::") == 2
    assert groups[3] == "| afterwards\n"
    assert "| gap: acme-internal 1.2: is not known to the service\n" in stream.getvalue()


def test_a_group_says_how_much_it_leaves_out() -> None:
    stream = io.StringIO()
    progress = GroupedProgress(stream, neutralise=neutralise)
    progress.start("sast")
    for number in range(2500):
        progress.log(f"line {number}")
    assert isinstance(SAST, Collected)
    progress.done(replace(SAST, gaps=tuple(Gap(f"p{n}", "is odd") for n in range(60))), 1.0)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "::group::sast"
    assert lines[1] == "| ! bandit 1.9.4, 505 files, 2 high, 11 medium, 60 gaps (1.0 s)"
    assert lines[52] == "| gap: … and 10 more"
    assert lines[-2] == "| … and 552 more lines"
    assert lines[-1] == "::endgroup::"
    assert len(lines) == 2003


def test_a_collector_that_did_not_end_leaves_its_lines() -> None:
    stream = io.StringIO()
    with GroupedProgress(stream, neutralise=neutralise) as progress:
        progress.start("sast")
        progress.log("bandit began")
    assert stream.getvalue() == "::group::sast (did not end)\n| bandit began\n::endgroup::\n"


def on_a_terminal(work: str, environment: dict[str, str]) -> str:
    """What a program writes to a real terminal of 60 columns."""
    code = (
        "import sys, time\n"
        "from gate.report.progress import TerminalProgress\n"
        "from tests.support.verdicts import EVIDENCE\n"
        f"with TerminalProgress(sys.stderr, verbose=True) as progress:\n    {work}\n"
    )
    master, terminal = pty.openpty()
    env = {**os.environ, "COLUMNS": "60", **environment}
    child = subprocess.Popen([sys.executable, "-c", code], stderr=terminal, env=env, cwd=Path(__file__).parents[2])
    os.close(terminal)
    found = b""
    with os.fdopen(master, "rb", buffering=0) as stream, contextlib.suppress(OSError):  # EIO: the other side is gone
        while part := stream.read(4096):
            found += part
    assert child.wait(30) == 0, found
    return found.decode()


WORK = (
    "progress.start('tests'); progress.start('sast'); progress.done(EVIDENCE[1], 0.3); "
    "progress.log('a\\x1b]0;x\\x07 detail'); time.sleep(0.3)"
)


def test_a_terminal_shows_every_collector_in_place_and_is_left_clean() -> None:
    shown = on_a_terminal(WORK, {"TERM": "xterm", "PYTHONIOENCODING": "utf-8"})
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"  tests  ✓  4,178 cases, 2 reports, 8 skipped, 1 fla…  0\.3 s", plain)
    assert re.search(r"  sast   ·  …  +0\.[0-9] s", plain)
    assert "  a]0;x detail" in plain
    assert "\x1b]" not in shown
    assert "\x1b[2K" in shown  # lines are taken away again
    assert max(len(line) for line in re.split(r"[\r\n]+", plain)) <= 60


def test_a_terminal_without_the_signs_gets_plain_lines() -> None:
    shown = on_a_terminal(WORK, {"TERM": "xterm", "PYTHONIOENCODING": "ascii:backslashreplace"})
    assert shown.replace("\r", "") == "tests: 4,178 cases, 2 reports, 8 skipped, 1 flaky (0.3 s)\n  a]0;x detail\n"
