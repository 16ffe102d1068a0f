"""Telling how far the collecting is."""

from __future__ import annotations

import io
import threading

from gate.publish.actions import neutralise
from gate.report.progress import GroupedProgress, PlainProgress, TerminalProgress
from tests.support.verdicts import EVIDENCE


def test_plain_lines_tell_what_is_done() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as progress:
        progress.start("tests")
        progress.log("a detail")
        progress.done(EVIDENCE[1], 0.31)
    assert stream.getvalue() == "tests: 4,178 cases, 2 reports, 8 skipped, 1 flaky (0.3 s)\n"


def test_verbose_tells_the_details_on_one_line_each() -> None:
    stream = io.StringIO()
    PlainProgress(stream, verbose=True).log("bandit ended\n::error::x\x1b[1m")
    assert stream.getvalue() == "  bandit ended ::error::x[1m\n"


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
    assert "gap: acme-internal 1.2: is not known to the service" in stream.getvalue()


def test_a_terminal_shows_every_collector_and_cleans_up() -> None:
    stream = io.StringIO()
    with TerminalProgress(stream, verbose=True) as progress:
        progress.start("tests")
        progress.start("sast")
        progress.done(EVIDENCE[1], 0.3)
        progress.log("a detail")
        table = progress._table()
        assert table.row_count == 2
    progress.log("afterwards")
    assert "a detail" in stream.getvalue()
    assert "afterwards" in stream.getvalue()
