"""What one kind of evidence amounts to, in a few words: the lines of the collectors' block."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gate.formats.plain import one_line
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject

MARKS = {"good": "✓", "gaps": "!", "bad": "✗", "nothing": "–"}


def mark(evidence: Evidence) -> str:
    """Return ✓ for whole evidence, ! for evidence with gaps, ✗ for none, – where there is nothing to look at."""
    match evidence:
        case Collected(gaps=()):
            return MARKS["good"]
        case Collected():
            return MARKS["gaps"]
        case Missing(not_applicable=True):
            return MARKS["nothing"]
        case _:
            return MARKS["bad"]


def summary(evidence: Evidence) -> str:
    """Return a short line: the main counts, or why there are none."""
    match evidence:
        case Missing(reason=reason) | Unreadable(reason=reason):
            return one_line(reason, 300)
        case Collected(kind=kind, facts=facts):
            told = _KINDS.get(kind, _anything)(facts)
            return ", ".join([*told, *_gaps(len(evidence.gaps))])


def table(evidence: Sequence[Evidence]) -> str:
    """Return a line per kind, and below it a line per gap."""
    width = max((len(item.kind) for item in evidence), default=0)
    lines = []
    for item in evidence:
        lines.append(f"{item.kind:<{width}}  {mark(item)}  {summary(item)}")
        lines += [f"{'':<{width}}     gap  {one_line(f'{gap.subject}: {gap.reason}', 200)}" for gap in item.gaps]
    return "".join(f"{line}\n" for line in lines)


def count(value: Json, one: str, many: str) -> str:
    """Return "1 case" or "4,178 cases"."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else 0
    return f"{number:,} {one if number == 1 else many}"


def _gaps(number: int) -> list[str]:
    return [count(number, "gap", "gaps")] if number else []


def _inventory(facts: JsonObject) -> list[str]:
    return [
        count(facts.get("files"), "file", "files"),
        count(facts.get("test_functions"), "Python test", "Python tests"),
    ]


def _tests(facts: JsonObject) -> list[str]:
    told = [count(facts.get("total"), "case", "cases"), _reports(facts)]
    unwell = [(facts.get(name), name) for name in ("failed", "errors", "skipped", "flaky")]
    return told + [f"{number:,} {name}" for number, name in unwell if isinstance(number, int) and number]


def _coverage(facts: JsonObject) -> list[str]:
    lines = facts.get("lines")
    percent = lines.get("percent") if isinstance(lines, dict) else None
    told = (
        [f"{_percent(percent)} % of {count(lines.get('total'), 'line', 'lines')}"]
        if _is_number(percent) and isinstance(lines, dict)
        else []
    )
    return [*told, _reports(facts)]


def _sast(facts: JsonObject) -> list[str]:
    tools = facts.get("tools")
    names = (
        [f"{item.get('name')} {item.get('version') or ''}".strip() for item in tools if isinstance(item, dict)]
        if isinstance(tools, list)
        else []
    )
    told = [one_line(" + ".join(names), 60), count(facts.get("files_scanned"), "file", "files")]
    return [*told, *_severities(facts.get("counts"))]


def _dependencies(facts: JsonObject) -> list[str]:
    told = [count(facts.get("packages"), "package", "packages"), f"{facts.get('audited', 0)} audited"]
    vulnerable = facts.get("vulnerable")
    return [*told, f"{vulnerable} vulnerable"] if vulnerable else told


def _items(facts: JsonObject) -> list[str]:
    items = facts.get("items")
    each = list(items.values()) if isinstance(items, dict) else []
    found = sum(1 for item in each if isinstance(item, dict) and item.get("found") is True)
    return [f"{found} of {len(each)} found"]


def _anything(facts: JsonObject) -> list[str]:
    numbers = [
        f"{name} {value:,}" for name, value in facts.items() if isinstance(value, int) and not isinstance(value, bool)
    ]
    return numbers[:3] or ["collected"]


def _reports(facts: JsonObject) -> str:
    return count(facts.get("reports"), "report", "reports")


def _severities(counts: Json) -> list[str]:
    if not isinstance(counts, dict):
        return []
    return [f"{number:,} {name}" for name, number in counts.items() if isinstance(number, int) and number]


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _percent(value: Json) -> str:
    """Return a percentage with one decimal that says 100 only where it is."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return f"{min(round(number, 1), 99.9) if number < 100 else 100:g}"


_KINDS: dict[str, Callable[[JsonObject], Sequence[str]]] = {
    "inventory": _inventory,
    "tests": _tests,
    "coverage": _coverage,
    "sast": _sast,
    "dependencies": _dependencies,
    "docs": _items,
    "files": _items,
}
