"""What a health check can fail with: only what is certain counts as a check that cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.health_command import script_cannot_fail, words_cannot_fail

CERTAIN = [
    "",
    "true",
    ":",
    "/bin/true",
    "exit",
    "exit 0",
    "echo ok",
    "echo ok | cat /dev/null | true",
    "curl -f http://localhost || exit 0",
    "curl -f http://localhost || true",
    "curl -f http://localhost || :",
    "curl -f http://localhost 2>&1 || echo down",
    "curl -f http://localhost; exit 0",
    "curl -f http://localhost\ntrue",
    "exit 0; curl -f http://localhost",
    "curl -f http://localhost &",
    "curl -f http://localhost | true",
    "curl -f http://localhost && echo up || echo down",
    "(curl -f http://localhost) || true",
    "{ curl -f http://localhost; } || exit 0",
    "sh -c 'curl -f http://localhost || true'",
    "/bin/bash -lc 'exit 0'",
    "env true",
    "[ 1 -eq 1 ]",
    "test up = up",
    "test up",
    "set -e; echo ok; true",
]
NOT_CERTAIN = [
    "curl -f http://localhost",
    "curl -f http://localhost || exit 1",
    "curl -f http://localhost || exit",
    "curl -f http://localhost || exit $?",
    "curl -f http://localhost || exit 1; exit 0",
    "curl -f http://localhost || (echo down; exit 1)",
    "curl -f http://localhost || { echo down; false; }",
    "curl -f http://localhost && echo up",
    "curl -f http://localhost | grep ok",
    "echo ok && curl -f http://localhost",
    "set -e; curl -f http://localhost; exit 0",
    "if curl -f http://localhost; then exit 0; else exit 1; fi",
    "if curl -f http://localhost; then exit 0; fi; exit 1",
    "trap 'exit 1' EXIT; true",
    "curl x && (curl y; true)",
    "sh -ec 'curl -f http://localhost; true'",
    "sh check.sh",
    "[ -f /tmp/ready ]",
    '[ "$(cat /tmp/ready)" = "$(cat /tmp/ready)" ]',
    "test $UP",
    "pg_isready -U postgres",
]


@pytest.mark.parametrize("script", CERTAIN)
def test_what_cannot_fail(script: str) -> None:
    assert script_cannot_fail(script)


@pytest.mark.parametrize("script", NOT_CERTAIN)
def test_what_can(script: str) -> None:
    assert not script_cannot_fail(script)


@pytest.mark.parametrize("script", [script for script in CERTAIN if script and "#" not in script])
def test_the_json_form_of_a_shell(script: str) -> None:
    assert words_cannot_fail(["/bin/sh", "-c", script])


@pytest.mark.parametrize(
    ("words", "certain"),
    [
        ([], True),
        (["true"], True),
        (["/usr/bin/true"], True),
        (["echo", "ok"], True),
        (["busybox", "true"], True),
        (["sh"], False),
        (["sh", "-c"], False),
        (["sh", "-ec", "curl x; true"], False),
        (["curl", "-f", "http://localhost"], False),
        (["curl", "x", "||", "exit", "0"], False),
    ],
)
def test_words_without_a_shell(words: list[str], certain: bool) -> None:
    assert words_cannot_fail(words) is certain


def test_shells_in_shells_end() -> None:
    script = "true"
    for _ in range(40):
        script = "sh -c " + "'" + script.replace("'", "'\\''") + "'" if len(script) < 4_000 else script
    assert script_cannot_fail(script) in (True, False)


@given(st.text(alphabet="tru exit01|&;(){}$'\"\\\n!fi", max_size=60))
def test_any_text_is_answered(script: str) -> None:
    assert script_cannot_fail(script) in (True, False)
    assert words_cannot_fail(["sh", "-c", script]) in (True, False)
