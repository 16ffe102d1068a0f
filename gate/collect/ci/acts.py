"""What a step does, by what it runs: never by what it is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from gate.collect.ci.known_actions import acts_of_action
from gate.collect.ci.known_commands import (
    GRADLE,
    MAVEN,
    RULES,
    RUNNERS_OF_TARGETS,
    SCANS,
    SCRIPTS_OF_PACKAGES,
    TARGETS,
)
from gate.collect.ci.scripts import Scripts
from gate.collect.ci.shell import Command, read_commands
from gate.collect.ci.swallowed import find_swallowed
from gate.model.json import Json, JsonObject

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_VARIABLE = re.compile(r"\$\{?\(?([A-Z][A-Z0-9_]*)\)?\}?")
_PYTHON = re.compile(r"(?:python|pypy|py)[\d.]*")
_ASKS_ONLY = frozenset({"--version", "-V", "version", "--help", "-h", "help", "install", "login"})
_IDLE = frozenset({"echo", "printf", ":", "true", "false", "set", "exit", "cd", "export", "sleep", "return"})
_DRY = ("--dry-run", "--dryrun", "--check", "--noop", "-dry-run")
_DEEPEST = 4

_PLAIN_PREFIXES = frozenset({"sudo", "time", "nohup", "exec", "command", "xargs", "nice", "stdbuf", "ionice", "doas"})
"""Commands that run the command behind them, after options of their own."""
_WITH_VALUE = frozenset({"-u", "-g", "-n", "-I", "-P", "-L", "-s", "-k", "-p", "-C", "-o", "-d", "-c"})
_RUNNERS: tuple[tuple[str, ...], ...] = (
    ("poetry", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("rye", "run"),
    ("uv", "tool", "run"),
    ("uv", "run"),
    ("hatch", "run"),
    ("pipx", "run"),
    ("bundle", "exec"),
    ("pnpm", "dlx"),
    ("pnpm", "exec"),
    ("yarn", "dlx"),
    ("yarn", "exec"),
    ("npm", "exec"),
    ("bunx",),
    ("npx",),
    ("uvx",),
    ("mise", "exec"),
    ("dotenv", "run"),
    ("nix", "develop", "-c"),
    ("xvfb-run",),
    ("retry",),
    ("catchsegv",),
    ("conda", "run"),
    ("micromamba", "run"),
    ("doppler", "run"),
    ("op", "run"),
)
_RUNNER_VALUES = frozenset(
    {"--with", "--extra", "--group", "--python", "-p", "--package", "--from", "--spec", "--project", "--directory"}
    | {"--only-group", "--with-requirements", "--env-file", "-n", "--name", "--prefix", "-s", "--index-url"}
)
_DOCKER_FLAGS = frozenset(
    {
        "--rm",
        "-i",
        "-t",
        "-it",
        "-ti",
        "-d",
        "--detach",
        "--interactive",
        "--tty",
        "--privileged",
        "--init",
        "--read-only",
    }
)
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


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a step does.

    `what` is a class of scanner (`known_commands.SCANS`) or one of tests, coverage, lint, build_image, push_image,
    deploy, rollback, load_test, smoke_test, sign, sbom, release, gate. `by` is the tool. `line` counts from 0 in the
    script. `told` says why it cannot fail whatever it finds, None where it can.
    """

    what: str
    by: str
    line: int = 0
    told: str | None = None

    @property
    def is_scan(self) -> bool:
        """Whether it looks for problems."""
        return self.what in SCANS


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
        inside = list(_inside(own[1], command, scripts, depth))
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
    elif _PYTHON.fullmatch(name) or name in ("node", "ruby", "perl"):
        script = next((word for word in arguments if not word.startswith("-")), "")
        name, arguments = PurePosixPath(script).name, ()
    if _only_asks(name, arguments):
        return
    seen: set[tuple[str, str]] = set()
    for what, by in _named(name, arguments):
        if (what, by) not in seen:
            seen.add((what, by))
            yield Act(what, by, command.line, _cannot_fail(what, by, arguments))


def does_something(script: str) -> bool:
    """Whether a script has a command that does more than tell, set and leave."""
    return any(
        command.words[0] not in _IDLE and not _ASSIGNMENT.match(command.words[0]) for command in read_commands(script)
    )


def _inside(script: str, command: Command, scripts: Scripts | None, depth: int) -> Iterator[Act]:
    """Yield what a script does that a command runs, each thing once, at the line of the command."""
    commands = read_commands(script)
    hidden = {index: one.how for one in find_swallowed(commands, "bash") for index in one.covers}
    found: dict[tuple[str, str], Act] = {}
    for index, inner in enumerate(commands):
        for act in acts_of_command(inner, scripts, depth + 1):
            told = act.told or hidden.get(index)
            known = found.get((act.what, act.by))
            if known is None or (known.told is not None and told is None):
                found[act.what, act.by] = Act(act.what, act.by, command.line, told)
    yield from found.values()


def _only_asks(name: str, arguments: Sequence[str]) -> bool:
    """Whether a command only tells of itself or prepares itself."""
    if "--download-db-only" in arguments:
        return True
    return bool(arguments) and arguments[0] in _ASKS_ONLY and name not in ("helm", "npm", *MAVEN)


def bare_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return a command without what only prepares it: assignments, sudo, timeout, `poetry run`, `docker run IMAGE`."""
    rest = list(words)
    for _ in range(12):
        before = tuple(rest)
        while rest and _ASSIGNMENT.match(rest[0]):
            rest.pop(0)
        if not rest:
            return ()
        rest = _without_prefix(rest)
        if tuple(rest) == before:
            break
    return tuple(rest)


def _without_prefix(words: list[str]) -> list[str]:
    variable = _VARIABLE.fullmatch(words[0])
    if variable:
        # By custom a Makefile calls a program by a variable of its name: $(PYTHON), ${GO}.
        return [variable[1].lower(), *words[1:]]
    first = PurePosixPath(words[0]).name
    if first in _PLAIN_PREFIXES:
        return _behind_options(words[1:], _WITH_VALUE)
    if first == "env":
        return _behind_options(words[1:], frozenset({"-u", "-C"}))
    if first == "timeout":
        return _behind_options(words[1:], frozenset({"-s", "-k"}))[1:]
    if first in ("docker", "podman") and words[1:2] == ["run"]:
        return _in_container(words)
    if first == "coverage" and words[1:2] == ["run"]:
        return _run_by_coverage(words)
    for runner in _RUNNERS:
        if (first, *words[1 : len(runner)]) == runner:
            rest = _behind_options(words[len(runner) :], _RUNNER_VALUES)
            return rest if rest else words
    if _PYTHON.fullmatch(first) and "-m" in words[1:4]:
        at = words.index("-m")
        return words[at + 1 :] or words
    return words


def _run_by_coverage(words: list[str]) -> list[str]:
    """`coverage run -m pytest` runs pytest, and says so in a word of its own."""
    rest = words[words.index("-m") + 1 :] if "-m" in words else []
    return [*rest, "--cov"] if rest else words


def _behind_options(words: list[str], with_value: frozenset[str]) -> list[str]:
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        if words[at] == "--":
            at += 1
            break
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _in_container(words: list[str]) -> list[str]:
    """Return what `docker run` runs: the image's name stands for its program, unless the first argument is one."""
    at = 2
    while at < len(words) and words[at].startswith("-"):
        plain = "=" in words[at] or words[at] in _DOCKER_FLAGS
        at += 1 if plain else 2
    if at >= len(words):
        return words
    image = words[at].partition("@")[0]
    name = image.rpartition("/")[2].partition(":")[0]
    inside = words[at + 1 :]
    if inside and PurePosixPath(inside[0]).name in RULES and name not in RULES:
        return inside
    aliases = {"trivy-db": "", "semgrep": "semgrep", "action-baseline": "zap", "zap2docker-stable": "zap"}
    return [aliases.get(name, name) or name, *inside]


def _named(name: str, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    plain = [word for word in arguments if not word.startswith("-")]
    options = [word for word in arguments if word.startswith("-")]
    dry = any(option.startswith(_DRY) and not option.endswith("=none") for option in options)
    for words, what, by in RULES.get(name, ()):
        if _begins(plain, words) and not (dry and what in ("deploy", "rollback")):
            yield what, by
    yield from _by_target(name, plain)
    yield from _by_build(name, arguments)
    yield from _by_options(name, plain, options)
    yield from _by_script(name, dry=dry)


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


_OFF = ("soft_fail", "soft-fail", "no-fail", "no_fail", "warn-only", "warn_only", "exit-zero", "no-exit-codes")
_ON = ("fail-build", "fail-on-vuln", "fail_build", "fail-on-findings", "fail-on-error")


def acts_of_uses(name: str, given: Json) -> Iterator[Act]:
    """Yield what an action does. `name` is owner/name[/path], `given` its `with`."""
    inputs: JsonObject = given if isinstance(given, dict) else {}
    lower = name.lower()
    if lower.startswith("aquasecurity/trivy-action"):
        yield from _trivy_action(inputs)
        return
    if lower.partition("/")[2].startswith("readiness-gate"):
        yield Act("gate", "readiness gate")
    for what, by in acts_of_action(name):
        yield Act(what, by, 0, _input_cannot_fail(inputs) if what in SCANS else None)
    if lower == "docker/build-push-action":
        if _text(inputs.get("push")) not in ("", "false"):
            yield Act("push_image", "docker/build-push-action")
        if _text(inputs.get("sbom")) not in ("", "false"):
            yield Act("sbom", "docker/build-push-action")


def _trivy_action(inputs: JsonObject) -> Iterator[Act]:
    kind = _text(inputs.get("scan-type")) or "image"
    told = _input_cannot_fail(inputs)
    if told is None and not _text(inputs.get("exit-code")):
        told = "no exit-code, which is 0 by default"
    if _text(inputs.get("format")) in ("cyclonedx", "spdx", "spdx-json"):
        yield Act("sbom", "trivy")
    if kind in ("image", "fs", "filesystem", "repo", "rootfs", "sbom", "config"):
        what = {"image": "image", "config": "iac"}.get(kind, "dependency")
        yield Act(what, "trivy", 0, told)
    if "secret" in _text(inputs.get("scanners")):
        yield Act("secret", "trivy", 0, told)


def _input_cannot_fail(inputs: JsonObject) -> str | None:
    for key in _OFF:
        if _text(inputs.get(key)) == "true":
            return f"{key}: true"
    for key in _ON:
        if _text(inputs.get(key)) == "false":
            return f"{key}: false"
    for key in ("exit-code", "exit_code"):
        if _text(inputs.get(key)) == "0":
            return f"{key}: 0"
    for key in ("fail-on", "fail_on", "fail-on-severity"):
        if _text(inputs.get(key)) in ("none", "false"):
            return f"{key}: none"
    return None


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else ""
