"""Whether a job with the repository's own rights takes in code of the pull request that started it. Pure.

What cannot be told (a revision that an input, a variable or another step gives, a workflow of another repository)
counts as taken in: only what is certain to be the repository's own does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.ci.artefacts import Artefacts, folder_of_download, placed
from gate.collect.ci.bare import bare_words
from gate.collect.ci.doing import Repository, script_of, start_of_steps, steps_shell
from gate.collect.ci.fetching import brought_by
from gate.collect.ci.nested import SHELLS, nested_script
from gate.collect.ci.privileged import Run, runs_of_strangers, still_possible
from gate.collect.ci.revisions import PULL_REF, Whose, whose, worst
from gate.collect.ci.shell import Command, read_commands
from gate.collect.ci.source import Source
from gate.collect.ci.swallowed import shell_name
from gate.collect.ci.workflow import Job, Step, Workflow, own_folder, text
from gate.collect.disk import printable
from gate.model.json import Json, JsonObject

_DEEPEST = 5
_MOST = 50
_SHELLS = frozenset({"", "bash", "sh", "dash", "zsh", "pwsh", "powershell", "cmd"})
_IN_OTHER_WORDS = re.compile(
    r"(?i)\bgit\b.{0,80}\b(?:checkout|fetch|clone|pull|switch|reset|merge|apply)\b|\bpr\b.{0,20}\bcheckout\b"
    r"|tarball|zipball|downloadTarballArchive|downloadZipballArchive"
)
"""How code is brought by a script in another language than a shell's."""
_DOWNLOADS = re.compile(r"downloadArtifact|archive_download_url|/artifacts/")
_SETS = re.compile(r"GITHUB_(?:ENV|PATH)\b|\bexportVariable\b|\baddPath\b")


@dataclass(frozen=True, slots=True)
class Taken:
    """Code of a pull request that a job takes in: `certain`, or it cannot be told whose code it is."""

    certain: bool
    what: str
    path: str
    line: int

    @property
    def sentence(self) -> str:
        """What it does and where, to be read behind the job's name."""
        return f"{self.what} ({printable(self.path)}:{self.line})"


@dataclass(slots=True)
class _Walk:
    """The job so far.

    `start` is where its steps begin and `cwd` where the step's commands run, from the workspace's root; `scripts` are
    those read before and behind a download.
    """

    own: Repository
    found: list[Taken] = field(default_factory=list)
    artefacts: Artefacts = field(default_factory=Artefacts)
    path: str = ""
    line: int = 0
    start: str = ""
    cwd: str = ""
    scripts: set[tuple[str, bool]] = field(default_factory=set)

    def take(self, whose_: Whose, certain: str, doubtful: str) -> None:
        if whose_ is not Whose.OWN and len(self.found) < _MOST:
            sure = whose_ is Whose.CHANGE
            self.found.append(Taken(sure, certain if sure else doubtful, self.path, self.line))


def taken_by(workflow: Workflow, job: Job, events: frozenset[str], own: Repository) -> Taken | None:
    """Return the code of a stranger's pull request that a job takes in, None for none. The certain ones come first.

    `events` are the triggers on which the job may run.
    """
    runs = still_possible(job.value.get("if"), runs_of_strangers(events))
    if not runs:
        return None
    walk = _Walk(own, path=workflow.path, line=job.line, start=start_of_steps(workflow, job))
    _called(walk, workflow, job)
    _images(walk, workflow, job)
    shell = steps_shell(workflow, job)
    for step in job.steps:
        _step(walk, step, workflow.path, workflow.source, shell, runs, 0)
    return min(walk.found, key=lambda taken: not taken.certain, default=None)


def _called(walk: _Walk, workflow: Workflow, job: Job) -> None:
    """A workflow of this repository is judged by its own jobs; of another one nothing is known."""
    if job.uses and own_folder(job.uses) not in walk.own.workflows:
        walk.line = workflow.source.key("uses", job.line, job.end, job.uses)
        walk.take(Whose.UNKNOWN, "", "calls a workflow of which nobody here can tell what it checks out")


def _images(walk: _Walk, workflow: Workflow, job: Job) -> None:
    services = job.value.get("services")
    for value in (job.value.get("container"), *(services.values() if isinstance(services, dict) else ())):
        image = value.get("image") if isinstance(value, dict) else value
        if whose(image) is Whose.CHANGE:
            walk.line = workflow.source.key("container", job.line, job.end)
            walk.take(Whose.CHANGE, "runs in an image that the pull request names", "")


def _step(walk: _Walk, step: Step, path: str, source: Source, shell: str, runs: list[Run], depth: int) -> None:
    runs = still_possible(step.value.get("if"), runs)
    if not runs or depth > _DEEPEST:
        return
    walk.path, walk.line = path, step.line
    if step.run:
        given = text(step.value.get("working-directory"))
        walk.cwd = placed(given or (walk.start if depth == 0 else "")) or ""
        _run(walk, step, source, text(step.value.get("shell")) or shell)
    elif step.uses:
        walk.line = source.key("uses", step.line, step.end, step.uses)
        _uses(walk, step, runs, depth)


# --- actions


def _uses(walk: _Walk, step: Step, runs: list[Run], depth: int) -> None:
    folder = own_folder(step.uses)
    if folder is not None or step.uses.startswith(("./", "../")):
        _own_action(walk, folder, runs, depth)
        return
    given = step.value.get("with")
    inputs: JsonObject = {key.lower(): value for key, value in given.items()} if isinstance(given, dict) else {}
    name = step.uses.partition("@")[0].lower()
    if name.startswith("docker://"):
        words = ("docker", "run", step.uses.removeprefix("docker://"), *text(inputs.get("args")).split())
        _command(walk, Command(words, 0), {}, 0)
    elif "checkout" in name:
        _checkout(walk, name, inputs)
    elif "ref" in inputs and whose(inputs["ref"]) is Whose.CHANGE:
        walk.take(Whose.UNKNOWN, "", f"hands the pull request's revision to {_named(name)}")
    if name == "actions/github-script":
        _other_language(walk, text(inputs.get("script")))
    to = folder_of_download(name, inputs)
    if to is not None:
        walk.artefacts.put(to)


def _own_action(walk: _Walk, folder: str | None, runs: list[Run], depth: int) -> None:
    if folder is None or (walk.artefacts.any and walk.artefacts.holds(folder or "action.yml")):
        walk.take(Whose.CHANGE, "runs an action that lies in the artefact of another run", "")
        return
    action = walk.own.actions.get(folder)
    if action is None:
        walk.take(Whose.UNKNOWN, "", "runs an action of the workspace that this repository does not hold")
        return
    path, line = walk.path, walk.line
    for inner in action.steps:
        _step(walk, inner, action.path, action.source, "", runs, depth + 1)
    walk.path, walk.line = path, line


def _checkout(walk: _Walk, name: str, inputs: JsonObject) -> None:
    """actions/checkout takes the default or base branch on these events, unless it is told another revision."""
    if name != "actions/checkout":
        walk.take(Whose.UNKNOWN, "", f"checks out by {_named(name)}, of which nobody here can tell what it takes")
        return
    for key in ("ref", "repository"):
        value = inputs.get(key)
        words = f"checks out {_quoted(value)}"
        walk.take(
            whose(value), f"{words}, code of the pull request", f"{words}, and nobody can tell whose code that is"
        )


def _named(name: str) -> str:
    return printable(name)[:100]


def _quoted(value: Json) -> str:
    words = " ".join(text(value).split())
    return printable(words if len(words) <= 100 else f"{words[:100]}…")


# --- scripts


def _run(walk: _Walk, step: Step, source: Source, shell: str) -> None:
    variables = _variables(step)
    script = script_of(step, source, shell)
    if shell_name(shell) not in _SHELLS:
        walk.line = script.line
        _other_language(walk, step.run)
        return
    for command in script.commands:
        walk.line = script.at(command.line)
        if not command.dead:
            _command(walk, command, variables, 0)
    if any(_reads_a_script(command) for command in script.commands):
        _other_language(walk, step.run)
    env = step.value.get("env")
    for name, value in env.items() if isinstance(env, dict) else ():
        if walk.artefacts.leads(name, text(value), walk.start):
            walk.take(Whose.CHANGE, f"lets {_named(name)} lead to the artefact of another run", "")
    if walk.artefacts.any and _SETS.search(step.run):
        walk.line = script.line
        words = "sets the environment of later steps beside an artefact of another run"
        walk.take(Whose.UNKNOWN, "", words)


def _reads_a_script(command: Command) -> bool:
    """Whether a shell reads its script from elsewhere: a here-document, a pipe."""
    words = bare_words(command.words)
    plain = [word for word in words[1:] if not word.startswith("-")]
    return bool(words) and not command.dead and not plain and words[0].rpartition("/")[2] in SHELLS


def _variables(step: Step) -> Mapping[str, str]:
    """Return the step's own variables that its script does not set anew."""
    env = step.value.get("env")
    found: dict[str, str] = {}
    for name, value in env.items() if isinstance(env, dict) else ():
        set_anew = rf"\b{re.escape(name)}\s*\+?=|\b(?:read|for|mapfile|printf)\b.*\b{re.escape(name)}\b"
        if isinstance(value, str) and not re.search(set_anew, step.run):
            found[name] = value
    return found


def _command(walk: _Walk, command: Command, variables: Mapping[str, str], depth: int) -> None:
    words = bare_words(command.words)
    if not words or depth > _DEEPEST:
        return
    if words[0] == "cd":
        walk.cwd = placed(words[1] if len(words) > 1 else "", walk.cwd) or ""
        return
    name = words[0].rpartition("/")[2]
    if walk.artefacts.run_by(words, command, walk.cwd):
        walk.take(Whose.CHANGE, f"runs {_quoted(words[0])} on what lies in the artefact of another run", "")
    brought = brought_by(command.words, variables)
    words_ = _quoted(" ".join(command.words))
    walk.take(
        brought.whose,
        f"runs `{words_}`, which brings code of the pull request",
        f"runs `{words_}`, and nobody can tell whose code that brings",
    )
    if brought.artifact:
        walk.artefacts.any = True
        if brought.to is not None:
            walk.artefacts.put(f"{walk.cwd}/{brought.to}" if walk.cwd else brought.to)
    inside = nested_script(name, words)
    if inside is None:
        inside = _script(walk, name, words)
    for inner in read_commands(inside) if inside else ():
        if not inner.dead:
            _command(walk, inner, variables, depth + 1)


def _script(walk: _Walk, name: str, words: Sequence[str]) -> str | None:
    """Return the script of the repository that a command runs, once."""
    found = walk.own.scripts.script_of(name, words) if walk.own.scripts else None
    if found is None or (found[0], walk.artefacts.any) in walk.scripts:
        return None
    walk.scripts.add((found[0], walk.artefacts.any))
    return found[1]


def _other_language(walk: _Walk, script: str) -> None:
    """A script of JavaScript or Python: it is not read, only searched."""
    brings = _IN_OTHER_WORDS.search(script) is not None
    sure = brings and (PULL_REF.search(script) is not None or whose(script) is Whose.CHANGE)
    words = "runs a script that works with git or an archive"
    walk.take(
        worst([Whose.CHANGE if sure else Whose.UNKNOWN if brings else Whose.OWN]),
        f"{words} of the pull request",
        f"{words}, and nobody can tell whose code that brings",
    )
    if walk.artefacts.loaded_by(script) or (walk.artefacts.any and _SETS.search(script)):
        walk.take(Whose.UNKNOWN, "", "runs a script that may load what lies in the artefact of another run")
    if _DOWNLOADS.search(script):
        walk.artefacts.any = True
