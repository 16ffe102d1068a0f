"""What one kind of evidence amounts to, in a few words: the lines of the collectors' block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gate.formats.plain import one_line
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from gate.report.text import counted, inert, percent, whole

_MOST_GAPS = 100


def mark(evidence: Evidence) -> str:
    """Return ✓ for whole evidence, ! for evidence with gaps, ✗ for none, – where there is nothing to look at."""
    match evidence:
        case Collected(gaps=()):
            return "✓"
        case Collected():
            return "!"
        case Missing(not_applicable=True):
            return "–"
        case _:
            return "✗"


def summary(evidence: Evidence) -> str:
    """Return a short line: the main counts, or why there are none."""
    match evidence:
        case Missing(reason=reason) | Unreadable(reason=reason):
            return one_line(reason, 300)
        case Collected(kind=kind, facts=facts, gaps=gaps):
            told = list(filter(None, _KINDS.get(kind, _anything)(facts)))
            told += [counted(len(gaps), "gap", "gaps")] if gaps else []
            return one_line(", ".join(told), 300) or "collected"


def table(evidence: Sequence[Evidence]) -> str:
    """Return a line per kind, and below it a line per gap: what `gate collect` prints."""
    width = max((len(item.kind) for item in evidence), default=0)
    return "".join(f"{inert(line)}\n" for item in evidence for line in _lines(item, width))


def gap_words(evidence: Evidence, most: int) -> Iterator[str]:
    """Yield "SUBJECT: REASON" for the gaps, and how many more there are."""
    for gap in evidence.gaps[:most]:
        yield one_line(f"{gap.subject}: {gap.reason}", 300)
    if len(evidence.gaps) > most:
        yield f"… and {len(evidence.gaps) - most:,} more"


def _lines(item: Evidence, width: int) -> Iterator[str]:
    yield f"{item.kind:<{width}}  {mark(item)}  {summary(item)}"
    yield from (f"{'':<{width}}     gap  {words}" for words in gap_words(item, _MOST_GAPS))


def _inventory(facts: JsonObject) -> list[str]:
    tests = whole(facts.get("test_functions"))
    return [_number(facts, "files", "file", "files"), counted(tests, "Python test", "Python tests") if tests else ""]


def _tests(facts: JsonObject) -> list[str]:
    told = [_number(facts, "total", "case", "cases"), _number(facts, "reports", "report", "reports")]
    return told + _each(facts, "failed", "errors", "skipped", "flaky")


def _coverage(facts: JsonObject) -> list[str]:
    lines = facts.get("lines")
    covered = ""
    if isinstance(lines, dict):
        total = _number(lines, "total", "line", "lines")
        covered = f"{percent(lines['percent'])} % of {total}" if "percent" in lines else total
    return [covered, _number(facts, "reports", "report", "reports")]


def _sast(facts: JsonObject) -> list[str]:
    tools = facts.get("tools")
    named = [item for item in tools if isinstance(item, dict)] if isinstance(tools, list) else []
    names = [f"{item.get('name') or '?'} {item.get('version') or ''}".strip() for item in named]
    scanned = [_number(facts, "files_scanned", "file", "files")] if "files_scanned" in facts else []
    return [one_line(" + ".join(names), 60), *scanned, *_severities(facts.get("counts"))]


def _dependencies(facts: JsonObject) -> list[str]:
    told = [_number(facts, "packages", "package", "packages"), f"{whole(facts.get('audited')):,} audited"]
    return [*told, *_each(facts, "skipped", "vulnerable"), *_severities(facts.get("counts"))]


def _licenses(facts: JsonObject) -> list[str]:
    lists = {"denied": facts.get("denied"), "not allowed": facts.get("not_allowed")}
    found = {name: len(value) for name, value in lists.items() if isinstance(value, list)}
    told = [f"{number:,} {name}" for name, number in found.items() if number]
    return [_number(facts, "packages", "package", "packages"), *told, *_each(facts, "unknown")]


def _image(facts: JsonObject) -> list[str]:
    name = one_line(str(facts.get("reference") or ""), 60)
    packages = [_number(facts, "packages", "package", "packages")] if "packages" in facts else []
    return [name, *packages, *_severities(facts.get("counts")), *_each(facts, "fixable")]


def _terraform(facts: JsonObject) -> list[str]:
    told = [_number(facts, "files", "file", "files"), _number(facts, "resources", "resource", "resources")]
    return [*told, *_unparsed(facts), *_severities(facts.get("misconfigurations"))]


def _unparsed(facts: JsonObject) -> list[str]:
    number = whole(facts.get("parse_failures"))
    return [f"{number:,} not parsed"] if number else []


def _secrets(facts: JsonObject) -> list[str]:
    scanned = [_number(facts, "files_scanned", "file", "files")]
    if "commits_scanned" in facts:
        scanned.append(_number(facts, "commits_scanned", "commit", "commits"))
    return [*scanned, _number(facts, "count", "secret", "secrets"), *_each(facts, "allowed", "history")]


def _ci(facts: JsonObject) -> list[str]:
    jobs = facts.get("jobs")
    told = [_number(facts, "workflows", "workflow", "workflows")]
    told += [counted(len(jobs), "job", "jobs")] if isinstance(jobs, list) else []
    never = whole(facts.get("never_run"))
    return [
        *told,
        *_each(facts, "unparsable"),
        f"{never:,} can never run" if never else "",
        *_severities(facts.get("findings")),
    ]


def _dockerfile(facts: JsonObject) -> list[str]:
    lint = facts.get("lint")
    linted = _each(lint, "error", "warning") if isinstance(lint, dict) else []
    return [_number(facts, "files", "Dockerfile", "Dockerfiles"), *linted]


def _compose(facts: JsonObject) -> list[str]:
    told = [_number(facts, "files", "file", "files"), _number(facts, "services", "service", "services")]
    return [*told, *_each(facts, "problems")]


def _helm(facts: JsonObject) -> list[str]:
    told = [_number(facts, "charts", "chart", "charts")]
    told += [_number(facts, "objects", "object", "objects")] if "objects" in facts else []
    return [*told, *_each(facts, "linted", "rendered", "failed")]


def _kustomize(facts: JsonObject) -> list[str]:
    told = [_number(facts, "kustomizations", "kustomization", "kustomizations")]
    told += [_number(facts, "objects", "object", "objects")] if "objects" in facts else []
    return [*told, *_each(facts, "built", "failed")]


def _prometheus(facts: JsonObject) -> list[str]:
    told = [_number(facts, "alerts", "alert", "alerts"), _number(facts, "recording_rules", "recording", "recordings")]
    told += [_number(facts, "rule_files", "rule file", "rule files")]
    told += [_number(facts, "scrape_jobs", "scrape job", "scrape jobs")]
    return [*told, *[f"{number:,} invalid" for number in [whole(facts.get("rules_invalid"))] if number]]


def _alertmanager(facts: JsonObject) -> list[str]:
    told = [
        _number(facts, "configs", "configuration", "configurations"),
        _number(facts, "receivers", "receiver", "receivers"),
    ]
    return [
        *told,
        f"{whole(facts.get('receivers_with_target')):,} with a target",
        *_each(facts, "invalid", "unchecked"),
    ]


def _grafana(facts: JsonObject) -> list[str]:
    told = [_number(facts, "dashboards", "dashboard", "dashboards"), _number(facts, "panels", "panel", "panels")]
    return [*told, *_each(facts, "invalid")]


def _otel(facts: JsonObject) -> list[str]:
    told = [_number(facts, "configs", "configuration", "configurations")]
    pipelines = facts.get("pipelines")
    number = sum(map(whole, pipelines.values())) if isinstance(pipelines, dict) else 0
    return [
        *told,
        counted(number, "pipeline", "pipelines"),
        "SDK in use" if facts.get("sdk_in_use") is True else "no SDK",
    ]


def _kubernetes(facts: JsonObject) -> list[str]:
    chosen = facts.get("workloads")
    workloads = len(chosen) if isinstance(chosen, list) else 0
    objects = _number(facts, "objects", "object", "objects")
    return [f"{objects} in {_number(facts, 'files', 'file', 'files')}", counted(workloads, "workload", "workloads")]


def _documents(facts: JsonObject) -> list[str]:
    items = facts.get("items")
    each = [item for item in items.values() if isinstance(item, dict)] if isinstance(items, dict) else []
    return [f"{sum(item.get('found') is True for item in each):,} of {len(each):,} found"]


def _files(facts: JsonObject) -> list[str]:
    values = facts.get("values")
    searches = [item for item in values.values() if isinstance(item, list)] if isinstance(values, dict) else []
    told = _documents(facts) if facts.get("items") or not searches else []
    return [*told, counted(sum(map(len, searches)), "setting", "settings") if searches else ""]


def _anything(facts: JsonObject) -> list[str]:
    numbers = [
        f"{name.replace('_', ' ')} {value:,}"
        for name, value in facts.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return numbers[:3]


def _number(facts: JsonObject, name: str, one: str, many: str) -> str:
    return counted(whole(facts.get(name)), one, many)


def _each(facts: JsonObject, *names: str) -> list[str]:
    """Return "3 failed" for each of these counts that is not 0."""
    return [f"{number:,} {name}" for name in names if (number := whole(facts.get(name)))]


def _severities(counts: Json) -> list[str]:
    return _each(counts, "critical", "high", "medium", "low") if isinstance(counts, dict) else []


_KINDS: dict[str, Callable[[JsonObject], list[str]]] = {
    "inventory": _inventory,
    "tests": _tests,
    "coverage": _coverage,
    "sast": _sast,
    "dependencies": _dependencies,
    "licenses": _licenses,
    "image": _image,
    "secrets": _secrets,
    "terraform": _terraform,
    "ci": _ci,
    "dockerfile": _dockerfile,
    "compose": _compose,
    "prometheus": _prometheus,
    "alertmanager": _alertmanager,
    "grafana": _grafana,
    "otel": _otel,
    "kubernetes": _kubernetes,
    "helm": _helm,
    "kustomize": _kustomize,
    "docs": _documents,
    "files": _files,
}
