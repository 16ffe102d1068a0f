"""Which supplied reports there are: what the policy names, and what lies where reports usually lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.workspace import Workspace
from gate.formats.globs import GlobError, matches
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_WILD = "*?[{"
NOT_OF_THIS_RUN = "is tracked in git, so it is not evidence of this run"


@dataclass(frozen=True, slots=True)
class FoundReports:
    """The reports that were found.

    `paths` are sorted, each once; `tracked` are those of them that git tracks: they are read, and each has a gap.
    `looked_for` are all globs, for the reason of a `Missing`.
    """

    paths: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looked_for: tuple[str, ...] = ()
    tracked: frozenset[str] = frozenset()


def find_reports(workspace: Workspace, request: JsonObject) -> FoundReports:
    """Return the reports that a request asks for. Raises nothing.

    Request: `reports`: a glob or a list of globs that the policy names, from the workspace's root, each of which must
    match; `discover`: a list of globs that may match nothing, looked at only where `reports` names none.
    """
    named = _texts(request.get("reports"))
    discover = () if named else _texts(request.get("discover"))
    patterns, gaps = _readable(dict.fromkeys((*named, *discover)))
    found = workspace.glob(*patterns)
    gaps += [gap for pattern in patterns if pattern in named for gap in _unmatched(workspace, pattern, found)]
    paths: list[str] = []
    for path in found:
        if printable(path) == path:
            paths.append(path)
        else:
            gaps.append(Gap(printable(path), "has a name that is not UTF-8, so it was not read", printable(path)))
    tracked = frozenset(path for path in paths if workspace.is_tracked(path))
    gaps += [Gap(path, NOT_OF_THIS_RUN, path) for path in sorted(tracked)]
    return FoundReports(tuple(paths), tuple(gaps), tuple(dict.fromkeys((*named, *discover))), tracked)


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _readable(patterns: Iterable[str]) -> tuple[list[str], list[Gap]]:
    """Tell the globs from what is none."""
    good: list[str] = []
    gaps: list[Gap] = []
    for pattern in patterns:
        try:
            matches(pattern, "")
            good.append(pattern)
        except GlobError as error:
            gaps.append(Gap(printable(pattern), f"is not a glob: {error}"))
        except UnicodeEncodeError:
            gaps.append(Gap(printable(pattern), "is not a glob: it is not UTF-8"))
    return good, gaps


def _unmatched(workspace: Workspace, pattern: str, found: Iterable[str]) -> list[Gap]:
    if any(matches(pattern, printable(path)) for path in found):
        return []
    plain = pattern.removeprefix("./")
    if any(char in plain for char in _WILD):
        return [Gap(pattern, "no file matches; run the step that writes it before the gate, or correct the glob")]
    reason = workspace.problem(plain)
    if reason is None or reason == "is not there":
        reason = "no file matches: it is not there; run the step that writes it before the gate, or correct the path"
    return [Gap(pattern, reason, plain)]
