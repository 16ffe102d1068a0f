"""What commands and actions do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.ci.act import acts_of_uses
from gate.collect.ci.acts import acts_of_command, does_something
from gate.collect.ci.bare import bare_words
from gate.collect.ci.scripts import Scripts, read_rules
from gate.collect.ci.shell import read_commands
from gate.model.json import Json


def acts(script: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    scripts = Scripts(files.get) if files is not None else None
    return [(act.what, act.by) for command in read_commands(script) for act in acts_of_command(command, scripts)]


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ('echo "run trivy"; printf "bandit"', []),
        ("pip install bandit trivy; npm ci", []),
        ("bandit --version; trivy image --download-db-only", []),
        ("FOO=1 sudo -E bandit -r .", [("sast", "bandit")]),
        ("time nice -n 5 semgrep ci", [("sast", "semgrep")]),
        ("env -i A=b gitleaks dir .", [("secret", "gitleaks")]),
        ("timeout -s KILL 30 k6 run x.js", [("load_test", "k6")]),
        ("find . | xargs -n 1 hadolint", [("iac", "hadolint")]),
        ("poetry run pytest --cov=x", [("tests", "pytest"), ("coverage", "pytest-cov")]),
        ("uv run --extra dev pytest", [("tests", "pytest")]),
        ("npx --yes eslint .", [("lint", "eslint")]),
        ("python3.12 -m pytest -q", [("tests", "pytest")]),
        ("$(PYTHON) -m pytest; ${GO} test ./...", [("tests", "pytest"), ("tests", "go test")]),
        ("coverage run -m pytest", [("tests", "pytest"), ("coverage", "pytest-cov")]),
        ("coverage run x.py", [("coverage", "coverage")]),
        ("./.venv/bin/pip-audit", [("dependency", "pip-audit")]),
        ("docker run --rm -v $PWD:/s aquasec/trivy:0.60 fs /s", [("dependency", "trivy")]),
        ("docker run -e A=b python:3 bandit -r .", [("sast", "bandit")]),
        ("docker run --rm ghcr.io/x/y@sha256:0 z", []),
        ("bash -c 'semgrep ci && bandit -r .'", [("sast", "semgrep"), ("sast", "bandit")]),
        ("npm test -- --coverage", [("tests", "npm test"), ("coverage", "npm")]),
        ("npm run test:unit; yarn lint", [("tests", "npm test:unit"), ("lint", "yarn lint")]),
        ("npm audit; yarn npm audit", [("dependency", "npm audit"), ("dependency", "yarn audit")]),
        ("./gradlew :app:test jacocoTestReport", [("tests", "gradlew test"), ("coverage", "jacoco")]),
        ("./gradlew build -x test", []),
        ("./gradlew dependencyCheckAnalyze sonar", [("dependency", "dependency-check"), ("sast", "sonar")]),
        ("mvn -B verify", [("tests", "mvn test")]),
        ("mvn -DskipTests package", []),
        (
            "mvn dependency-check:check sonar:sonar spotbugs:check",
            [("dependency", "dependency-check"), ("sast", "sonar"), ("sast", "spotbugs")],
        ),
        ("go test -coverprofile=c ./...", [("tests", "go test"), ("coverage", "go test")]),
        ("xcodebuild -scheme x test", [("tests", "xcodebuild test")]),
        ("pytest tests/smoke", [("tests", "pytest"), ("smoke_test", "pytest")]),
        ("make deploy-prod lint X=1", [("deploy", "make deploy-prod"), ("lint", "make lint")]),
        ("make latest contest", []),
        ("./scripts/rollback.sh", [("rollback", "rollback.sh")]),
        ("python scripts/deploy.py --x", [("deploy", "deploy.py")]),
        ("helm upgrade --install x . --atomic", [("deploy", "helm upgrade"), ("rollback", "helm upgrade --atomic")]),
        ("helm install --dry-run x .; kubectl apply -f x --dry-run=client", []),
        ("kubectl rollout undo deploy/x", [("rollback", "kubectl rollout undo")]),
        ("kubectl get pods", []),
        (
            "docker buildx build --push --sbom=true .",
            [("build_image", "docker buildx"), ("push_image", "docker build"), ("sbom", "docker build")],
        ),
        ("trivy fs --scanners vuln,secret .", [("dependency", "trivy"), ("secret", "trivy")]),
        ("trivy image --format cyclonedx x", [("image", "trivy"), ("sbom", "trivy")]),
        ("curl -fsS https://x/health", [("smoke_test", "curl")]),
        ("curl https://x/health; curl -f https://x/download", []),
        ("goreleaser; goreleaser release", [("release", "goreleaser"), ("release", "goreleaser")]),
        ("FOO=bar", []),
        ("sudo", []),
    ],
)
def test_commands(script: str, wanted: list[tuple[str, str]]) -> None:
    assert acts(script) == wanted


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("bandit -r .", None),
        ("bandit --exit-zero -r .", "--exit-zero"),
        ("checkov --soft-fail -d .", "--soft-fail"),
        ("gitleaks dir . --exit-code 0", "--exit-code 0"),
        ("gitleaks dir . --exit-code=0", "--exit-code=0"),
        ("trivy image x", "no --exit-code, which is 0 by default"),
        ("trivy image --exit-code 1 x", None),
        ("grype x", "no --fail-on"),
        ("grype x --fail-on high", None),
        ("semgrep scan", "no --error"),
        ("semgrep ci", None),
    ],
)
def test_a_scanner_that_cannot_fail_is_told(command: str, told: str | None) -> None:
    (act,) = acts_of_command(read_commands(command)[0])
    assert act.is_scan
    assert act.told == told


@pytest.mark.parametrize(
    ("name", "given_", "wanted"),
    [
        ("github/codeql-action/analyze", None, [("sast", "codeql", None)]),
        ("GitHub/CodeQL-Action/init", None, []),
        ("snyk/actions/python", None, [("dependency", "snyk", None)]),
        ("snyk/actions/docker", None, [("image", "snyk", None)]),
        ("google/osv-scanner-action/.github/workflows/osv.yml", None, [("dependency", "osv-scanner", None)]),
        ("aquasecurity/trivy-action", {}, [("image", "trivy", "no exit-code, which is 0 by default")]),
        ("aquasecurity/trivy-action", {"exit-code": 1, "scan-type": "config"}, [("iac", "trivy", None)]),
        ("aquasecurity/trivy-action", {"exit-code": "0"}, [("image", "trivy", "exit-code: 0")]),
        (
            "aquasecurity/trivy-action",
            {"exit-code": "1", "scan-type": "fs", "scanners": "secret", "format": "spdx"},
            [("sbom", "trivy", None), ("secret", "trivy", None)],
        ),
        ("bridgecrewio/checkov-action", {"soft_fail": True}, [("iac", "checkov", "soft_fail: true")]),
        ("anchore/scan-action", {"fail-build": False}, [("image", "grype", "fail-build: false")]),
        ("anchore/scan-action", {"fail-on": "none"}, [("image", "grype", "fail-on: none")]),
        (
            "docker/build-push-action",
            {"push": True},
            [("build_image", "docker/build-push-action", None), ("push_image", "docker/build-push-action", None)],
        ),
        (
            "docker/build-push-action",
            {"sbom": "true"},
            [("build_image", "docker/build-push-action", None), ("sbom", "docker/build-push-action", None)],
        ),
        ("example/readiness-gate", {"command": "publish"}, [("gate", "readiness gate", None)]),
        ("example/readiness-gate", {"command": "comment"}, []),
        ("example/readiness-gate-of-another", None, []),
        ("actions/checkout", ["x"], []),
    ],
)
def test_actions(name: str, given_: Json, wanted: list[tuple[str, str, str | None]]) -> None:
    assert [(act.what, act.by, act.told) for act in acts_of_uses(name, given_)] == wanted


MAKEFILE = """
.PHONY: test
BIN := .venv/bin
test: lint
\t@$(BIN)/pytest -q
lint: ; true
\truff check .
quiet:
\t-bandit -r .
empty:
\t@echo nothing
deploy:
\trsync -a build/ host:/srv
loop: loop2
loop2: loop
\tgo test
"""


def test_what_the_repository_runs_counts_and_not_what_it_is_called() -> None:
    files = {
        "Makefile": MAKEFILE,
        "ci/run": "#!/usr/bin/env bash\nmake test\n",
        "scan.sh": "echo trivy\nsnyk test || true\nsnyk test\n",
        "prose": "trivy fs .",
        "package.json": '{"scripts": {"test": "jest --coverage", "check": "echo no"}}',
    }
    assert acts("bash ci/run", files) == [("tests", "pytest"), ("lint", "ruff")]
    assert acts("./ci/run", files) == [("tests", "pytest"), ("lint", "ruff")]
    assert acts("./scan.sh", files) == [("dependency", "snyk")]
    assert acts("./prose; bash /etc/x.sh; bash ../x.sh; bash", files) == []
    assert acts("make empty", files) == []
    assert acts("make deploy", files) == [("deploy", "make deploy")]
    assert acts("make loop", files) == [("tests", "go test")]
    assert acts("make -C sub test", files) == [("tests", "make test")]
    assert acts("npm t", files) == [("tests", "jest"), ("coverage", "jest")]
    assert acts("npm run check", files) == []
    assert acts("npm ci --prefix x test", files) == []
    assert acts("npm test", {"package.json": "["}) == [("tests", "npm test")]


def test_a_recipe_that_ignores_errors_cannot_fail() -> None:
    scripts = Scripts({"Makefile": MAKEFILE}.get)
    (act,) = acts_of_command(read_commands("make quiet")[0], scripts)
    assert (act.by, act.told) == ("bandit", "|| true")


def test_scripts_that_run_themselves_come_to_an_end() -> None:
    assert acts("./a.sh", {"a.sh": "./a.sh\n./a.sh\n"}) == []


def test_words_alone_are_no_work() -> None:
    assert not does_something("echo deploy\nset -e\nX=1\n# kubectl apply\n")
    assert does_something("echo deploy && rsync a b")


@given(st.lists(st.text(alphabet="ab-=$./ ", max_size=6), max_size=8).map(tuple))
def test_nothing_raises_on_words(words: tuple[str, ...]) -> None:
    assert len(bare_words(words)) <= len(words) + 1


@given(st.text(alphabet="ab:\t\n\\ =#;-@", max_size=200))
def test_nothing_raises_on_makefiles(text: str) -> None:
    for needs, recipe in read_rules(text).values():
        assert isinstance(needs, list)
        assert isinstance(recipe, str)
