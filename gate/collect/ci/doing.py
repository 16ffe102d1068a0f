"""What the jobs of a workflow do, step by step, and whether a failure of it ends the job. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gate.collect.ci.act import Act, acts_of_uses, gate_acts
from gate.collect.ci.acts import acts_of_command, does_something
from gate.collect.ci.expressions import PULL, is_false, known_on
from gate.collect.ci.own_runs import COLLECTS, Values, is_gate_action, judges, matrix_of, of_action
from gate.collect.ci.scripts import Scripts
from gate.collect.ci.shell import Command, read_commands
from gate.collect.ci.source import Source
from gate.collect.ci.swallowed import Swallowed, find_swallowed, shell_name
from gate.collect.ci.workflow import Job, LocalAction, Step, Workflow, is_true, own_folder, text
from gate.model.json import Json

_DEEPEST = 5
_USUAL = ("| ", "if", "&", "!", "shell:")
"""Ways to hide a failure that are right where the failure is no news."""
_JUDGES = re.compile(r"\bgate\s+(?:run|evaluate|publish)\b")
_SCRIPTED = frozenset({"", "bash", "sh", "dash", "zsh", "pwsh", "powershell", "cmd"})


@dataclass(frozen=True, slots=True)
class Done:
    """An act with its place.

    `told` says why its failure does not end the job, None where it does; `not_on` are events on which it is left out.
    """

    act: Act
    path: str
    line: int
    step: str
    told: str | None
    not_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A failure that is swallowed: `how`, of which `command` (its first words), and what that does (`acts`)."""

    path: str
    line: int
    step: str
    how: str
    command: str
    acts: tuple[Act, ...]


@dataclass(slots=True)
class Doing:
    """What a job does. `real` is how many of its steps run anything but words for the log; `matrix` are its legs."""

    done: list[Done] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    real: int = 0
    matrix: Values = field(default_factory=dict)

    def what(self) -> frozenset[str]:
        """The kinds of acts."""
        return frozenset(each.act.what for each in self.done)


@dataclass(frozen=True, slots=True)
class Script:
    """The commands of a step's script. `line` is that of its first line in the file."""

    commands: tuple[Command, ...]
    swallowed: tuple[Swallowed, ...]
    line: int
    end: int

    def at(self, line: int) -> int:
        """The line in the file of a line of the script."""
        return min(self.line + line, max(self.line, self.end - 1))


@dataclass(frozen=True, slots=True)
class Repository:
    """What a step may use of the repository: its actions by their folder, its scripts, its workflows by their path.

    `judged` is true where some job judges what `gate collect` collects, so that findings of it block.
    """

    actions: Mapping[str, LocalAction]
    scripts: Scripts | None = None
    workflows: Collection[str] = ()
    judged: bool = False


def do(workflow: Workflow, job: Job, own: Repository) -> Doing:
    """Return what a job does."""
    doing = Doing(matrix=matrix_of(job.value.get("strategy")))
    shell = steps_shell(workflow, job)
    for step in job.steps:
        _step(doing, step, workflow.path, workflow.source, shell, own, 0)
    called = job.uses.partition("@")[0]
    if called and own_folder(job.uses) is None:
        doing.real += 1
        at = workflow.source.key("uses", job.line, job.end, job.uses)
        for act in acts_of_uses(called, job.value.get("with")):
            doing.done.append(Done(act, workflow.path, at, called, _told(act, own)))
    if is_true(job.value.get("continue-on-error")):
        doing.done = [replace(done, told=done.told or "continue-on-error of the job") for done in doing.done]
    return doing


def _step(doing: Doing, step: Step, path: str, source: Source, shell: str, own: Repository, depth: int) -> None:
    if is_false(step.value.get("if")) or depth > _DEEPEST:
        return
    before = len(doing.done)
    if step.run:
        _run(doing, step, path, source, text(step.value.get("shell")) or shell, own)
    elif step.uses:
        _use(doing, step, path, source, own, depth)
    if is_true(step.value.get("continue-on-error")):
        doing.done[before:] = [replace(done, told=done.told or "continue-on-error") for done in doing.done[before:]]
    condition = step.value.get("if")
    if condition is not None:
        not_on = frozenset(event for event in PULL if is_false(condition, known_on(event)))
        doing.done[before:] = [replace(done, not_on=done.not_on | not_on) for done in doing.done[before:]]


def _run(doing: Doing, step: Step, path: str, source: Source, shell: str, own: Repository) -> None:
    script = script_of(step, source, shell)
    told = {index: one.how for one in script.swallowed for index in one.covers}
    acts: dict[int, tuple[Act, ...]] = {}
    for index, command in enumerate(script.commands):
        acts[index] = () if command.dead else tuple(acts_of_command(command, own.scripts))
        for act in acts[index]:
            why = _told(act, own) or told.get(index)
            doing.done.append(Done(act, path, script.at(command.line), step.label, why))
    doing.real += does_something(step.run)
    for one in script.swallowed:
        hidden = tuple(act for index in one.covers for act in acts[index])
        if one.how.startswith(_USUAL) and not any(act.is_scan or act.what == "tests" for act in hidden):
            continue  # `ls | head`, `if grep -q …`: nothing that anybody claims
        first = script.commands[next((index for index in one.covers if acts[index]), one.covers[0])]
        words = " ".join(first.words)[:120]
        doing.hidden.append(Hidden(path, script.at(one.line), step.label, one.how, words, hidden))


def script_of(step: Step, source: Source, shell: str) -> Script:
    """Return the commands of a step's script; none for a script in another language than a shell's."""
    run = step.run
    line = source.script(step.line, step.end, run)
    if shell_name(shell) not in _SCRIPTED:
        return Script((), (), line, step.end)
    commands = tuple(read_commands(run))
    return Script(commands, tuple(find_swallowed(commands, shell)), line, step.end)


def _use(doing: Doing, step: Step, path: str, source: Source, own: Repository, depth: int) -> None:
    local = own_folder(step.uses)
    if local is not None:
        action = own.actions.get(local)
        if action is not None and action.is_gate:
            _add_gate(doing, step, path, source, own)
        for inner in action.steps if action else ():
            assert action is not None
            _step(doing, inner, action.path, action.source, "", own, depth + 1)
        doing.real += action is not None and action.using != "composite"
        return
    doing.real += not step.uses.startswith(("actions/checkout@", "actions/cache@"))
    at = source.key("uses", step.line, step.end, step.uses)
    name = step.uses.partition("@")[0]
    if is_gate_action(name):
        _add_gate(doing, step, path, source, own)
        return
    if name.startswith("docker://"):
        image = step.uses.removeprefix("docker://")
        arguments = _arguments(step.value.get("with"))
        acts = acts_of_command(Command(("docker", "run", image, *arguments), 0))
    else:
        acts = acts_of_uses(name, step.value.get("with"))
    for act in acts:
        doing.done.append(Done(act, path, at, step.label, act.told))


def _add_gate(doing: Doing, step: Step, path: str, source: Source, own: Repository) -> None:
    at = source.key("uses", step.line, step.end, step.uses)
    for act in gate_acts(of_action(step.value.get("with"), doing.matrix)):
        doing.done.append(Done(act, path, at, step.label, _told(act, own)))


def _told(act: Act, own: Repository) -> str | None:
    """Return why an act cannot fail. What one job collects another one may judge."""
    return None if act.told == COLLECTS and own.judged else act.told


def judged_by(workflow: Workflow, job: Job, own: Repository) -> bool:
    """Whether a job judges what this gate collects."""
    for step in job.steps:
        local = own_folder(step.uses) if step.uses else None
        action = own.actions.get(local) if local is not None else None
        if is_gate_action(step.uses.partition("@")[0]) or (action is not None and action.is_gate):
            if judges(step.value.get("with")):
                return True
        elif step.run and _JUDGES.search(step.run):
            commands = script_of(step, workflow.source, "").commands
            return any(act.what == "gate" for each in commands for act in acts_of_command(each, own.scripts))
    return False


def _arguments(given: Json) -> tuple[str, ...]:
    return tuple(text(given.get("args")).split()) if isinstance(given, dict) else ()


def start_of_steps(workflow: Workflow, job: Job) -> str:
    """Return the working-directory of steps that name none, "" for the workspace."""
    return _default(workflow, job, "working-directory")


def _default(workflow: Workflow, job: Job, key: str) -> str:
    for value in (job.value, workflow.value):
        defaults = value.get("defaults")
        run = defaults.get("run") if isinstance(defaults, dict) else None
        found = text(run.get(key)) if isinstance(run, dict) else ""
        if found:
            return found
    return ""


def steps_shell(workflow: Workflow, job: Job) -> str:
    """Return the shell of steps that name none, "" for the runner's own."""
    shell = _default(workflow, job, "shell")
    if shell:
        return shell
    runs_on = job.value.get("runs-on")
    return "pwsh" if isinstance(runs_on, str) and runs_on.lower().startswith("windows") else ""


def continued(workflow: Workflow) -> Iterator[tuple[str, str, int, bool]]:
    """Yield (job, step or "", line, certain) for each `continue-on-error` that is on, or may be."""
    for job in workflow.jobs:
        yield from continued_in(job, workflow.source)


def continued_in(job: Job, source: Source) -> Iterator[tuple[str, str, int, bool]]:
    """Yield the same of one job."""
    yield from _continued(source, job.value.get("continue-on-error"), job.id, "", job.line, job.end)
    for step in job.steps:
        value = step.value.get("continue-on-error")
        yield from _continued(source, value, job.id, step.label, step.line, step.end)


def _continued(
    source: Source, value: Json, job: str, step: str, line: int, end: int
) -> Iterator[tuple[str, str, int, bool]]:
    if value is None or value is False or (isinstance(value, str) and is_false(value)):
        return
    yield job, step, source.key("continue-on-error", line, end), is_true(value)
