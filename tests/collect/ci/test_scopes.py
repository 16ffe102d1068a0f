"""Commands that look at nothing."""

from __future__ import annotations

import pytest

from gate.collect.ci.act import acts_of_uses
from gate.collect.ci.acts import acts_of_command
from gate.collect.ci.shell import read_commands
from gate.model.json import Json


def acts(script: str) -> list[tuple[str, str]]:
    return [(act.what, act.by) for command in read_commands(script) for act in acts_of_command(command)]


@pytest.mark.parametrize(
    "script",
    [
        "pytest --collect-only",
        "pytest tests -q --co",
        "py.test --collectonly --cov=x",
        "python -m pytest --setup-plan",
        "coverage run -m pytest --co",
        "pytest --ignore=.",
        "tox --notest; nox --list",
        "go test -run '^$' ./...; go test -run=^$ ./...; go test -c",
        "cargo test --no-run",
        "npx jest --listTests; npm test -- --listTests; vitest list",
        "dotnet test --list-tests; ctest -N",
        "gradle test --dry-run",
        "bandit -r src -x .; bandit -r src --exclude './*'; bandit -r /dev/null; bandit --help",
        "trivy fs --skip-dirs . .; trivy fs --skip-dirs=a,** .; trivy image --version",
        "semgrep --validate --config x; semgrep ci --exclude '*'",
        "gitleaks detect --no-git -s /dev/null; gitleaks dir --source=/var/empty",
        "gitleaks detect --log-opts='-n 0'",
        "pip-audit --dry-run; pip-audit -r /dev/null",
        "checkov --list; checkov -d . --skip-path .",
        "trivy fs --scanners license .",
    ],
)
def test_commands_that_look_at_nothing(script: str) -> None:
    assert acts(script) == []


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("bandit -r . -o /dev/null", [("sast", "bandit")]),
        ("bandit -r . -x ./tests,./.venv", [("sast", "bandit")]),
        ("gitleaks detect -r /dev/null", [("secret", "gitleaks")]),
        ("trivy fs --skip-dirs node_modules .", [("dependency", "trivy")]),
        ("trivy fs --scanners vuln,license .", [("dependency", "trivy")]),
        ("trivy fs --scanners $WHAT .", [("dependency", "trivy")]),
        ("trivy fs --scanners secret .", [("secret", "trivy")]),
        ("pytest -k co --ignore=tests/slow", [("tests", "pytest")]),
        ("go test -run TestX ./...", [("tests", "go test")]),
        ("helm upgrade --install x --version 1.2.3", [("deploy", "helm upgrade")]),
        ("npm run test --list", [("tests", "npm test")]),
    ],
)
def test_commands_that_look_at_something(script: str, wanted: list[tuple[str, str]]) -> None:
    assert acts(script) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"scan-type": "fs", "skip-dirs": "."}, []),
        ({"scan-type": "fs", "skip-files": "a,**/*"}, []),
        ({"scan-type": "fs", "scanners": "license"}, []),
        ({"scan-type": "fs", "scanners": "secret"}, ["secret"]),
        ({"scan-type": "fs", "skip-dirs": "node_modules"}, ["dependency"]),
    ],
)
def test_the_action_of_trivy(given: dict[str, Json], wanted: list[str]) -> None:
    assert [act.what for act in acts_of_uses("aquasecurity/trivy-action", dict(given))] == wanted
