"""Filters of paths that fit no file of the repository. Only what is certain. Pure.

The patterns are those of GitHub's filter cheat sheet: `*` stays within a folder, `**` does not, the last pattern that
fits a path decides, and `!` takes away. Those with `?`, `+`, `[` or `\\` are taken to fit whatever they may.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gate.formats.globs import GlobError, matches

_UNREAD = frozenset("?+[]{}\\")
_MOST_PATTERNS = 200
_MOST_MATCHES = 300_000


class Paths:
    """All that git tracks, and how much more is compared with it: a tree may hold very many filters."""

    def __init__(self, tracked: Collection[str]) -> None:
        self._tracked = tracked
        self._left = _MOST_MATCHES

    def none_fits(self, wanted: Sequence[str]) -> bool:
        """Return whether `paths` leave out every path that there is."""
        if not wanted or len(wanted) > _MOST_PATTERNS:
            return False
        return not any(self._fits(wanted, path) for path in self._tracked)

    def all_fit(self, ignored: Sequence[str]) -> bool:
        """Return whether `paths-ignore` leave out every path that there is."""
        if not ignored or len(ignored) > _MOST_PATTERNS or not self._tracked:
            return False
        return all(self._has_time(ignored) and any(_fits(each, path) for each in ignored) for path in self._tracked)

    def _has_time(self, patterns: Sequence[str]) -> bool:
        self._left -= len(patterns)
        return self._left > 0

    def _fits(self, wanted: Sequence[str], path: str) -> bool:
        """Whether a path may be among those that are wanted."""
        if not self._has_time(wanted):
            return True
        for pattern in reversed(wanted):
            if pattern.startswith("!"):
                if _fits(pattern[1:], path):
                    return False
            elif _fits(pattern, path, unsure=True):
                return True
        return False


def _fits(pattern: str, path: str, *, unsure: bool = False) -> bool:
    """Whether a pattern fits a path; `unsure` where that cannot be told.

    In the middle of a pattern `/**/` may ask for a folder or not: then it fits for one who is not sure.
    """
    literal = pattern.removeprefix("./").partition("*")[0]
    if not _UNREAD.isdisjoint(pattern):
        return unsure
    if not path.startswith(literal):
        return False
    try:
        return matches(pattern, path) and (unsure or "/**/" not in pattern)
    except GlobError:
        return unsure
