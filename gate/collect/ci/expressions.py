"""What an `if` of a workflow is for certain: true, false, or not to be told before it runs. Pure.

The grammar is GitHub's (https://docs.github.com/actions/reference/workflows-and-actions/expressions): literals, `!`,
comparisons, `&&`, `||`, brackets. What reads a context or calls a function is not known, but for those names whose
value the caller knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from gate.model.json import Json

Value: TypeAlias = "bool | float | str | Unknown | None"

_LONGEST = 2_000
_DEEPEST = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<number>[-+]?(?:0x[0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]))
      | (?P<operator>&&|\|\||==|!=|<=|>=|[!<>(),\[\].*])
      | (?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*)*)
    )""",
    re.VERBOSE,
)
_WRAPPED = re.compile(r"\s*\$\{\{(?P<inner>.*)\}\}\s*", re.DOTALL)
_STATUS = re.compile(r"\b(?:always|cancelled|failure)\s*\(", re.IGNORECASE)
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


PULL = frozenset({"pull_request", "pull_request_target", "merge_group"})
"""The events that come before a merge."""


def known_on(event: str) -> dict[str, str]:
    """Return what is known of a run by its event; that of a pull request is on no branch."""
    known = {"github.event_name": event}
    return known | {"github.ref": "refs/pull/0/merge"} if event == "pull_request" else known


class Unknown:
    """A value that only the run knows."""


UNKNOWN: Final = Unknown()


def is_false(condition: Json, known: Mapping[str, str] | None = None) -> bool:
    """Return whether an `if` is false for certain. `known` maps names (`github.event_name`) to their value."""
    return truth(condition, known) is False


def truth(condition: Json, known: Mapping[str, str] | None = None) -> bool | None:
    """Return what an `if` comes to, None where that is not certain. No condition (None) is true."""
    if condition is None or isinstance(condition, bool):
        return condition is not False
    if isinstance(condition, int | float):
        return bool(condition)
    if not isinstance(condition, str) or len(condition) > _LONGEST:
        return None
    inner = unwrapped(condition)
    if inner is None:
        return None
    return _truthy(_evaluate(inner, known or {})) if inner.strip() else True


def unwrapped(text: str) -> str | None:
    """Return what stands in `${{ }}`, the text itself where it has none, None for text around one."""
    if "${{" not in text:
        return text
    match = _WRAPPED.fullmatch(text)
    inner = match["inner"] if match else ""
    return inner if match and "${{" not in inner and "}}" not in inner else None


def runs_after_failure(condition: Json) -> bool:
    """Return whether an `if` asks for the state of the run itself, and so may be true when a needed job was skipped."""
    return isinstance(condition, str) and _STATUS.search(condition) is not None


@dataclass(slots=True)
class _Parser:
    """Recursive descent over the tokens; whatever it does not understand makes all of it unknown."""

    tokens: list[tuple[str, str]]
    known: Mapping[str, str]
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, operator: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == ("operator", operator):
            self.at += 1
            return True
        return False

    def either(self, depth: int) -> Value:
        value = self.both(depth)
        while self.take("||"):
            other = self.both(depth)
            first = _truthy(value)
            value = value if first else other if first is False else _same_truth(value, other, wanted=True)
        return value

    def both(self, depth: int) -> Value:
        value = self.compared(depth)
        while self.take("&&"):
            other = self.compared(depth)
            first = _truthy(value)
            value = other if first else value if first is False else _same_truth(value, other, wanted=False)
        return value

    def compared(self, depth: int) -> Value:
        value = self.single(depth)
        while (operator := self.peek()) in ("==", "!=", "<", ">", "<=", ">="):
            self.at += 1
            other = self.single(depth)
            equal = _equal(value, other) if operator in ("==", "!=") else None
            value = UNKNOWN if equal is None else equal == (operator == "==")
        return value

    def single(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise _NotUnderstood
        if self.take("!"):
            value = _truthy(self.single(depth + 1))
            return UNKNOWN if value is None else not value
        if self.take("("):
            inner = self.either(depth + 1)
            if not self.take(")"):
                raise _NotUnderstood
            return inner
        return self.primary(depth)

    def primary(self, depth: int) -> Value:
        if self.at >= len(self.tokens):
            raise _NotUnderstood
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(text, 16)) if "x" in text.lower() else float(text)
        if kind != "name":
            raise _NotUnderstood
        return self.named(text, depth)

    def named(self, name: str, depth: int) -> Value:
        plain = True
        while self.peek() in ("(", "[", ".", "*"):
            plain = False
            self.behind_name(depth)
        if plain and name.lower() in _LITERALS:
            return _LITERALS[name.lower()]
        return self.known.get(name.lower(), UNKNOWN) if plain else UNKNOWN

    def behind_name(self, depth: int) -> None:
        """Step over a call, an index or a property: their value is not known."""
        if self.take(".") or self.take("*"):
            if self.at < len(self.tokens) and self.tokens[self.at][0] == "name":
                self.at += 1
            return
        closing = ")" if self.take("(") else "]"
        if closing == "]":
            self.take("[")
        if self.take(closing):
            return
        self.either(depth + 1)
        while self.take(","):
            self.either(depth + 1)
        if not self.take(closing):
            raise _NotUnderstood


class _NotUnderstood(Exception):
    """The text is no expression that is known here."""


def _evaluate(text: str, known: Mapping[str, str]) -> Value:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return UNKNOWN
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    parser = _Parser(tokens, known)
    try:
        value = parser.either(0)
    except _NotUnderstood:
        return UNKNOWN
    return value if parser.at == len(tokens) else UNKNOWN


def _truthy(value: Value) -> bool | None:
    return None if isinstance(value, Unknown) else bool(value)


def _same_truth(first: Value, second: Value, *, wanted: bool) -> Value:
    """Return what `?` and another value come to: certain only where the other one decides it alone."""
    del first
    return wanted if _truthy(second) is wanted else UNKNOWN


def _equal(first: Value, second: Value) -> bool | None:
    """Return whether two values are equal, None where it is not known; text without regard to case, as GitHub does."""
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return None
    if isinstance(first, str) and isinstance(second, str):
        return first.casefold() == second.casefold()
    if type(first) is type(second):
        return first == second
    # Values of two types are made numbers first: not worth a rule of its own here.
    return None
