"""The commands of a script."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.ci.shell import Command, read_commands


def words(script: str) -> list[str]:
    return [" ".join(command.words) for command in read_commands(script)]


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("pytest -q", ["pytest -q"]),
        ("# trivy image x\npytest # bandit", ["pytest"]),
        ("echo 'trivy; bandit' \"semgrep && ci\"", ["echo trivy; bandit semgrep && ci"]),
        ("a \\\n  --b\nc", ["a --b", "c"]),
        ("a && b || c; d & e | f", ["a", "b", "c", "d", "e", "f"]),
        ("cat <<EOF > x\ntrivy fs .\nEOF\npytest", ["cat", "pytest"]),
        ("cat <<-'EOF'\n\tbandit\n\tEOF\npytest", ["cat", "pytest"]),
        ("cat <<EOF", ["cat"]),
        ("if grep -q x y; then pytest; else tox; fi", ["grep -q x y", "pytest", "tox"]),
        ("for f in a b; do hadolint $f; done", ["hadolint $f"]),
        ("while ! curl x; do sleep 1; done", ["curl x", "sleep 1"]),
        ('case "$x" in\n  pytest|tox) go test ;;\n  *)\n    exit 1 ;;\nesac\nnox', ["go test", "exit 1", "nox"]),
        ("(cd x && npm test)", ["cd x", "npm test"]),
        ("{ a; b; }", ["a", "b"]),
        ("x=$(snyk test)", ["x=$(snyk test)", "snyk test"]),
        ("echo `bandit -r .`", ["echo `bandit -r .`", "bandit -r ."]),
        ('echo "$(a "b)" c)"', ['echo $(a "b)" c)', "a b) c"]),
        ("echo ${{ github.x && 'a' || 'b' }} && pytest", ["echo ${{ github.x && 'a' || 'b' }}", "pytest"]),
        ("echo '${{ a || b }}'", ["echo ${{ a || b }}"]),
        ("echo $((1 + 2)) ${x:-a b}", ["echo $((1 + 2)) ${x:-a b}"]),
        ("bandit 2>&1 >/dev/null x", ["bandit x"]),
        ("diff <(a) <(b)", ["diff", "a", "b"]),
        ("a >", ["a"]),
        ('echo "unclosed', ["echo unclosed"]),
        ("echo a\\ b \\", ["echo a b"]),
        ('echo "a\\"b"', ['echo a"b']),
        ("", []),
    ],
)
def test_commands(script: str, wanted: list[str]) -> None:
    assert words(script) == wanted


def test_where_commands_stand_and_how_they_are_joined() -> None:
    script = "a\nb \\\n  -c |\n  tee x\nif ! d; then e || {\n  f\n}; fi\ng=$(h || i)\n"
    assert read_commands(script) == [
        Command(("a",), 0, "", ";"),
        Command(("b", "-c"), 1, "", "|"),
        Command(("tee", "x"), 3, "|", ";"),
        Command(("d",), 4, "", ";", condition=True, negated=True),
        Command(("e",), 4, "", "||"),
        Command(("f",), 5, "||", ";", grouped=True, level=1),
        Command(("g=$(h || i)",), 7, "", ";"),
        Command(("h",), 7, "", "||", inner=True),
        Command(("i",), 7, "||", "", inner=True),
    ]


@given(st.text(alphabet="ab \n\\'\"`$(){};&|<>#!=EOF-", max_size=200))
def test_nothing_raises_and_lines_are_of_the_script(script: str) -> None:
    for command in read_commands(script):
        assert command.words
        assert 0 <= command.line <= script.count("\n")


@pytest.mark.parametrize("piece", ["$(", '"$(', "`", "${", "<<a\n", "case x in ", "\\", "((", "a ", "${{", "if "])
def test_long_scripts_take_no_long(piece: str) -> None:
    begun = time.perf_counter()
    read_commands(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize(
    ("script", "dead"),
    [
        ("if false; then scan; fi; x", True),
        ("if ! true\nthen\n  scan\nfi", True),
        ("if true; then x; else scan; fi", True),
        ("if x; then y; elif false; then scan; fi", True),
        ("if true; then x; elif y; then scan; fi", True),
        ("while false; do scan; done", True),
        ("until true; do scan; done", True),
        ("true || scan", True),
        (": || x || scan", True),
        ("false && scan", True),
        ("! true && scan", True),
        ("exit 0; scan", True),
        ("exit\nscan", True),
        ("f() { scan; }; x", True),
        ("function f { scan; }", True),
        ("scan() { true; }; scan -r src", True),
        ("false && x=$(scan)", True),
        ("if false; then f() { scan; }; fi; f", True),
        ("f() { scan; f; }", True),
        ("if x; then scan; fi", False),
        ("if true; then scan; fi", False),
        ("if false; then x; else scan; fi", False),
        ("if false || x; then scan; fi", False),
        ("if false; then x; fi; scan", False),
        ("while true; do scan; done", False),
        ("for x in a; do scan; done", False),
        ("false || scan", False),
        ("true && scan", False),
        ("false && x || scan", False),
        ("true | scan", False),
        ("false | x && scan", False),
        ("(exit 0); scan", False),
        ("{ exit 0; }\nscan", False),
        ("if x; then exit 0; fi\nscan", False),
        ("x || exit 0; scan", False),
        ("exit 0 | scan", False),
        ("f() { scan; }; f", False),
        ("f ( ) ( scan ); f", False),
        ("f() { scan; }; trap f EXIT", False),
        ("case x in a) scan;; esac", False),
        ("x <(scan)", False),
        ("done; fi; } ; scan", False),
    ],
)
def test_what_certainly_never_runs(script: str, dead: bool) -> None:
    assert {command.dead for command in read_commands(script) if command.words[0] == "scan"} == {dead}
