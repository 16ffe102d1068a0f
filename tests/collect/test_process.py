"""The door to child processes: real children, well-behaved and not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gate.collect.process import Completed, SubprocessRunner, ToolProblem

SHELL = Path("/bin/sh")
PYTHON = Path(sys.executable)


def shell(script: str, **options: object) -> Completed:
    return SubprocessRunner().run(SHELL, ["-c", script], cwd=Path("/"), **options)  # type: ignore[arg-type]


def python(script: str, **options: object) -> Completed:
    return SubprocessRunner().run(PYTHON, ["-I", "-c", script], cwd=Path("/"), **options)  # type: ignore[arg-type]


def test_output_and_exit_code_come_back() -> None:
    done = shell("echo out; echo err >&2; exit 1", exit_codes=frozenset({0, 1}))
    assert (done.exit_code, done.stdout, done.stderr) == (1, b"out\n", "err\n")
    assert done.seconds > 0


def test_nothing_of_our_environment_reaches_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "LD_PRELOAD_NOT", "PYTHONPATH", "PIP_INDEX_URL", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "leaked")
    done = shell("env; pwd", environment={"EXTRA": "given"})
    names = {line.split("=")[0] for line in done.stdout.decode().splitlines()}
    assert "leaked" not in done.stdout.decode()
    assert names - {"PWD", "SHLVL", "_", "/"} == {"PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "EXTRA"}


def test_the_home_is_fresh_and_goes_away() -> None:
    home = shell('touch "$HOME/x" "$TMPDIR/y"; echo "$HOME"').stdout.decode().strip()
    assert not Path(home).exists()


def test_input_larger_than_a_pipe_is_fed_while_output_is_read() -> None:
    data = os.urandom(1 << 20)
    assert shell("cat; echo done >&2", stdin=data).stdout == data


def test_a_child_that_does_not_read_its_input_is_no_problem() -> None:
    assert shell("exec 0<&-; echo ok", stdin=b"x" * (1 << 20)).stdout == b"ok\n"


def test_a_flood_on_stderr_neither_blocks_nor_fills_memory() -> None:
    script = "import sys\nfor _ in range(4000): sys.stderr.write('x' * 9999 + '\\n')\nprint('done')"
    done = python(script)
    assert done.stdout == b"done\n"
    assert len(done.stderr) <= 64 * 1024


def test_too_much_output_is_no_output() -> None:
    with pytest.raises(ToolProblem, match="more than 1,000 bytes"):
        shell("yes", max_stdout=1000)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "ended with exit code 3$"),
        ("echo first >&2; echo why not >&2; exit 3", "ended with exit code 3: why not"),
        ("kill -9 $$", r"killed by signal 9 \(SIGKILL\)"),
        ("kill -11 $$", r"killed by signal 11 \(SIGSEGV\)"),
        ("exit 139", "ended with exit code 139"),
    ],
)
def test_an_end_that_was_not_declared_proves_nothing(script: str, reason: str) -> None:
    with pytest.raises(ToolProblem, match=reason):
        shell(script, exit_codes=frozenset({0, 1}))


def test_a_negative_code_cannot_be_declared() -> None:
    with pytest.raises(ToolProblem, match="was killed"):
        shell("kill -9 $$", exit_codes=frozenset({0, -9}))


def test_a_program_that_is_not_there_says_so() -> None:
    with pytest.raises(ToolProblem, match="could not be started: there is no such program"):
        SubprocessRunner().run(Path("/no/such/tool"), [], cwd=Path("/"))


def test_a_relative_program_is_refused() -> None:
    with pytest.raises(ToolProblem, match="not absolute"):
        SubprocessRunner().run(Path("sh"), ["-c", "true"], cwd=Path("/"))


def alive(marker: str) -> bool:
    done = subprocess.run(["pgrep", "-f", marker], capture_output=True)
    return done.returncode == 0


def test_a_timeout_kills_the_whole_group() -> None:
    marker = f"gate-test-{os.getpid()}-{time.monotonic_ns()}"
    child = f"{sys.executable} -c 'import time; time.sleep(60) # {marker}'"
    begun = time.monotonic()
    with pytest.raises(ToolProblem, match="did not end within"):
        shell(f"{child} & {child}", timeout=0.8)
    assert time.monotonic() - begun < 20
    for _ in range(50):
        if not alive(marker):
            break
        time.sleep(0.1)
    assert not alive(marker)


def test_a_child_that_ignores_the_polite_signal_is_killed() -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    with pytest.raises(ToolProblem, match="did not end within"):
        python(script, timeout=1)


def test_a_process_left_behind_with_our_pipe_does_not_hang_us() -> None:
    begun = time.monotonic()
    with pytest.raises(ToolProblem, match="left behind"):
        shell("sleep 300 & exit 0")
    assert time.monotonic() - begun < 30


def test_a_process_that_left_the_session_does_not_hang_us_either() -> None:
    script = "import os, time, sys\nif os.fork() == 0:\n    os.setsid(); time.sleep(8); os._exit(0)\n"
    begun = time.monotonic()
    with pytest.raises(ToolProblem, match="left behind"):
        python(script)
    assert time.monotonic() - begun < 30


def test_memory_is_limited() -> None:
    with pytest.raises(ToolProblem, match="MemoryError"):
        python("x = bytearray(2_000_000_000)", memory=1_000_000_000)


def test_the_tail_of_a_complaint_cannot_steer_a_log() -> None:
    with pytest.raises(ToolProblem) as caught:
        shell("printf '\\033[31m::error::x\\r\\n##[group]y\\342\\200\\256' >&2; exit 9")
    assert "\x1b" not in caught.value.reason
    assert "::" not in caught.value.reason
    assert "##[" not in caught.value.reason
    assert "\u202e" not in caught.value.reason


def test_each_run_is_logged_without_its_output() -> None:
    lines: list[str] = []
    SubprocessRunner(log=lines.append).run(SHELL, ["-c", "echo secret; # \n# ::x::"], cwd=Path("/"))
    assert len(lines) == 1
    assert lines[0].startswith("sh ended with 0 after")
    assert "::" not in lines[0]


def test_threads_can_run_children_side_by_side() -> None:
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=number: results.append(shell(f"sleep 0.1; echo {n}").stdout))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(item) for item in results) == list(range(12))


def test_no_child_keeps_a_descriptor_or_signal_mask_of_ours(tmp_path: Path) -> None:
    (tmp_path / "open").touch()
    with (tmp_path / "open").open():
        listed = python("import os; print(len(os.listdir('/proc/self/fd')))").stdout
    assert int(listed) <= 4
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_stop_ends_every_child_and_starts_no_more() -> None:
    runner = SubprocessRunner()
    problems: list[str] = []

    def wait() -> None:
        with pytest.raises(ToolProblem) as caught:
            runner.run(SHELL, ["-c", "sleep 60"], cwd=Path("/"))
        problems.append(caught.value.reason)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    runner.stop()
    for thread in threads:
        thread.join(10)
    assert problems == ["was killed: the gate is ending"] * 3
    with pytest.raises(ToolProblem, match="was not run: the gate is ending"):
        runner.run(SHELL, ["-c", "true"], cwd=Path("/"))


def test_what_is_passed_in_reaches_every_child_and_its_folders_lie_where_it_says(tmp_path: Path) -> None:
    runner = SubprocessRunner(environment={"HTTPS_PROXY": "http://proxy:1"}, temporary=tmp_path)
    done = runner.run(SHELL, ["-c", 'echo "$HTTPS_PROXY"; echo "$HOME"; umask; ulimit -c'], cwd=Path("/"))
    proxy, home, umask, core = done.stdout.decode().splitlines()
    assert (proxy, umask, core) == ("http://proxy:1", "0077", "0")
    assert Path(home).parents[1] == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_memory_of_another_user_is_limited_too() -> None:
    done = SubprocessRunner(uid=65534).run(SHELL, ["-c", "ulimit -d; ulimit -c"], cwd=Path("/"), memory=1 << 30)
    assert done.stdout.split() == [b"1048576", b"0"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_children_can_run_as_another_user() -> None:
    done = SubprocessRunner(uid=65534).run(SHELL, ["-c", 'id -u; id -g; id -G; echo x > "$HOME/x"'], cwd=Path("/"))
    assert done.stdout.split() == [b"65534"] * 3


def test_both_outputs_closed_early_is_waited_for_within_the_timeout() -> None:
    assert shell("exec >&- 2>&-; sleep 0.2", exit_codes=frozenset({0})).stdout == b""
    with pytest.raises(ToolProblem, match="did not end within"):
        shell("exec >&- 2>&-; sleep 60", timeout=0.5)


def test_a_background_process_that_holds_no_pipe_is_ended_with_the_child() -> None:
    marker = f"gate-test-{os.getpid()}-{time.monotonic_ns()}"
    shell(f"{sys.executable} -c 'import time; time.sleep(60) # {marker}' >/dev/null 2>&1 </dev/null & echo ok")
    time.sleep(0.2)
    assert not alive(marker)


@pytest.mark.parametrize(
    ("arguments", "cwd", "reason"),
    [
        (["a\0b"], Path("/"), "could not be started: embedded null byte"),
        (["-c", "x" * 200_000], Path("/"), "could not be started: Argument list too long"),
        (["-c", "true"], Path("/no/such/folder"), "the folder /no/such/folder to run it in is not there"),
    ],
)
def test_what_cannot_be_started_says_why(arguments: list[str], cwd: Path, reason: str) -> None:
    with pytest.raises(ToolProblem, match=reason):
        SubprocessRunner().run(SHELL, arguments, cwd=cwd)


def test_a_module_is_called_by_its_name() -> None:
    with pytest.raises(ToolProblem) as caught:
        SubprocessRunner().run(PYTHON, ["-I", "-m", "no_such_module"], cwd=Path("/"))
    assert str(caught.value).startswith("no-such-module ended with exit code 1: ")


def test_memory_that_cannot_be_limited_is_not_pretended() -> None:
    with pytest.raises(ToolProblem, match="memory cannot be limited"):
        shell("sleep 60", memory=1 << 70)


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for script in ("true", "exit 3", "sleep 60"):
        with pytest.raises(ToolProblem):
            shell(script, timeout=0.3, exit_codes=frozenset({7}))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
