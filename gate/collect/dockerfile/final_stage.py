"""What the image of a Dockerfile is like: its last stage, with all that it takes over from the stages below it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gate.collect.dockerfile.base_images import image_of
from gate.collect.health_command import script_cannot_fail, words_cannot_fail
from gate.collect.readers.dockerfile import Dockerfile, Stage, declared
from gate.collect.readers.dockerfile_lines import Instruction
from gate.collect.readers.dockerfile_words import UNKNOWN, expand, json_words, pairs, words
from gate.formats.quantities import go_duration

_MOST_WAYS = 16
_ROOTS = frozenset({"root", "containeradministrator"})
_MADE_ROOT = re.compile(
    r"\b(?:useradd|adduser|usermod)\b[^\n;&|]{0,300}?\s(?:-[a-zA-Z]{0,8}u\s{0,9}|--uid[ =]{1,9})0{1,9}(?!\w)"
    r"[^\n;&|]{0,300}"
)
"""A user that gets the number 0, and so is root by another name."""
_DEFAULTS: dict[str, float] = {"interval": 30, "timeout": 30, "start-period": 0, "start-interval": 5}
"""Seconds; from the Dockerfile reference, "HEALTHCHECK". Docker takes 0 for the default, too."""
_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Command:
    """An ENTRYPOINT or CMD. `exec_form` is whether it is written as a JSON list, and so runs without a shell."""

    exec_form: bool
    line: int


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A HEALTHCHECK. Times are in seconds, Docker's defaults where none are given; None for what is no duration.

    `tests_nothing` is whether its command can only succeed (`true`, `curl … || exit 0`).
    """

    line: int
    interval: float | None
    timeout: float | None
    start_period: float | None
    start_interval: float | None
    retries: int | None
    exec_form: bool
    tests_nothing: bool


@dataclass(slots=True)
class Final:
    """The last stage. `user` holds `UNKNOWN` where only the build tells; None where no stage names one.

    `unknown_base` is whether it is built on something that only the build tells, be it an image or a stage. `roots` are
    users that it makes with the number 0.
    """

    user: str | None = None
    user_line: int | None = None
    healthcheck: Healthcheck | None = None
    entrypoint: Command | None = None
    command: Command | None = None
    workdir: str | None = None
    ports: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    unknown_base: bool = False
    roots: set[str] = field(default_factory=set)

    @property
    def non_root(self) -> bool | None:
        """Whether the user is named and is not root; None where the user is not known."""
        if self.user is None:
            return False
        name = self.user.partition(":")[0]
        if UNKNOWN in name:
            return None
        if name.isascii() and name.isdigit():
            return int(name[:20]) != 0
        return bool(name) and name.lower() not in _ROOTS and name not in self.roots


def final_stages(dockerfile: Dockerfile) -> list[Final]:
    """Return what the image may be like: once, or once for each stage that a variable of the build may choose.

    Nothing where there are too many ways to follow.
    """
    return [_run(dockerfile, chain) for chain in _chains(dockerfile)]


def _chains(dockerfile: Dockerfile) -> list[list[Stage]]:
    """Return the ways from a first stage to the last one. A FROM can only name earlier stages, so they all end."""
    ways = [[dockerfile.stages[-1]]]
    whole: list[list[Stage]] = []
    while ways:
        way = ways.pop()
        while len(way[-1].parents) == 1:
            way.append(dockerfile.stages[way[-1].parents[0]])
        parents = way[-1].parents
        if not parents:
            whole.append(way[::-1])
        elif len(whole) + len(ways) + len(parents) > _MOST_WAYS:
            return []
        else:
            ways += [[*way, dockerfile.stages[parent]] for parent in parents]
    return whole


def _run(dockerfile: Dockerfile, chain: list[Stage]) -> Final:
    walk = _Walk(dockerfile)
    for stage in chain:
        walk.stage(stage)
    return walk.final


class _Walk:
    """Goes through the instructions of stages in the order of the build."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._dockerfile = dockerfile
        self._environment: dict[str, str] = {}
        self._arguments: dict[str, str | None] = {}
        self._delayed: list[Instruction] = []
        self._command_here = False
        self.final = Final()
        self._do: dict[str, Callable[[Instruction], None]] = {
            "ARG": self._arg,
            "CMD": self._cmd,
            "ENTRYPOINT": self._entrypoint,
            "ENV": self._env,
            "EXPOSE": self._expose,
            "HEALTHCHECK": self._healthcheck,
            "LABEL": self._label,
            "ONBUILD": self._onbuild,
            "RUN": self._run_made,
            "USER": self._user,
            "WORKDIR": self._workdir,
        }

    def stage(self, stage: Stage) -> None:
        self._command_here = False
        if not stage.parents:
            self._of_base(stage)
        delayed, self._delayed = self._delayed, []
        for instruction in (*delayed, *stage.instructions):
            do = self._do.get(instruction.keyword)
            if do is not None:
                do(instruction)

    def _of_base(self, stage: Stage) -> None:
        """Note a base that may be a stage of this file. What an image of elsewhere has set counts as not there."""
        if image_of(stage.base).image is None:
            self.final.unknown_base = True
            self.final.user = UNKNOWN

    def _lookup(self, name: str) -> str | None:
        found = self._environment.get(name)
        return self._arguments.get(name) if found is None else found

    def _expanded(self, text: str) -> str:
        return expand(text, self._lookup, self._dockerfile.escape)

    def _arg(self, instruction: Instruction) -> None:
        for name, value in declared(instruction, self._lookup, self._dockerfile.escape).items():
            self._arguments[name] = self._dockerfile.arguments.get(name) if value is None else value

    def _env(self, instruction: Instruction) -> None:
        new = {name: self._expanded(value) for name, value in pairs(instruction.text, self._dockerfile.escape)}
        # All values of one line are worked out before any of them counts.
        self._environment.update(new)

    def _user(self, instruction: Instruction) -> None:
        self.final.user, self.final.user_line = self._expanded(instruction.text.strip()), instruction.line

    def _run_made(self, instruction: Instruction) -> None:
        for text in (instruction.text, *(heredoc.text for heredoc in instruction.heredocs)):
            for found in _MADE_ROOT.finditer(text.replace('"', " ").replace(",", " ")):
                self.final.roots.update(found[0].split()[1:])

    def _workdir(self, instruction: Instruction) -> None:
        path = self._expanded(instruction.text.strip())
        below = self.final.workdir or "/"
        absolute = path.startswith(("/", UNKNOWN)) or path[1:2] == ":"
        self.final.workdir = path if absolute else posixpath.normpath(posixpath.join(below, path))[:4096]

    def _expose(self, instruction: Instruction) -> None:
        for word in words(instruction.text, self._dockerfile.escape):
            port = self._expanded(word).lower()
            if UNKNOWN not in port and port:
                self.final.ports.append(port if "/" in port else f"{port}/tcp")

    def _label(self, instruction: Instruction) -> None:
        for name, value in pairs(instruction.text, self._dockerfile.escape):
            self.final.labels[self._expanded(name).replace(UNKNOWN, "?")] = self._expanded(value)

    def _entrypoint(self, instruction: Instruction) -> None:
        self.final.entrypoint = _command(instruction)
        if not self._command_here:
            # Docker drops the command of the base when the entry point is a new one.
            self.final.command = None

    def _cmd(self, instruction: Instruction) -> None:
        self._command_here = True
        self.final.command = _command(instruction)

    def _healthcheck(self, instruction: Instruction) -> None:
        kind, *rest = instruction.text.split(None, 1)
        if kind.upper() == "NONE":
            self.final.healthcheck = None
        elif kind.upper() == "CMD":
            self.final.healthcheck = _check(instruction, rest[0] if rest else "")

    def _onbuild(self, instruction: Instruction) -> None:
        if instruction.inner is not None:
            self._delayed.append(instruction.inner)


def _command(instruction: Instruction) -> Command | None:
    """Return a command; None for an empty one, which takes the base's away."""
    found = instruction.json
    if found == [] or not instruction.text.strip():
        return None
    return Command(found is not None, instruction.line)


def _check(instruction: Instruction, rest: str) -> Healthcheck:
    found = json_words(rest)
    times = {name: _seconds(instruction.flag(name), default) for name, default in _DEFAULTS.items()}
    return Healthcheck(
        line=instruction.line,
        interval=times["interval"],
        timeout=times["timeout"],
        start_period=times["start-period"],
        start_interval=times["start-interval"],
        retries=_whole(instruction.flag("retries")),
        exec_form=found is not None,
        tests_nothing=script_cannot_fail(rest) if found is None else words_cannot_fail(found),
    )


def _seconds(text: str | None, default: float) -> float | None:
    if text is None:
        return default
    try:
        found = go_duration(text)
    except ValueError:
        return None
    return (found or default) if found >= 0 else None


def _whole(text: str | None) -> int | None:
    if text is None:
        return _RETRIES
    return (int(text) or _RETRIES) if text.isascii() and text.isdigit() and len(text) <= 9 else None
