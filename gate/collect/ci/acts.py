"""What a step does, by what it runs: never by what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath

from gate.collect.ci.act import Act
from gate.collect.ci.bare import ASSIGNMENT, PYTHON, bare_words
from gate.collect.ci.known_commands import (
    GRADLE,
    MAVEN,
    RULES,
    RUNNERS_OF_TARGETS,
    SCANS,
    SCRIPTS_OF_PACKAGES,
    TARGETS,
)
from gate.collect.ci.own_runs import BY, of_command
from gate.collect.ci.scopes import looks_at_nothing, scanners_of_trivy
from gate.collect.ci.scripts import Scripts
from gate.collect.ci.shell import Command, read_commands
from gate.collect.ci.swallowed import find_swallowed

_ASKS_ONLY = frozenset({"--version", "-V", "version", "--help", "-h", "help", "install", "login"})
_LOOKS = frozenset({"tests", "coverage", "smoke_test", "load_test", "lint"})
"""What is nothing, besides scanning, where nothing is looked at."""
_IDLE = frozenset({"echo", "printf", ":", "true", "false", "set", "exit", "cd", "export", "sleep", "return"})
_DRY = ("--dry-run", "--dryrun", "--check", "--noop", "-dry-run")
_DEEPEST = 4

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash", "pwsh", "powershell"})
_NO_FAILURE = (
    "--exit-zero",
    "--soft-fail",
    "--no-fail",
    "--no-exit-codes",
    "--exit-code=0",
    "--warn-only",
    "--no-error",
)


def acts_of_command(command: Command, scripts: Scripts | None = None, depth: int = 0) -> Iterator[Act]:
    """Yield what one command does. What it runs of the repository is looked up in `scripts`, and read like a script.

    A script, target or task that is found there does what its commands do, whatever it is called.
    """
    words = bare_words(command.words)
    if not words or depth > _DEEPEST:
        return
    name = PurePosixPath(words[0].replace("\\", "/")).name or words[0]
    arguments = words[1:]
    if name in _SHELLS and "-c" in arguments[:-1]:
        yield from _inside(arguments[arguments.index("-c") + 1], command, scripts, depth)
        return
    own = scripts.script_of(name, words) if scripts else None
    if own is not None:
        inside = _of_script(own, command, scripts, depth)
        yield from inside
        what = target_of(own[0].removesuffix(".sh"))
        if what and not any(act.what == what for act in inside) and does_something(own[1]):
            # Its body is at work with something that is not known here, so its name has to do.
            yield Act(what, own[0], command.line)
        return
    if name in _SHELLS or name == "source" or name == ".":
        script = next((word for word in arguments if not word.startswith("-")), "")
        name = PurePosixPath(script).name
        arguments = ()
    elif PYTHON.fullmatch(name) or name in ("node", "ruby", "perl"):
        script = next((word for word in arguments if not word.startswith("-")), "")
        name, arguments = PurePosixPath(script).name, ()
    if _only_asks(name, arguments):
        return
    if name in ("gate", "readiness-gate"):
        # The image runs `gate run` where it is told nothing.
        for what, told in of_command(arguments or (["run"] if name == "readiness-gate" else [])):
            yield Act(what, BY, command.line, told)
        return
    seen: set[tuple[str, str]] = set()
    idle = looks_at_nothing(name, arguments)
    for what, by in _named(name, arguments):
        if (what, by) not in seen and not (idle and (what in SCANS or what in _LOOKS)):
            seen.add((what, by))
            yield Act(what, by, command.line, _cannot_fail(what, by, arguments))


def does_something(script: str) -> bool:
    """Whether a script has a command that does more than tell, set and leave."""
    return any(
        not command.dead and command.words[0] not in _IDLE and not ASSIGNMENT.match(command.words[0])
        for command in read_commands(script)
    )


def _inside(script: str, command: Command, scripts: Scripts | None, depth: int) -> Iterator[Act]:
    """Yield what a script does that a command runs, each thing once, at the line of the command."""
    commands = read_commands(script)
    hidden = {index: one.how for one in find_swallowed(commands, "bash") for index in one.covers}
    found: dict[tuple[str, str], Act] = {}
    for index, inner in enumerate(commands):
        if inner.dead:
            continue
        for act in acts_of_command(inner, scripts, depth + 1):
            told = act.told or hidden.get(index)
            known = found.get((act.what, act.by))
            if known is None or (known.told is not None and told is None):
                found[act.what, act.by] = Act(act.what, act.by, command.line, told)
    yield from found.values()


def _of_script(own: tuple[str, str], command: Command, scripts: Scripts | None, depth: int) -> list[Act]:
    """Return what a script of the repository does. It is read once at each depth, however many others call it."""
    if scripts is None:
        return []
    key = (own[0], depth)
    if key not in scripts.acts:
        scripts.acts[key] = tuple(_inside(own[1], command, scripts, depth))
    return [replace(act, line=command.line) for act in scripts.acts[key]]


def _only_asks(name: str, arguments: Sequence[str]) -> bool:
    """Whether a command only tells of itself or prepares itself."""
    if "--download-db-only" in arguments:
        return True
    return bool(arguments) and arguments[0] in _ASKS_ONLY and name not in ("helm", "npm", *MAVEN)


def _named(name: str, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    plain = [word for word in arguments if not word.startswith("-")]
    options = [word for word in arguments if word.startswith("-")]
    dry = any(option.startswith(_DRY) and not option.endswith("=none") for option in options)
    for words, what, by in RULES.get(name, ()):
        if name == "trivy" and what in ("dependency", "image") and not _is_for_vulnerabilities(arguments):
            continue
        if _begins(plain, words) and not (dry and what in ("deploy", "rollback")):
            yield what, by
    yield from _by_target(name, plain)
    yield from _by_build(name, arguments)
    yield from _by_options(name, plain, options)
    yield from _by_script(name, dry=dry)


def _is_for_vulnerabilities(arguments: Sequence[str]) -> bool:
    """Whether Trivy looks for vulnerabilities too: it does unless it is told what to look for."""
    scanners = scanners_of_trivy(arguments)
    return scanners is None or "vuln" in scanners or any("$" in each for each in scanners)


def _begins(plain: Sequence[str], words: str) -> bool:
    wanted = words.split()
    if len(plain) < len(wanted):
        return words.endswith("|") and not plain
    return all(word in choice.split("|") for word, choice in zip(plain, wanted, strict=False))


def _by_target(name: str, plain: Sequence[str]) -> Iterator[tuple[str, str]]:
    if name in RUNNERS_OF_TARGETS:
        targets = plain
    elif name in SCRIPTS_OF_PACKAGES and plain:
        targets = plain[1:2] if plain[0] in ("run", "run-script", "task") else plain[:1] if name == "yarn" else []
    else:
        return
    for target in targets:
        what = target_of(target)
        if what:
            yield what, f"{name} {target}"


def target_of(name: str) -> str:
    """Return what a target, a script or a task stands for by its name, "" where that does not tell."""
    words = name.lower().replace("_", "-")
    return next((what for word, what in TARGETS if re.search(rf"(?:^|[^a-z]){word}(?:s|ing)?(?:$|[^a-z])", words)), "")


def _by_build(name: str, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what a build tool of the JVM does: its goals and tasks come in any order."""
    if name in MAVEN:
        skipped = any(
            word.startswith(("-DskipTests", "-Dmaven.test.skip")) and "false" not in word for word in arguments
        )
        if not skipped and {"test", "verify", "package", "install", "deploy", "integration-test"} & set(arguments):
            yield "tests", "mvn test"
        goals = " ".join(arguments)
        if "dependency-check" in goals:
            yield "dependency", "dependency-check"
        if "sonar:sonar" in goals or "sonar-maven-plugin" in goals:
            yield "sast", "sonar"
        if "spotbugs" in goals:
            yield "sast", "spotbugs"
    elif name in GRADLE:
        tasks = [word.rpartition(":")[2].strip("'\"") for word in arguments]
        skips_test = any(first == "-x" and second == "test" for first, second in pairwise(tasks))
        if not skips_test and any(task in ("test", "check", "build") or task.endswith("Test") for task in tasks):
            yield "tests", f"{name.partition('.')[0]} test"
        if "dependencyCheckAnalyze" in tasks:
            yield "dependency", "dependency-check"
        if {"sonar", "sonarqube"} & set(tasks):
            yield "sast", "sonar"
        if any(task.startswith("jacoco") for task in tasks):
            yield "coverage", "jacoco"


def _by_options(name: str, plain: Sequence[str], options: Sequence[str]) -> Iterator[tuple[str, str]]:
    if name in ("pytest", "py.test") and any(option.startswith("--cov") for option in options):
        yield "coverage", "pytest-cov"
    if name in ("jest", "vitest", "npm", "yarn", "pnpm", "bun", "flutter") and any(
        option in ("--coverage", "--coverage=true") for option in options
    ):
        yield "coverage", name
    if name == "go" and any(option.startswith(("-cover", "--cover")) for option in options):
        yield "coverage", "go test"
    if name == "xcodebuild" and "test" in plain:
        yield "tests", "xcodebuild test"
    if name in ("pytest", "py.test") and any("smoke" in word for word in plain):
        yield "smoke_test", "pytest"
    if name in ("docker", "podman") and "--push" in options:
        yield "push_image", f"{name} build"
    if name in ("docker", "podman") and any(
        option.startswith("--sbom") and "false" not in option for option in options
    ):
        yield "sbom", f"{name} build"
    if name == "trivy":
        yield from _by_trivy_options([*plain[1:], *options])
    if name == "helm" and {"--atomic", "--rollback-on-failure"} & set(options) and "upgrade" in plain[:1]:
        yield "rollback", "helm upgrade --atomic"
    if name == "curl" and _is_smoke(plain, options):
        yield "smoke_test", "curl"


def _by_trivy_options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    if any("cyclonedx" in word or "spdx" in word for word in words):
        yield "sbom", "trivy"
    # `--scanners vuln,secret` and `--scanners=secret`; a path of that name is none.
    if any("secret" in word for word in words if "," in word or word in ("secret", "--scanners=secret")):
        yield "secret", "trivy"


def _is_smoke(plain: Sequence[str], options: Sequence[str]) -> bool:
    """Whether a curl fails on an answer of a health address that is an error."""
    fails = any(
        option.startswith("--fail") or (not option.startswith("--") and "f" in option and option.isascii())
        for option in options
    )
    return fails and any(re.search(r"(?i)/(?:healthz?|ready|readyz|livez?|ping|status)\b", word) for word in plain)


def _by_script(name: str, *, dry: bool) -> Iterator[tuple[str, str]]:
    """Yield what a script of the repository does by its name, for what no tool of its own is known."""
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix in ("sh", "bash", "py", "ps1", "js", "ts", "rb"):
        what = target_of(stem)
        if what and not dry:
            yield what, name


def _cannot_fail(what: str, by: str, arguments: Sequence[str]) -> str | None:
    """Return why a scanner's findings do not make its command fail, None where they do or nothing is known."""
    if what not in SCANS:
        return None
    for option in arguments:
        if option.startswith(_NO_FAILURE):
            return option.partition("=")[0] if option != "--exit-code=0" else option
    for option, value in pairwise(arguments):
        if option == "--exit-code" and value == "0":
            return "--exit-code 0"
    if by == "trivy" and not any(word.startswith("--exit-code") for word in arguments):
        return "no --exit-code, which is 0 by default"
    if by == "grype" and not any(word.startswith(("--fail-on", "-f")) for word in arguments):
        return "no --fail-on"
    if by == "semgrep" and "ci" not in arguments and "--error" not in arguments:
        return "no --error"
    return None
