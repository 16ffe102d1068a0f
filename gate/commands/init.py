"""`gate init`: look at the repository and write a commented policy that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.collect.manifests.sorts import Sort
from gate.commands.options import PROFILES
from gate.errors import UserError

if TYPE_CHECKING:
    from gate.collect.workspace import Workspace
    from gate.judge.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Runner:
    """How one ecosystem's tests leave a report. `markers` are globs of files that show that it is in use."""

    name: str
    markers: tuple[str, ...]
    tests: str
    tests_hint: str
    coverage: str
    coverage_hint: str


RUNNERS: tuple[Runner, ...] = (
    Runner(
        "pytest",
        ("**/conftest.py", "**/test_*.py", "**/*_test.py", "pytest.ini"),
        "reports/junit.xml",
        "pytest --junitxml=reports/junit.xml",
        "reports/coverage.xml",
        "pytest --cov --cov-report=xml:reports/coverage.xml",
    ),
    Runner(
        "Maven",
        ("pom.xml", "*/pom.xml"),
        "**/surefire-reports/TEST-*.xml",
        "mvn verify",
        "**/target/site/jacoco/jacoco.xml",
        "mvn verify with the jacoco-maven-plugin's report goal",
    ),
    Runner(
        "Gradle",
        ("build.gradle", "build.gradle.kts", "*/build.gradle", "*/build.gradle.kts"),
        "**/build/test-results/**/TEST-*.xml",
        "gradle test",
        "**/build/reports/jacoco/**/*.xml",
        "gradle jacocoTestReport with xml.required = true",
    ),
    Runner(
        "Go",
        ("go.mod", "*/go.mod"),
        "reports/junit.xml",
        "gotestsum --junitfile reports/junit.xml -- -coverprofile=coverage.out ./...",
        "coverage.out",
        "go test -coverprofile=coverage.out ./...",
    ),
    Runner(
        "Node.js",
        ("package.json", "*/package.json"),
        "reports/junit.xml",
        "jest --reporters=jest-junit, or vitest --reporter=junit --outputFile=reports/junit.xml",
        "coverage/lcov.info",
        "jest --coverage --coverageReporters=lcov",
    ),
    Runner(
        "Rust",
        ("Cargo.toml", "*/Cargo.toml"),
        "target/nextest/ci/junit.xml",
        "cargo nextest run --profile ci, with junit.path set in .config/nextest.toml",
        "lcov.info",
        "cargo llvm-cov --lcov --output-path lcov.info",
    ),
    Runner(
        ".NET",
        ("**/*.csproj", "**/*.fsproj"),
        "**/TestResults/*.trx",
        "dotnet test --logger trx",
        "**/coverage.cobertura.xml",
        'dotnet test --collect:"XPlat Code Coverage"',
    ),
    Runner(
        "PHPUnit",
        ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"),
        "reports/junit.xml",
        "phpunit --log-junit reports/junit.xml",
        "reports/clover.xml",
        "phpunit --coverage-clover reports/clover.xml",
    ),
)


PYTHON_LOCKS = ("**/requirements*.{txt,lock}", "**/{uv,poetry,pdm}.lock", "**/Pipfile.lock", "**/pylock*.toml")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen in the repository.

    Runners in use, documents that are there by the criterion they would meet, kinds of manifests, and the criteria on
    these that every service in production must meet and the chosen profile does not ask for.
    """

    name: str
    runners: tuple[Runner, ...]
    documents: dict[str, str]
    audited: bool
    manifests: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


MANIFESTS: tuple[tuple[str, Sort], ...] = (
    ("compose", Sort.COMPOSE),
    ("kubernetes", Sort.KUBERNETES),
    ("helm", Sort.CHART),
    ("kustomize", Sort.KUSTOMIZATION),
    ("prometheus", Sort.PROMETHEUS_RULES),
    ("prometheus", Sort.PROMETHEUS),
    ("alertmanager", Sort.ALERTMANAGER),
    ("grafana", Sort.GRAFANA_DASHBOARD),
    ("otel", Sort.OTEL),
    ("ci", Sort.WORKFLOW),
)
"""Kinds of evidence, and what of a tree shows that there is something of them."""
NAMED_MANIFESTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dockerfile", ("**/Dockerfile", "**/Dockerfile.*", "**/*.[Dd]ockerfile", "**/Containerfile")),
    ("terraform", ("**/*.tf", "**/*.tf.json", "**/*.tofu")),
)


@click.command("init")
@click.option(
    "--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="DIR", help="The checkout."
)
@click.option("--profile", type=click.Choice(PROFILES), default="baseline", show_default=True, help="What to extend.")
@click.option("--stdout", is_flag=True, help="Print the policy, or with --workflow that, instead of writing it.")
@click.option("--workflow", is_flag=True, help="Also write .github/workflows/readiness.yml for pull requests.")
def command(workspace: Path, profile: str, stdout: bool, workflow: bool) -> int:
    """Look at the repository and write .gate/policy.yml with comments. An existing file is never overwritten."""
    from gate.commands import wiring
    from gate.judge.catalogue import load_catalogue
    from gate.judge.policy_file import read_policy
    from gate.publish.files import write_report

    target = workspace / wiring.DEFAULT_POLICY
    there = target.exists() or target.is_symlink()
    if there and not (stdout or workflow):
        raise UserError(f"{target} is there already; `gate init --stdout` prints what would be written.")
    catalogue = load_catalogue()
    tree = wiring.open_tree(workspace, wiring.machine(workspace=workspace))
    seen = look(workspace.resolve().name, tree, catalogue, profile)
    if workflow:
        _write_workflow(workspace, seen, stdout=stdout)
        if stdout or there:
            return 0
    text = draft(seen, profile)
    # What we write must be a policy: a mistake here is ours, and it is told before anything is written.
    read_policy(text.encode(), path=wiring.DEFAULT_POLICY, catalogue=catalogue)
    if stdout:
        click.echo(text, nl=False)
        return 0
    write_report(target, text, workspace)
    click.echo(f"Wrote {target}. Run your tests so that their reports are there, then `gate run --no-publish`.")
    return 0


def _write_workflow(workspace: Path, seen: Findings, *, stdout: bool) -> None:
    from gate.commands.init_workflow import Tests, write_workflow

    found = [
        Tests(item.name, (item.tests_hint, item.coverage_hint), item.tests, item.coverage) for item in seen.runners
    ]
    write_workflow(workspace, found, stdout=stdout)


def look(name: str, workspace: Workspace, catalogue: Catalogue, profile: str) -> Findings:
    """See what is in use."""
    runners = tuple(runner for runner in RUNNERS if workspace.files(*runner.markers))
    chosen = catalogue.profiles[profile].criteria
    documents: dict[str, str] = {}
    for entry in catalogue.criteria.values():
        patterns = entry.fill({}).parameters.get("path")
        if entry.evidence == "docs" and entry.id not in chosen and isinstance(patterns, list):
            found = workspace.files(*(str(pattern) for pattern in patterns))
            if found:
                documents[entry.id] = found[0]
    audited = bool(workspace.files(*PYTHON_LOCKS))
    kinds = manifest_kinds(workspace)
    production = catalogue.profiles["production"].criteria
    asked = tuple(
        id_
        for id_, given in production.items()
        if id_ not in chosen and given.get("level") == "must" and catalogue.criteria[id_].evidence in kinds
    )
    return Findings(name, runners, documents, audited, kinds, asked)


def manifest_kinds(workspace: Workspace) -> tuple[str, ...]:
    """Return the kinds of manifests that the tree holds, sorted."""
    from gate.collect.manifests import read_manifests

    sorts = {document.sort for document in read_manifests(workspace).found}
    found = {kind for kind, sort in MANIFESTS if sort in sorts}
    return tuple(sorted(found | {kind for kind, globs in NAMED_MANIFESTS if workspace.files(*globs)}))


def draft(seen: Findings, profile: str) -> str:
    """Return the text of a policy."""
    lines = [
        "# What must hold before a change to this repository may merge, judged by evidence.",
        "# Try it: `gate run --no-publish`. What a criterion asks: `gate explain ID`. All of them: `gate criteria`.",
        "version: 1",
        f"name: {_quoted(seen.name)}",
        f"extends: {profile}  # baseline, production or strict",
        *_expected(seen.manifests),
        "",
        "# Where the reports of this run lie. They must be made by the run: a report that git tracks is no evidence.",
        "evidence:",
        "  tests:",
        *_reports([(item.tests, item.tests_hint, item.name) for item in seen.runners], "reports/junit*.xml"),
        "  coverage:",
        *_reports([(item.coverage, item.coverage_hint, item.name) for item in seen.runners], "coverage.xml"),
    ]
    lines += ["", "criteria:"]
    lines += [
        "  # A catalogue criterion takes its parameters here; `enabled: false` needs a reason, and reports say so.",
        "  coverage.lines: {minimum: 60}",
    ]
    if not seen.audited:
        lines.append(
            "  # No Python requirements or lock file was found. Supply a report of your own audit tool, or say why not:"
        )
        lines.append('  # dependencies.audited: {enabled: false, reason: "…"}')
    if seen.documents:
        lines.append("  # These documents are there already, so they may as well count.")
        lines += [f"  {id_}: {{level: should, path: {_quoted(path)}}}" for id_, path in sorted(seen.documents.items())]
    if seen.asked:
        lines.append(
            "  # What the profile production asks of the manifests that are here, as a condition for the time being."
        )
        lines += [f"  {id_}: {{level: should}}" for id_ in seen.asked]
    lines += [
        "",
        "  # A criterion of your own is a JSON Schema on the facts of one kind (`gate schema evidence/files`):",
        "  # config.production-logging:",
        "  #   title: Production does not log at DEBUG",
        "  #   category: configuration",
        "  #   level: must",
        "  #   evidence: files",
        "  #   select: {path: config/production.yaml}",
        "  #   require: {required: [log_level], properties: {log_level: {enum: [INFO, WARNING]}}}",
    ]
    return "\n".join(lines) + "\n"


def _expected(kinds: tuple[str, ...]) -> list[str]:
    """Return the lines that say which manifests must stay."""
    if not kinds:
        return []
    return [
        "# These are here: were they gone, their criteria would fail, and not just not apply.",
        f"expects: [{', '.join(kinds)}]",
    ]


def _reports(found: list[tuple[str, str, str]], otherwise: str) -> list[str]:
    lines = [f"    # {name}: {hint}" for _path, hint, name in found]
    paths = list(dict.fromkeys(path for path, _hint, _name in found)) or [otherwise]
    return [*lines, "    reports:", *(f"      - {_quoted(path)}" for path in paths)]


def _quoted(text: str) -> str:
    """Return a YAML scalar that means this text and nothing else."""
    import json

    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "")
    return (
        text
        if plain.isalpha() and plain.isascii() and text[0].isalpha() and not text.startswith("no")
        else json.dumps(text)
    )
