"""Where a script hides that a command failed."""

from __future__ import annotations

import pytest

from gate.collect.ci.shell import read_commands
from gate.collect.ci.swallowed import find_swallowed, shell_name


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("bandit -r . || true", [(0, "|| true", ["bandit"])]),
        ("a\nb || :\nc", [(1, "|| :", ["b"])]),
        ('a || echo "no"', [(0, "|| echo", ["a"])]),
        ("a || exit 0", [(0, "|| exit 0", ["a"])]),
        ("a && b | c || true", [(0, "|| true", ["a", "b", "c"])]),
        ("x=$(grep y z || true)", [(0, "|| true", ["grep"])]),
        ("(cd x && npm test) || true", [(0, "|| true", ["npm"])]),
        ("a || exit 1", []),
        ("a || { echo no; exit 1; }", []),
        ("a || b", []),
        ("a || echo no && exit 1", []),
        ("if a || true; then b; fi", [(0, "if", ["a"])]),
        ("if a; then b; else exit 1; fi", []),
        ("if a; then b; else failed=1; fi", []),
        ("if true; then b; fi", []),
        ("! a", [(0, "!", ["a"])]),
        ("if ! a; then exit 1; fi", []),
        ("a &", [(0, "&", ["a"])]),
        ("a && b &", [(0, "&", ["a", "b"])]),
        ("a &\nwait", []),
        ("a || { true; }", [(0, "|| true", ["a"])]),
        ("a || (exit 0)", [(0, "|| exit 0", ["a"])]),
        ("a || { true; exit 1; }", []),
        ("(a) || true", [(0, "|| true", ["a"])]),
        ("{ a; } || exit 0", [(0, "|| exit 0", ["a"])]),
        ("x=$(a) || true", [(0, "|| true", ["x=$(a)", "a"])]),
        ("x=$(a)", []),
        ("echo $(a)", [(0, "| echo $(…)", ["a"])]),
        ("export x=$(a; b)", [(0, "| export $(…)", ["a", "b"])]),
        ("trap 'exit 0' EXIT\na", [(0, "trap 'exit 0'", ["a"])]),
        ("trap 'rm x; exit 0' ERR; a", [(0, "trap 'exit 0'", ["a"])]),
        ("trap 'rm x' EXIT\na", []),
        ("trap 'exit 0' INT\na", []),
        ("a |& cat", [(0, "| cat", ["a"])]),
        ("a | sort", [(0, "| sort", ["a"])]),
        ("true || true", []),
        ("echo 'a || true' # b || true", []),
        ("set +e\npytest\n", []),
        ("set +e\npytest\nls", [(0, "set +e", ["pytest"])]),
        ("set +e\npytest\necho", [(0, "set +e", ["pytest", "echo"])]),
        ("set +ex\npytest\nexit 0", [(0, "; exit 0", ["pytest", "exit"])]),
        ("set +e\npytest\ncode=$?\nset -e\nexit $code", []),
        ("set +e\npytest\nexit $CODE", []),
        ("set +o pipefail", []),
        ("set +e", []),
        ("pytest | tee log", [(0, "| tee", ["pytest"])]),
        ("set -o pipefail\npytest | tee log", []),
        ("pytest | grep x", []),
        ("pytest; exit 0", []),
    ],
)
def test_hidden_failures(script: str, wanted: list[tuple[int, str, list[str]]]) -> None:
    commands = read_commands(script)
    found = [(one.line, one.how, [commands[at].words[0] for at in one.covers]) for one in find_swallowed(commands, "")]
    assert found == wanted


@pytest.mark.parametrize("shell", ["bash", "bash -eo pipefail {0}", "pwsh", "python"])
def test_a_pipe_hides_nothing_with_pipefail_or_in_another_shell(shell: str) -> None:
    assert find_swallowed(read_commands("pytest | tee log"), shell) == []


def test_the_name_of_a_shell() -> None:
    assert shell_name("/usr/bin/bash -l {0}") == "bash"
    assert shell_name("pwsh.exe") == "pwsh"
    assert shell_name("") == ""


@pytest.mark.parametrize(
    ("shell", "covered"),
    [
        ("bash {0}", ["a"]),
        ("bash --noprofile {0}", ["a"]),
        ("sh {0}", ["a"]),
        ("bash -e {0}", []),
        ("bash -euo pipefail {0}", []),
        ("bash -o errexit {0}", []),
        ("bash", []),
        ("python {0}", []),
    ],
)
def test_a_shell_of_one_s_own_goes_on_behind_a_failure(shell: str, covered: list[str]) -> None:
    commands = read_commands("a\nb\n")
    found = find_swallowed(commands, shell)
    assert [commands[at].words[0] for one in found for at in one.covers] == covered
    assert all(one.how == f"shell: {shell}" for one in found)
