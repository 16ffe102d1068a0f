"""Path globs that match in linear time.

Syntax (that of .gitignore and GitHub's filters, without negation): `*` any run within a path segment, `?` one
character, `[abc]`/`[!a-z]` a class, `**` any number of segments, `{a,b}` alternatives. A pattern matches the whole
path, relative to the workspace. Translated to RE2, so no pattern can be made to backtrack.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, cast


class GlobError(ValueError):
    """A glob that cannot be read; the message says why."""


class _Pattern(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def _class(pattern: str, start: int) -> tuple[str, int]:
    """Translate the character class that opens at `start`; return it and the index behind it."""
    end = start + 1
    if pattern[end : end + 1] in ("!", "^"):
        end += 1
    if pattern[end : end + 1] == "]":
        end += 1
    end = pattern.find("]", end)
    if end < 0:
        raise GlobError(f'"{pattern}" opens a [ that it does not close')
    inner = pattern[start + 1 : end]
    negated = inner[:1] in ("!", "^")
    body = inner[1:] if negated else inner
    body = body.replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]").replace("^", r"\^").replace("&", r"\&")
    return (f"[^/{body}]" if negated else f"[{body}]"), end + 1


def translate(pattern: str) -> str:
    """Return the RE2 expression of a glob. Raises GlobError."""
    if not pattern or "\0" in pattern:
        raise GlobError(f"{pattern!r} is not a glob")
    import re2

    out: list[str] = []
    index = 0
    depth = 0
    while index < len(pattern):
        char = pattern[index]
        if pattern.startswith("**/", index) and (index == 0 or pattern[index - 1] in "/{,"):
            out.append("(?:[^/]+/)*")
            index += 3
        elif pattern.startswith("**", index):
            out.append(".*")
            index += 2
        elif char == "*":
            out.append("[^/]*")
            index += 1
        elif char == "?":
            out.append("[^/]")
            index += 1
        elif char == "[":
            text, index = _class(pattern, index)
            out.append(text)
        else:
            depth += {"{": 1, "}": -1}.get(char, 0)
            if depth < 0:
                raise GlobError(f'"{pattern}" closes a }} that it did not open')
            out.append({"{": "(?:", "}": ")", ",": "|" if depth else ","}.get(char) or re2.escape(char))
            index += 1
    if depth:
        raise GlobError(f'"{pattern}" opens a {{ that it does not close')
    return "(?s)" + "".join(out)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> tuple[str, _Pattern]:
    """Return the text that every match ends in, and the compiled glob."""
    import re2

    pattern = pattern.removeprefix("./")
    try:
        return _ending(pattern), cast(_Pattern, re2.compile(translate(pattern)))
    except re2.error as error:
        raise GlobError(f'"{pattern}" is not a glob: {error}') from error


def _ending(pattern: str) -> str:
    """Return the literal text at the end of a glob (".tf" of "**/*.tf"), "" where it cannot be told."""
    if set("[{\\") & set(pattern):
        return ""  # classes and alternatives may end in anything; a backslash may stand for what is no UTF-8
    return pattern[max(pattern.rfind(char) for char in "*?/") + 1 :]


def matches(pattern: str, path: str) -> bool:
    """Whether the glob matches the whole path. Raises GlobError.

    A path that is not UTF-8 on disk, and so holds surrogates, is matched as it is shown: each as `\\udcXX`.
    """
    ending, compiled = _compiled(pattern)
    # Most paths of a tree end in something else: that is told in a twentieth of the time.
    if not path.endswith(ending):
        return False
    try:
        return compiled.fullmatch(path) is not None
    except UnicodeEncodeError:
        return compiled.fullmatch(path.encode(errors="backslashreplace").decode()) is not None


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether any of the globs matches the whole path. Raises GlobError."""
    return any(matches(pattern, path) for pattern in patterns)


def literal_prefix(pattern: str) -> str:
    """The leading folders that a glob names literally ("out/x/" of "out/x/*.xml"): where a search may begin."""
    wild = min((index for char in "*?[{" if (index := pattern.find(char)) >= 0), default=len(pattern))
    return pattern[: pattern.rfind("/", 0, wild) + 1]
