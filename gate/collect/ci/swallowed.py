"""Where a script hides that a command failed. Only what is certain. Pure.

GitHub runs a script with `bash -e {0}` where no shell is named, and with `bash --noprofile --norc -eo pipefail {0}` for
`shell: bash` (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference).
So a failure ends the script, except left of `||`, left of a pipe without pipefail, and after `set +e`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.collect.ci.shell import Command

_NEUTRAL = frozenset({"true", ":", "echo", "printf", "/bin/true", "return", "exit", "continue", "write-host"})
_TEXT_SHELLS = frozenset({"bash", "sh", ""})


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A place that hides failures: `how` are the words that do it, `covers` the commands whose it hides, by index."""

    line: int
    how: str
    covers: tuple[int, ...]


def shell_name(shell: str) -> str:
    """Return the program of a `shell` (`bash`, `bash -l {0}`, `pwsh`), "" where none is named."""
    return PurePosixPath(shell.split()[0]).name.removesuffix(".exe") if shell.split() else ""


def find_swallowed(commands: Sequence[Command], shell: str) -> list[Swallowed]:
    """Return the commands of a script whose failure is hidden, in order."""
    found: list[Swallowed] = []
    for index in range(len(commands)):
        how = _neutral(commands, index)
        if how is not None:
            covers = tuple(reversed(_list_before(commands, index)))
            if covers:
                found.append(Swallowed(commands[covers[-1]].line, how, covers))
    return sorted([*found, *_set_plus_e(commands), *_pipes(commands, shell)], key=lambda one: (one.line, one.how))


def _neutral(commands: Sequence[Command], index: int) -> str | None:
    """Return how the command at `index` hides that what stands left of it failed, None where it does not."""
    command = commands[index]
    if command.joined != "||" or command.grouped or command.condition or command.then not in ("", ";", "&"):
        return None
    first, arguments = command.words[0].lower(), command.words[1:]
    if first not in _NEUTRAL:
        return None
    if first in ("exit", "return") and arguments[:1] not in (("0",), ()):
        return None
    return f"|| {first} 0" if first in ("exit", "return") and arguments else f"|| {first}"


def _list_before(commands: Sequence[Command], index: int) -> list[int]:
    """Return the commands of the list that ends at `index`, those of substitutions left out."""
    inner = commands[index].inner
    at = index - 1
    found: list[int] = []
    while at >= 0:
        if commands[at].inner == inner:
            found.append(at)
            if commands[at].joined not in ("&&", "||", "|", "|&"):
                break
        at -= 1
    # Of `a && b || true` both count; what is only told on the way does not.
    return [at for at in found if commands[at].words[0].lower() not in _NEUTRAL | {"cd", "set"}][:20]


def _set_plus_e(commands: Sequence[Command]) -> list[Swallowed]:
    """Return the `set +e` after which nothing asks how the commands went."""
    found = []
    for index, command in enumerate(commands):
        if command.inner or command.words[0] != "set" or not _has_flag(command.words[1:], "+", "e"):
            continue
        later = commands[index + 1 :]
        if not any(_asks(each) for each in later) and any(not each.inner for each in later):
            ends = next((each for each in reversed(later) if not each.inner), None)
            how = "; exit 0" if ends is not None and ends.words[:2] == ("exit", "0") else "set +e"
            covers = tuple(at for at, each in enumerate(commands) if at > index and not each.inner)
            found.append(Swallowed(command.line, how, covers[:1_000]))
    return found


def _asks(command: Command) -> bool:
    """Whether a command turns errors on again, or looks at an exit status."""
    if command.words[0] == "set" and (_has_flag(command.words[1:], "-", "e") or "errexit" in command.words):
        return True
    if command.words[0] == "exit" and command.words[1:2] not in ((), ("0",)):
        return True
    return any("$?" in word or "PIPESTATUS" in word for word in command.words)


def _has_flag(words: Sequence[str], sign: str, flag: str) -> bool:
    return any(word.startswith(sign) and flag in word[1:] and word[1:].isalpha() for word in words)


def _pipes(commands: Sequence[Command], shell: str) -> list[Swallowed]:
    """Return what feeds `tee` and the like where no pipefail is set: only the last command of a pipe counts."""
    if shell_name(shell) not in _TEXT_SHELLS or "pipefail" in shell or shell.strip() == "bash":
        return []
    found = []
    safe = False
    for index, command in enumerate(commands):
        if command.words[0] == "set" and any("pipefail" in word for word in command.words):
            safe = True
        behind = commands[index + 1] if index + 1 < len(commands) else None
        if safe or command.then != "|" or behind is None or command.condition or behind.joined != "|":
            continue
        if PurePosixPath(behind.words[0]).name in ("tee", "cat", "tail", "head", "sed", "ts"):
            found.append(Swallowed(command.line, f"| {PurePosixPath(behind.words[0]).name}", (index,)))
    return found
