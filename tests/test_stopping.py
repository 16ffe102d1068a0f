"""Being told to stop where Python forgets the interrupt: still no verdict, no report and no child left."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.process import SubprocessRunner, ToolProblem
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Evidence
from gate.pipeline import Checkout, Machine, Silent, collect
from tests.support.repos import ledger

ROOT = Path(__file__).parents[1]

SWALLOWED = """
import importlib, os, signal, sys
sys.path.insert(0, {root!r})
from gate.cli import main
from gate.stopping import end_when_told_to

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})
        [None for _ in range(1000)]  # the handler runs here, and what it raises is ignored

def before(module, name):
    holder = importlib.import_module(module)
    real = getattr(holder, name)
    def instead(*arguments, **named):
        Dropped()
        return real(*arguments, **named)
    setattr(holder, name, instead)

end_when_told_to()
before({module!r}, {name!r})
sys.exit(main({arguments!r}))
"""


def end_of(repository: Path, number: signal.Signals, place: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line, told to stop inside a `__del__` right before a function is called."""
    module, name = place.rsplit(".", 1)
    script = SWALLOWED.format(
        root=str(ROOT), signal=number.name, module=module, name=name, arguments=["run", "--no-publish", *arguments]
    )
    return subprocess.run(
        [sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
@pytest.mark.parametrize(
    "place",
    [
        "gate.commands.wiring.check_out",
        "gate.commands.work.judge",
        "gate.commands.work.text_of",
        "gate.cli.stop_if_told",
    ],
)
def test_an_interrupt_that_is_swallowed_still_ends_without_a_verdict(
    tmp_path: Path, number: signal.Signals, place: str
) -> None:
    repository = ledger(tmp_path / "ledger")
    output = () if place.startswith("gate.cli") else ("--output", "verdict.txt")
    done = end_of(repository, number, place, "--only", "docs", *output)
    assert "Exception ignored in" in done.stderr
    assert "KeyboardInterrupt" in done.stderr
    assert done.returncode == 3
    assert done.stderr.endswith("gate: stopped before a verdict.\n")
    assert not (repository / "verdict.txt").exists()


def test_the_action_gives_no_verdict_after_a_swallowed_interrupt(tmp_path: Path) -> None:
    repository = ledger(tmp_path / "ledger")
    output = tmp_path / "output"
    output.touch()
    script = SWALLOWED.replace("sys.exit(main({arguments!r}))", "").format(
        root=str(ROOT), signal="SIGTERM", module="gate.commands.work", name="tell"
    )
    script += (
        "from pathlib import Path\n"
        "from gate.commands.action import run_action\n"
        f"sys.exit(run_action(dict(GITHUB_ACTIONS='true', GITHUB_OUTPUT={str(output)!r}), Path({str(repository)!r})))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3, done.stderr
    assert "Exception ignored in" in done.stderr
    assert "stopped before a verdict" in done.stderr
    assert "verdict=error" in output.read_text() or "\nerror\n" in output.read_text()
    assert not (repository / ".gate-reports").exists()


class Nothing:
    """A collector that finds nothing out."""

    kind = "docs"

    def collect(self, _context: Context) -> Evidence:
        return Collected("docs", {}, ())


def test_what_was_collected_while_the_work_was_to_end_is_thrown_away(tmp_path: Path) -> None:
    ended: list[str] = []
    runner = SubprocessRunner()
    means = Machine(
        runner,
        SystemToolbox(runner),
        Silent(),
        lambda: datetime.now(UTC),
        stop=lambda: ended.append("stop"),
        stopped=lambda: True,
    )
    with pytest.raises(KeyboardInterrupt):
        collect([Nothing()], {}, Checkout(Workspace(tmp_path)), means)
    assert ended == ["stop"]


def test_children_end_when_the_process_was_told_to_stop() -> None:
    with pytest.raises(ToolProblem, match="the gate is ending"):
        SubprocessRunner(stopped=lambda: True).run(Path("/bin/sh"), ["-c", "sleep 60"], cwd=Path("/"))


SECOND = """
import os, signal, sys, threading, time
sys.path.insert(0, {root!r})
from pathlib import Path
from gate.collect.process import SubprocessRunner
from gate.stopping import at_once, end_when_told_to, told_to_stop

end_when_told_to()
runner = SubprocessRunner(stopped=told_to_stop)
at_once(runner.kill)
stubborn = "trap '' TERM; echo $$ > {marker}; while :; do sleep 0.1; done"
threading.Thread(target=lambda: runner.run(Path("/bin/sh"), ["-c", stubborn], cwd=Path("/")), daemon=True).start()
while not Path({marker!r}).exists() or not Path({marker!r}).read_text().strip():
    time.sleep(0.01)
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
except KeyboardInterrupt:
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    finally:
        print("went on")
"""


def test_a_second_signal_ends_at_once_and_kills_the_children(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    script = SECOND.format(root=str(ROOT), marker=str(marker))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    child = int(marker.read_text())
    status = Path(f"/proc/{child}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_a_signal_that_the_shell_ignores_for_us_stays_ignored() -> None:
    script = (
        f"import os, signal, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from gate.stopping import end_when_told_to\n"
        "end_when_told_to()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "went on\n")
