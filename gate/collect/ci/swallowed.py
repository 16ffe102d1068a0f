"""Where a script hides that a command failed. Only what is certain. Pure.

GitHub runs a script with `bash -e {0}` where no shell is named, and with `bash --noprofile --norc -eo pipefail {0}` for
`shell: bash` (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference).
So a failure ends the script, except left of `||`, left of a pipe without pipefail, and after `set +e`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.collect.ci.bare import ASSIGNMENT
from gate.collect.ci.shell import Command

_NEUTRAL = frozenset({"true", ":", "echo", "printf", "/bin/true", "return", "exit", "continue", "write-host"})
_FILTERS = frozenset(
    {
        "tee",
        "cat",
        "tail",
        "head",
        "sed",
        "ts",
        "awk",
        "sort",
        "uniq",
        "wc",
        "tr",
        "cut",
        "less",
        "more",
        "column",
        "nl",
    }
    | {"true", ":", "fold", "tac", "base64", "gzip", "xz"}
)
"""Programs that end well whatever they read."""
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
    found += [*_set_plus_e(commands, shell), *_pipes(commands, shell), *_in_the_background(commands)]
    found += [*_negated(commands), *_asked(commands), *_trapped(commands)]
    found = [_with_substitutions(commands, one) for one in found]
    return sorted([*found, *_as_text(commands)], key=lambda one: (one.line, one.how))


def _neutral(commands: Sequence[Command], index: int) -> str | None:
    """Return how the command at `index` hides that what stands left of it failed, None where it does not."""
    command = commands[index]
    if command.joined != "||" or command.condition or command.then not in ("", ";", "&"):
        return None
    if command.grouped and not _stands_alone(commands, index):
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


def _stands_alone(commands: Sequence[Command], index: int) -> bool:
    """Whether a command is the only one in its group: `{ true; }`, `(exit 0)`."""
    behind = commands[index + 1] if index + 1 < len(commands) else None
    return behind is None or behind.level < commands[index].level


def _set_plus_e(commands: Sequence[Command], shell: str) -> list[Swallowed]:
    """Return from where on nothing ends the script, and nothing asks how the commands went."""
    starts = [(0, -1, f"shell: {shell}")] if _goes_on(shell) else []
    for index, command in enumerate(commands):
        if not command.inner and command.words[0] == "set" and _has_flag(command.words[1:], "+", "e"):
            starts.append((command.line, index, "set +e"))
    found = []
    for line, index, how in starts:
        later = [at for at in range(index + 1, len(commands)) if not commands[at].inner]
        if not later or any(_asks(commands[at]) for at in later):
            continue
        last = commands[later[-1]]
        if last.words[:2] == ("exit", "0"):
            how = "; exit 0"
        elif last.words[0].lower() not in _NEUTRAL and not last.joined:
            later.pop()  # how the last one ends is how the script ends
        if later:
            found.append(Swallowed(line, how, tuple(later[:1_000])))
    return found


def _goes_on(shell: str) -> bool:
    """Whether a shell of one's own goes on behind a failure: `bash {0}` has no `-e`."""
    words = shell.split()
    if "{0}" not in words or shell_name(shell) not in (*_TEXT_SHELLS, "dash", "zsh", "ash", "ksh"):
        return False
    return not any(word == "errexit" or (word[:1] == "-" and word[1:2] != "-" and "e" in word) for word in words)


def _in_the_background(commands: Sequence[Command]) -> Iterator[Swallowed]:
    """Yield what runs on its own, and nobody waits for."""
    waits = any(command.words[0] == "wait" for command in commands)
    for index, command in enumerate(commands):
        if command.then == "&" and not waits and not command.inner:
            covers = [index] if not command.joined else [*_list_before(commands, index)[::-1], index]
            yield Swallowed(command.line, "&", tuple(covers))


def _negated(commands: Sequence[Command]) -> Iterator[Swallowed]:
    """Yield what stands behind a `!`, which `-e` passes over."""
    for index, command in enumerate(commands):
        if command.negated and not command.condition and not command.inner:
            yield Swallowed(command.line, "!", (index,))


def _asked(commands: Sequence[Command]) -> Iterator[Swallowed]:
    """Yield what is only the question of an `if`, in a script that never ends with a failure of its own accord."""
    if any(_ends(command) for command in commands):
        return
    for index, command in enumerate(commands):
        if command.condition and not command.inner and command.words[0].lower() not in _NEUTRAL:
            yield Swallowed(command.line, "if", (index,))


def _ends(command: Command) -> bool:
    """Whether a command may end the script with a failure, or note one."""
    if command.words[0] in ("exit", "return"):
        return command.words[1:2] != ("0",)
    if command.words[0] in ("false", "kill", "core.setFailed"):
        return True
    return any("$?" in word or ("=" in word and not word.startswith("-")) for word in command.words)


def _trapped(commands: Sequence[Command]) -> Iterator[Swallowed]:
    """Yield a `trap 'exit 0' EXIT`, with which a script ends well whatever happened."""
    for index, command in enumerate(commands):
        if command.words[0] != "trap" or command.inner or not {"EXIT", "0", "ERR"} & set(command.words[2:]):
            continue
        if command.words[1].replace(";", " ").split()[-2:] == ["exit", "0"]:
            covers = tuple(at for at, each in enumerate(commands) if at != index and not each.inner)
            yield Swallowed(command.line, "trap 'exit 0'", covers[:1_000])


def _with_substitutions(commands: Sequence[Command], one: Swallowed) -> Swallowed:
    """Return the place with what stands in the `x=$(…)` that it covers: how that ends is how the assignment ends."""
    covers: list[int] = []
    for index in one.covers:
        covers.append(index)
        if _assigns(commands[index]):
            covers += _inside(commands, index)
    return Swallowed(one.line, one.how, tuple(covers))


def _as_text(commands: Sequence[Command]) -> Iterator[Swallowed]:
    """Yield the substitutions of commands that do not end as they do: `echo $(…)`."""
    for index, command in enumerate(commands):
        if not command.inner and not _assigns(command):
            inside = _inside(commands, index)
            if inside:
                yield Swallowed(commands[inside[0]].line, f"| {command.words[0]} $(…)", tuple(inside))


def _assigns(command: Command) -> bool:
    return all(ASSIGNMENT.match(word) for word in command.words)


def _inside(commands: Sequence[Command], index: int) -> list[int]:
    found = []
    for at in range(index + 1, len(commands)):
        if not commands[at].inner:
            break
        found.append(at)
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
        if safe or command.then not in ("|", "|&") or behind is None or command.condition:
            continue
        if PurePosixPath(behind.words[0]).name in _FILTERS:
            found.append(Swallowed(command.line, f"| {PurePosixPath(behind.words[0]).name}", (index,)))
    return found
