"""`select`: which part of the facts a criterion is about. A literal table of (kind, key)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gate.formats.globs import GlobError, matches
from gate.judge.wording import clean
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion
from gate.model.verdict import Outcome

NO_BASE = "what changed is not known; give the base to compare with (--base)"


@dataclass(frozen=True, slots=True)
class Part:
    """A document that a criterion judges.

    `pointer` is the JSON Pointer from the facts to it; `path` the file that it describes, None where it is not about
    one file; `facts` the top-level facts that it comes from (empty for the whole document: `require` names them).
    `one_file` is True where only gaps about that file, or about no file at all, cast doubt on it.
    """

    pointer: str
    document: Json
    path: str | None = None
    facts: frozenset[str] = frozenset()
    one_file: bool = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no such part; `reason` says what is not there, `outcome` what that makes of the criterion."""

    reason: str
    outcome: Outcome = Outcome.NO_EVIDENCE


Selection: TypeAlias = tuple[Part, ...] | Nothing
Selector: TypeAlias = Callable[[str, JsonObject, Criterion], Selection]


def select(criterion: Criterion, facts: JsonObject) -> Selection:
    """Return the parts that the criterion is about, at least one; every one of them must satisfy it."""
    if not criterion.select:
        return (Part("", facts),)
    if len(criterion.select) > 1:
        return Nothing("select names more than one thing", Outcome.ERROR)
    ((key, value),) = criterion.select.items()
    selector = SELECTORS.get((criterion.evidence, key))
    if selector is None or not isinstance(value, str):
        known = ", ".join(sorted(name for kind, name in SELECTORS if kind == criterion.evidence)) or "nothing"
        text = f"select › {clean(key)} is not understood; of {criterion.evidence} one can select by {known}"
        return Nothing(text, Outcome.ERROR)
    return selector(value, facts, criterion)


def _file(path: str, facts: JsonObject, _criterion: Criterion) -> Selection:
    """Return the content of a configuration file, or of every file that a glob matches."""
    parts: list[Part] = []
    for name, item in _matching(path, _items(facts)):
        if item.get("found") is not True:
            return Nothing(f"there is no {clean(name)}")
        if "content" not in item:
            return Nothing(f"{clean(name)} could not be read")
        parts.append(Part(f"/items/{escaped(name)}/content", item["content"], name, _ITEMS, one_file=True))
    return tuple(parts) or Nothing(f"no file matches {clean(path)}")


def _document(id_: str, facts: JsonObject, _criterion: Criterion) -> Selection:
    """Return what is known of the document that a criterion named by its id."""
    item = _items(facts).get(id_)
    if item is None:
        return Nothing(f"the document {clean(id_)} was not looked for")
    return (_document_part(id_, item),)


def _document_at(path: str, facts: JsonObject, criterion: Criterion) -> Selection:
    """Return what is known of the documents at a path or glob, else of what was asked for under the criterion's id."""
    items = _items(facts)
    parts = tuple(
        _document_part(id_, item)
        for id_, item in items.items()
        if isinstance(found := item.get("path"), str) and _is(path, found)
    )
    return parts or (
        _document(criterion.id, facts, criterion) if criterion.id in items else Nothing(f"there is no {clean(path)}")
    )


def _suite(name: str, facts: JsonObject, _criterion: Criterion) -> Selection:
    """Return the counts of a named suite; one without any test says nothing."""
    suites = facts.get("suites")
    suite = suites.get(name) if isinstance(suites, dict) else None
    if not isinstance(suite, dict) or suite.get("total") == 0:
        return Nothing(f"no test of the suite {clean(name)} was reported")
    return (Part(f"/suites/{escaped(name)}", suite, facts=frozenset({f"suites.{name}"})),)


def _covered_paths(pattern: str, facts: JsonObject, _criterion: Criterion) -> Selection:
    """Return the coverage of the files under a glob as {"percent": …}."""
    paths = facts.get("paths")
    percent = paths.get(pattern) if isinstance(paths, dict) else None
    if percent is None:
        return Nothing(f"no measured file matches {clean(pattern)}")
    return (Part(f"/paths/{escaped(pattern)}", {"percent": percent}, facts=frozenset({"paths", "lines"})),)


def _coverage_part(name: str, facts: JsonObject, _criterion: Criterion) -> Selection:
    """Return the lines, the branches or the patch; a change without a line that could be covered needs no coverage."""
    part = facts.get(name)
    if not isinstance(part, dict):
        if name == "patch":
            return Nothing(NO_BASE)
        return Nothing(f"no report tells of {clean(name)}")
    if name == "patch" and part.get("total") == 0 and part.get("files") == 0:
        return Nothing("the change touches no line that tests could cover", Outcome.NOT_APPLICABLE)
    return (Part(f"/{escaped(name)}", part, facts=frozenset({name})),)


SELECTORS: dict[tuple[str, str], Selector] = {
    ("coverage", "part"): _coverage_part,
    ("coverage", "path"): _covered_paths,
    ("docs", "id"): _document,
    ("docs", "path"): _document_at,
    ("files", "path"): _file,
    ("tests", "suite"): _suite,
}

_ITEMS = frozenset({"items"})


def escaped(name: str) -> str:
    """Return a name as one step of a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _document_part(id_: str, item: JsonObject) -> Part:
    path = item.get("path")
    return Part(f"/items/{escaped(id_)}", item, path if isinstance(path, str) else None, _ITEMS, one_file=True)


def _items(facts: JsonObject) -> dict[str, JsonObject]:
    items = facts.get("items")
    return {name: item for name, item in items.items() if isinstance(item, dict)} if isinstance(items, dict) else {}


def _matching(path: str, items: Mapping[str, JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    return ((name, item) for name, item in items.items() if _is(path, name))


def _is(path: str, name: str) -> bool:
    if path.removeprefix("./") == name:
        return True
    try:
        return matches(path, name)
    except GlobError:
        return False
