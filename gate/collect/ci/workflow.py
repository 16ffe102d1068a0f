"""A workflow, and a local action, as values: what the YAML says, with lines, nothing of a wrong type. Pure.

The format is that of https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gate.collect.ci.own_runs import is_gate_itself
from gate.collect.ci.source import Source
from gate.formats.located_yaml import Located, line_of
from gate.model.json import Json, JsonObject

_MOST_JOBS = 2_000
_MOST_STEPS = 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """A step. `end` is the line behind its last one, `number` counts from 1, `label` is what a sentence calls it."""

    value: Located
    number: int
    line: int
    end: int

    @property
    def label(self) -> str:
        """Its name, its id, or what it uses, else its number."""
        for key in ("name", "id", "uses"):
            found = text(self.value.get(key))
            if found:
                return found
        return f"step {self.number}"

    @property
    def uses(self) -> str:
        """The action, "" for none."""
        return text(self.value.get("uses"))

    @property
    def run(self) -> str:
        """The script, "" for none."""
        return text(self.value.get("run"))


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its id."""

    id: str
    value: Located
    line: int
    end: int
    steps: tuple[Step, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of the jobs that it waits for."""
        return texts(self.value.get("needs"))

    @property
    def uses(self) -> str:
        """The reusable workflow that it calls, "" for none."""
        return text(self.value.get("uses"))


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow. `events` are its triggers with their filters (empty where they have none)."""

    path: str
    line: int
    value: Located
    source: Source
    events: dict[str, Json]
    jobs: tuple[Job, ...]

    @property
    def cut(self) -> str | None:
        """Why not all of it was read, None where it was."""
        jobs = self.value.get("jobs")
        if isinstance(jobs, dict) and len(jobs) > _MOST_JOBS:
            return f"has {len(jobs):,} jobs, of which {_MOST_JOBS:,} are read"
        return next((reason for job in self.jobs if (reason := _cut_steps(job.value, f"its job {job.id}"))), None)

    @property
    def name(self) -> str:
        """Its name; without one GitHub takes the path."""
        return text(self.value.get("name")) or self.path


@dataclass(frozen=True, slots=True)
class LocalAction:
    """An action of the tree.

    `folder` is where it lies, "" for the root; only a composite one has steps. `cut` says why not all were read.
    `is_gate` is true for this gate's own.
    """

    path: str
    folder: str
    source: Source
    using: str
    steps: tuple[Step, ...] = field(default=())
    cut: str | None = None
    is_gate: bool = False


def read_workflow(path: str, value: Located, line: int, source: Source) -> Workflow:
    """Return a workflow of its document."""
    jobs = value.get("jobs")
    bodies = list(jobs.items())[:_MOST_JOBS] if isinstance(jobs, dict) else []
    starts = [line_of(body, line) for _id, body in bodies]
    read: list[Job] = []
    for (id_, body), start in zip(bodies, starts, strict=True):
        if isinstance(body, Located):
            end = next_line(start, starts, len(source.lines) + 1)
            read.append(Job(id_, body, start, end, _steps(body.get("steps"), end)))
    return Workflow(path, line, value, source, _events(value.get("on")), tuple(read))


def read_action(path: str, value: Located, source: Source) -> LocalAction:
    """Return an action of its document."""
    runs = value.get("runs")
    body: JsonObject = runs if isinstance(runs, dict) else {}
    using = text(body.get("using"))
    steps = _steps(body.get("steps"), len(source.lines) + 1) if using == "composite" else ()
    own = is_gate_itself(value, using)
    return LocalAction(path, path.rpartition("/")[0], source, using, steps, _cut_steps(body, "it"), own)


def next_line(start: int, starts: Sequence[int], last: int) -> int:
    """Return the first of the starts behind `start`, `last` where none is."""
    return min((other for other in starts if other > start), default=last)


def _cut_steps(body: JsonObject, whose: str) -> str | None:
    steps = body.get("steps")
    if isinstance(steps, list) and len(steps) > _MOST_STEPS:
        return f"{whose} has {len(steps):,} steps, of which {_MOST_STEPS:,} are read"
    return None


def _steps(value: Json, end: int) -> tuple[Step, ...]:
    items = [item for item in value[:_MOST_STEPS] if isinstance(item, Located)] if isinstance(value, list) else []
    lines = [item.line for item in items]
    return tuple(
        Step(item, number, item.line, lines[number] if number < len(items) and lines[number] > item.line else end)
        for number, item in enumerate(items, 1)
    )


def _events(value: Json) -> dict[str, Json]:
    if isinstance(value, str):
        return {value: None} if value else {}
    if isinstance(value, list):
        return {item: None for item in value if isinstance(item, str) and item}
    return dict(value) if isinstance(value, dict) else {}


def text(value: Json) -> str:
    """Return a text, "" for what is none."""
    return value if isinstance(value, str) else ""


def texts(value: Json) -> tuple[str, ...]:
    """Return a list of texts; one text is a list of one; what is no text is left out."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def is_true(value: Json) -> bool:
    """Whether a setting is on for certain: `true`, or an expression of nothing else."""
    return value is True or (isinstance(value, str) and value.replace(" ", "").lower() in ("true", "${{true}}"))


def own_folder(uses: str) -> str | None:
    """Return the path that a local `uses` (`./x`) names, None for another one."""
    if not uses.startswith("./"):
        return None
    parts: list[str] = []
    for part in uses[2:].split("/"):
        if part == "..":
            return None
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
