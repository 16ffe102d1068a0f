"""Whether a trigger can ever fire, and on what. Only what is certain. Pure.

The filters are those of https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#on.
"""

from __future__ import annotations

from collections.abc import Collection

from gate.collect.ci.path_filters import Paths
from gate.collect.ci.workflow import text, texts
from gate.model.json import Json, JsonObject

_LISTED = ("branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "types", "workflows")
_EVERY = frozenset({"**", "**/*", "**/**"})
_LAST_DAY = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def trigger_facts(event: str, given: Json, never: str | None = None) -> JsonObject:
    """Return one trigger: its event, its filters as they are given (in their own names, `_` for `-`), its times.

    `never` is why it can never fire.
    """
    facts: JsonObject = {"event": event}
    if never is not None:
        facts["never"] = never
    if event == "schedule":
        facts["cron"] = list(crons(given))
    if isinstance(given, dict):
        for key in _LISTED:
            if key in given:
                facts[key.replace("-", "_")] = list(texts(given[key]))
    return facts


def named(event: str, given: Json) -> str:
    """Return an event by its name; with its types where it does not come with each change of a pull request."""
    kinds = texts(given.get("types")) if isinstance(given, dict) else ()
    if event in ("pull_request", "pull_request_target") and kinds and "synchronize" not in kinds:
        return f"{event}: {', '.join(kinds)}"[:200]
    return event


def crons(given: Json) -> list[str]:
    """Return the times of a schedule."""
    items = given if isinstance(given, list) else []
    return [text(item.get("cron")) for item in items if isinstance(item, dict) and text(item.get("cron"))]


def never_fires(
    event: str, given: Json, workflow_names: Collection[str] | None, paths: Paths | None = None
) -> str | None:
    """Return why a trigger can never fire, None where it can or nobody knows.

    `workflow_names` are the names of all workflows, `paths` all that is tracked; None where not all are known.
    """
    if event == "schedule":
        times = crons(given)
        if not times:
            return "schedule names no time"
        return "schedule names a day that no month has" if all(map(_no_such_day, times)) else None
    if not isinstance(given, dict):
        return None
    if event == "workflow_run" and workflow_names is not None:
        wanted = texts(given.get("workflows"))
        if not any(name in workflow_names for name in wanted):
            return "workflow_run waits for a workflow that is not there"
    if given.get("types") == [] and "types" in given:
        return f"{event} has an empty list of types"
    return _filtered_out(event, given, paths)


def _filtered_out(event: str, given: JsonObject, paths: Paths | None) -> str | None:
    # Where branches are filtered and tags are not, a push of a tag does not count; and no path is looked at for one.
    tags_too = event == "push" and ("tags" in given or "tags-ignore" in given)
    branches_given = "branches" in given or "branches-ignore" in given
    if event in ("push", "pull_request", "pull_request_target", "workflow_run"):
        if _none_left(given, "branches") and not (tags_too and not _none_left(given, "tags")):
            return f"{event} leaves out every branch"
        if tags_too and not branches_given and _none_left(given, "tags"):
            return f"{event} leaves out every tag"
    no_tag = event in ("pull_request", "pull_request_target") or (event == "push" and branches_given and not tags_too)
    if not no_tag:
        return None
    if _none_left(given, "paths"):
        return f"{event} leaves out every path"
    if paths is not None and paths.none_fits(texts(given.get("paths"))):
        return f"{event} waits for paths that no tracked file has"
    if paths is not None and paths.all_fit(texts(given.get("paths-ignore"))):
        return f"{event} leaves out every tracked file"
    return None


def _none_left(given: JsonObject, key: str) -> bool:
    ignored = texts(given.get(f"{key}-ignore"))
    if _EVERY & set(ignored):
        return True
    wanted = texts(given.get(key))
    # The last pattern that fits decides, and one that takes away needs one before it that adds.
    return bool(wanted) and (wanted[-1][:1] == "!" and (wanted[-1][1:] in _EVERY or all(w[:1] == "!" for w in wanted)))


def _no_such_day(cron: str) -> bool:
    """Whether a time is on a day that none of its months has (`0 0 31 2 *`)."""
    fields = cron.split()
    if len(fields) != 5 or fields[4] != "*":
        return False
    days, months = _numbers(fields[2], {}), _numbers(fields[3], _MONTHS)
    return bool(days and months) and all(day > _LAST_DAY.get(month, 31) for day in days for month in months)


def _numbers(field: str, names: dict[str, int]) -> list[int]:
    """Return the numbers of a plain list, none where it holds a range or a step."""
    parts = [names.get(part.upper(), part) for part in field.split(",")]
    found = [int(part) for part in parts if isinstance(part, int) or (part.isdecimal() and len(part) < 4)]
    return found if len(found) == len(parts) else []
