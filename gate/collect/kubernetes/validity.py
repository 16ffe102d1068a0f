"""Whether objects fit the schemas of a version of Kubernetes, and whether it still has their APIs.

Objects of somebody else's groups are unknown, not invalid; so are those that SOPS encrypted, whose values are text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from gate.collect.kubernetes.api_changes import Fate, Standing, fate_of
from gate.collect.kubernetes.api_schemas import NoSchemasError, Schemas, api_of, schemas_of, shown_version
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.found import Found
from gate.collect.kubernetes.schema_problems import problems_of
from gate.collect.kubernetes.secret_objects import is_encrypted
from gate.collect.kubernetes.values import known, shown
from gate.collect.kubernetes.workloads import place
from gate.collect.manifests.objects import ClusterObject
from gate.model.evidence import Gap
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

INVALID = "kubernetes.schema-invalid"
GONE = "kubernetes.removed-api"
_FACTS = (
    "schema_invalid",
    "schema_valid",
    "schema_unknown",
    "invalid_items",
    "removed_apis",
    "deprecated_apis",
    "apis",
)
_MOST_ITEMS = 500
_MOST_EXPLAINED = 500
"""How many findings say what is wrong; those after them say only that something is."""


@dataclass
class _Checked:
    valid: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    apis: dict[tuple[str, str], JsonObject] = field(default_factory=dict)


def validity_part(cluster: Cluster) -> Found:
    """Return how many objects fit their schemas, the findings of those that do not, and where their APIs stand."""
    wanted = cluster.request.get("version")
    try:
        schemas = schemas_of(wanted if isinstance(wanted, str) else None)
    except NoSchemasError as error:
        return Found({}, (Gap("the schemas of Kubernetes", str(error), facts=_FACTS),))
    checked = _Checked()
    patches = {id(each.source_object) for each in cluster.partial if each.patch}
    for one in cluster.objects:
        if id(one) not in patches:
            _check(one, schemas, checked)
    facts: JsonObject = {"schema_version": shown_version(schemas.version), "apis": [*checked.apis.values()]}
    unknown: JsonObject = {**dict(sorted(checked.unknown.items()))}
    facts |= {"schema_unknown": sum(checked.unknown.values()), "unknown_kinds": unknown}
    facts["deprecated_apis"] = _objects(checked.apis.values(), Standing.DEPRECATED)
    counted = finding_facts(checked.findings)
    if checked.valid or checked.findings or checked.gaps:
        facts["schema_valid"] = checked.valid
    else:
        # Nothing was held against a schema, so nobody can say that all of it fits.
        del counted["schema_invalid"]
    facts |= counted
    return Found(facts, tuple(checked.gaps), tuple(checked.findings))


def finding_facts(findings: Sequence[Finding]) -> JsonObject:
    """Return the facts that count findings: what is suppressed does not count."""
    live = [one for one in findings if not one.suppressed]
    invalid = [one for one in live if one.rule == INVALID]
    gone = [one for one in live if one.rule == GONE]
    return {
        "schema_invalid": len({(one.path, one.line, str(one.properties.get("object"))) for one in invalid}),
        "invalid_items": [*_items(invalid)],
        "removed_apis": len(gone),
    }


def _items(findings: Iterable[Finding]) -> list[JsonObject]:
    """Return the invalid objects with what is wrong with each."""
    found: dict[tuple[str | None, int | None, str], JsonObject] = {}
    for one in findings:
        key = (one.path, one.line, str(one.properties.get("object")))
        if key not in found and len(found) >= _MOST_ITEMS:
            continue
        names = ("kind", "name", "namespace", "path", "line")
        item = found.setdefault(
            key, {name: one.properties[name] for name in names if name in one.properties} | {"problems": []}
        )
        problems = item["problems"]
        if isinstance(problems, list):
            problems.append(one.properties.get("problem") or one.message)
    return list(found.values())


def _check(one: ClusterObject, schemas: Schemas, checked: _Checked) -> None:
    api = api_of(one.api_version, one.kind)
    own = _is_own(one, schemas)
    if api is None:
        fate = Fate(Standing.NEVER if own else Standing.CUSTOM)
    else:
        compiled = schemas.compiled(api)
        fate = fate_of(api, schemas.version, own=own)
        if compiled is not None and not is_encrypted(one):
            _note_api(one, fate, checked)
            try:
                problems = problems_of(compiled, one.value, schemas, brief=len(checked.findings) >= _MOST_EXPLAINED)
            except (ValueError, RecursionError) as error:
                checked.gaps.append(_too_odd(one, error))
                return
            checked.findings += [_finding(INVALID, one, problem) for problem in problems]
            checked.valid += not problems
            return
    _note_api(one, fate, checked)
    if fate.standing is Standing.NEVER:
        checked.findings.append(_finding(INVALID, one, _never(one, fate, schemas)))
    elif fate.standing in (Standing.REMOVED, Standing.NOT_YET):
        checked.findings.append(_finding(GONE, one, _gone(one, fate, schemas)))
    else:
        checked.unknown[shown(one.kind)] += 1


def _is_own(one: ClusterObject, schemas: Schemas) -> bool:
    """Whether the group of an object is one of Kubernetes itself; what has none at all lies in the core group."""
    return one.group in schemas.groups


def _note_api(one: ClusterObject, fate: Fate, checked: _Checked) -> None:
    key = one.api_version, one.kind
    if key in checked.apis:
        count = checked.apis[key]["objects"]
        checked.apis[key]["objects"] = count + 1 if isinstance(count, int) else 1
    elif len(checked.apis) < _MOST_ITEMS:
        name = shown(f"{one.api_version} {one.kind}")
        facts: JsonObject = {"name": name, "path": one.path, "line": one.line, "objects": 1}
        facts["standing"] = fate.standing.value
        since = None if fate.standing is Standing.NOT_YET else fate.since
        checked.apis[key] = facts | known(since=since, instead=fate.instead)


def _objects(apis: Iterable[JsonObject], standing: Standing) -> int:
    counts: Iterator[Json] = (each["objects"] for each in apis if each["standing"] == standing.value)
    return sum(count for count in counts if isinstance(count, int))


def _never(one: ClusterObject, fate: Fate, schemas: Schemas) -> str:
    version = shown_version(schemas.version)
    api = shown(one.api_version) or "(no apiVersion)"
    rest = f"; it is in {fate.instead}" if fate.instead else ""
    return f"Kubernetes {version} has no kind {shown(one.kind)} in {api}{rest}"


def _gone(one: ClusterObject, fate: Fate, schemas: Schemas) -> str:
    api = shown(one.api_version)
    if fate.standing is Standing.NOT_YET:
        return f"{api} {one.kind} comes with Kubernetes {fate.since}, and {shown_version(schemas.version)} has it not"
    rest = f"; use {fate.instead}" if fate.instead else ", and nothing took its place"
    return f"{api} {one.kind} is gone since Kubernetes {fate.since}{rest}"


def _too_odd(one: ClusterObject, error: Exception) -> Gap:
    reason = f"{one.kind} {one.name} could not be held against its schema ({type(error).__name__})"
    return Gap(one.path, shown(reason), one.path, one.line, _FACTS)


def _finding(rule: str, one: ClusterObject, problem: str) -> Finding:
    name = f"{one.namespace}/{one.name}" if one.namespace else one.name
    which = f"{one.api_version} {one.kind} {name} {one.source}"
    mark = sha256("\0".join((rule, one.path, which, problem)).encode("utf-8", "replace")).hexdigest()[:32]
    properties = place(one) | {"object": shown(which), "problem": problem}
    message = f"{shown(one.kind)} {shown(name)}: {problem}"
    return Finding(rule, "high", message, "kubernetes", one.path, one.line, mark, properties=properties)
