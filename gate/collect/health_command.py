"""Whether the command of a health check can fail at all. Pure, and nothing is run.

Only what is certain counts: `true`, `exit 0`, `echo ok`, `curl … || exit 0`, `curl …; true`, `curl … &`, a comparison
of two fixed words. A check that the gate cannot see through is taken for one that can fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from gate.collect.ci.shell import Command, read_commands

_IDLE = frozenset(
    {"true", ":", "echo", "printf", "pwd", "date", "whoami", "hostname", "id", "uname", "sleep", "uptime"}
)
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_EQUAL = frozenset({"=", "==", "-eq", "-le", "-ge"})
_DEEPEST = 4


def script_cannot_fail(script: str, depth: int = 0) -> bool:
    """Whether a script, as a shell would run it, always ends with 0."""
    commands = [each for each in read_commands(script) if not each.inner]
    if depth > _DEEPEST or any(_ends_badly(each) or each.condition or _is_unclear(each) for each in commands):
        return False
    lists = _lists(commands)
    strict = any(each.words[0] == "set" and "e" in "".join(each.words[1:2]) for each in commands)
    if strict:
        return all(_list_cannot_fail(each, depth) for each in lists)
    if any(len(each) == 1 and each[0].words[0] == "exit" for each in lists):
        return True
    return not lists or _list_cannot_fail(lists[-1], depth)


def words_cannot_fail(words: Sequence[str], depth: int = 0) -> bool:
    """Whether a command, run without a shell, always ends with 0. Of none that is true."""
    if not words:
        return True
    name, arguments = PurePosixPath(words[0]).name, list(words[1:])
    if name in ("env", "exec", "busybox", "command", "nohup") and arguments:
        return words_cannot_fail(arguments, depth)
    if name in _SHELLS:
        at = next((index for index, word in enumerate(arguments) if word[:1] == "-" and "c" in word), None)
        if at is None or at + 1 >= len(arguments):
            return False
        before = "set -e\n" if "e" in arguments[at] else ""
        return script_cannot_fail(before + arguments[at + 1], depth + 1)
    if name in ("[", "test"):
        return _always_true(arguments[:-1] if name == "[" else arguments)
    return name in _IDLE


def _lists(commands: Sequence[Command]) -> list[list[Command]]:
    lists: list[list[Command]] = []
    for command in commands:
        if command.words[0] == "set":
            continue
        if command.joined and lists:
            lists[-1].append(command)
        else:
            lists.append([command])
    return lists


def _list_cannot_fail(commands: Sequence[Command], depth: int) -> bool:
    """Whether `a && b || c` ends with 0 whatever its commands do."""
    if commands[-1].then == "&":
        return True
    sure = False
    for command in commands:
        here = command.words[0] == "exit" or words_cannot_fail(command.words, depth)
        if command.joined == "||":
            sure = sure or here
        elif command.joined == "&&":
            sure = sure and here
        else:
            sure = here  # the last of a pipe is the one that counts
    return sure


def _ends_badly(command: Command) -> bool:
    """Whether a command hands on a failure: `exit 1`, `exit $?`, `|| exit`."""
    if command.words[0] not in ("exit", "return", "kill", "false"):
        return False
    return command.words[0] != "exit" or (command.words[1:] != ("0",) and bool(command.words[1:] or command.joined))


def _is_unclear(command: Command) -> bool:
    return command.words[0] in ("trap", "exec") or (command.grouped and bool(command.joined))


def _always_true(words: Sequence[str]) -> bool:
    if any("$" in word or "`" in word for word in words):
        return False
    if len(words) == 3:
        return words[1] in _EQUAL and words[0] == words[2]
    return len(words) == 1 and bool(words[0])
