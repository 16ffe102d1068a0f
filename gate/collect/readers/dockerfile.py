"""A Dockerfile as stages. Pure: bytes in, values out.

Of what stands before the first FROM only ARG is allowed, and its values reach FROM lines. A FROM names an image or a
stage above it, by a name without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gate.collect.readers.dockerfile_lines import Instruction, decoded, read_lines
from gate.collect.readers.dockerfile_words import UNKNOWN, Lookup, expand, words
from gate.collect.readers.errors import ReportError

MOST_STAGES = 1_000
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*))")
_DECLARED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    `written` is the base as the FROM line has it, `base` what it stands for (`UNKNOWN` in it for what only the build
    tells), `variables` those that it is made of, `parents` the earlier stages that it may be built on: one, none for an
    image, or several where a variable of the build chooses among them.
    """

    index: int
    name: str | None
    written: str
    base: str
    line: int
    variables: tuple[str, ...] = ()
    parents: tuple[int, ...] = ()
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole Dockerfile. `arguments` are those declared before the first FROM, by `preamble`; None without a value."""

    stages: tuple[Stage, ...]
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    preamble: tuple[Instruction, ...] = ()
    escape: str = "\\"
    syntax: str | None = None


def first_word(data: bytes) -> str:
    """Return the first word that is no comment, "" where there is none; of a Dockerfile, FROM or ARG.

    For files whose name alone says Dockerfile. Raises ReportError for what is no text.
    """
    for row in decoded(data):
        bare = row.strip()
        if bare and not bare.startswith("#"):
            return bare.split(None, 1)[0]
    return ""


def read_dockerfile(data: bytes) -> Dockerfile:
    """Return the stages of a Dockerfile. Raises ReportError where Docker would refuse it."""
    lines = read_lines(data)
    stages: list[Stage] = []
    arguments: dict[str, str | None] = {}
    body: list[Instruction] = []
    preamble: list[Instruction] = []
    open_stage: Stage | None = None
    for instruction in lines.instructions:
        if instruction.keyword == "FROM":
            if open_stage is not None:
                stages.append(_with(open_stage, body))
            open_stage, body = _stage(instruction, stages, arguments, lines.escape), []
            if len(stages) >= MOST_STAGES:
                raise ReportError(f"has more than {MOST_STAGES:,} stages", instruction.line)
        elif open_stage is not None:
            body.append(instruction)
        elif instruction.keyword == "ARG":
            preamble.append(instruction)
            arguments.update(declared(instruction, arguments.get, lines.escape))
        else:
            raise ReportError(f"has {instruction.keyword} before the first FROM", instruction.line)
    if open_stage is None:
        raise ReportError("has no FROM")
    stages.append(_with(open_stage, body))
    return Dockerfile(tuple(stages), arguments, tuple(preamble), lines.escape, lines.syntax)


def declared(instruction: Instruction, lookup: Lookup, escape: str) -> dict[str, str | None]:
    """Return what an ARG line declares: name → default value, None without one."""
    found: dict[str, str | None] = {}

    def known(name: str) -> str | None:
        return found[name] if name in found else lookup(name)

    for word in words(instruction.text, escape):
        # `ARG "NAME=value"` is the same as without the quotes.
        match = _DECLARED.fullmatch(word) or _DECLARED.fullmatch(expand(word, known, escape))
        if match is not None:
            found[match[1]] = None if match[2] is None else expand(match[2], known, escape)
    return found


def _with(stage: Stage, body: list[Instruction]) -> Stage:
    return replace(stage, instructions=tuple(body))


def _stage(instruction: Instruction, earlier: list[Stage], arguments: Mapping[str, str | None], escape: str) -> Stage:
    parts = instruction.text.split()
    if len(parts) not in (1, 3) or (len(parts) == 3 and parts[1].upper() != "AS"):
        raise ReportError("has a FROM that is neither “FROM image” nor “FROM image AS name”", instruction.line)
    name = parts[2].lower() if len(parts) == 3 else None
    if name is not None and not _STAGE_NAME.fullmatch(name):
        raise ReportError(f"names a stage “{parts[2][:40]}”, which Docker does not take", instruction.line)
    base = expand(parts[0], arguments.get, escape)
    variables = tuple(dict.fromkeys(match[1] or match[2] for match in _VARIABLE.finditer(parts[0])))
    parents = _parents(base, earlier)
    return Stage(len(earlier), name, parts[0], base, instruction.line, variables, parents)


def _parents(base: str, earlier: list[Stage]) -> tuple[int, ...]:
    """Return the stages that a base may mean. One that is given again under the same name hides the first."""
    wanted = base.lower()
    if UNKNOWN not in wanted:
        return next(((stage.index,) for stage in reversed(earlier) if stage.name == wanted), ())
    head, _, rest = wanted.partition(UNKNOWN)
    tail = rest.rpartition(UNKNOWN)[2]
    if not head and not tail:
        return ()
    return tuple(
        stage.index
        for stage in earlier
        if stage.name is not None
        and len(stage.name) > len(head) + len(tail)
        and stage.name.startswith(head)
        and stage.name.endswith(tail)
    )
