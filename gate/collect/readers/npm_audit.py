"""`npm audit --json`: of npm 7 and later (`auditReportVersion` 2), and of npm 6, pnpm and yarn (`advisories`).

npm 7 writes the advisories of a package among its `via`, and the places in the lock file among its `nodes`, but no
version; who counts versions has to look into that lock file (`npm_lock`). It says how many packages it looked at
(`metadata.dependencies.total`), and neither which nor of which lock file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gate.collect.readers.audit import MAX_PACKAGES, Vulnerability
from gate.collect.readers.cvss_vector import severity_of_vector, severity_of_word
from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.model.json import Json, JsonObject

WHAT = "npm audit's JSON"
_GHSA = re.compile(r"\bGHSA(?:-[0-9a-z]{4}){3}\b", re.I)
_FIXED = re.compile(r"<\s*v?(\d[\w.+-]*)")
_PATCHED = re.compile(r">=\s*v?(\d[\w.+-]*)")
_COUNTED = ("info", "low", "moderate", "high", "critical")


@dataclass(frozen=True, slots=True)
class NpmVulnerable:
    """A package with a hole of its own. `nodes` are its places in the lock file; `versions` where they are told."""

    name: str
    vulnerabilities: tuple[Vulnerability, ...]
    nodes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NpmAudit:
    """What one report says. `total` is how many packages npm looked at; `nodes` every place that it names.

    `layout` is 2 where `total` counts every entry of the lock file but the project, 1 where it may count less.
    """

    total: int
    vulnerable: tuple[NpmVulnerable, ...]
    nodes: frozenset[str] = frozenset()
    layout: int = 2


def is_npm_audit(document: JsonObject) -> bool:
    """Whether a document claims to be one, an error of npm's included."""
    return "auditReportVersion" in document or ("advisories" in document and "metadata" in document)


def error_of(document: JsonObject) -> str | None:
    """Return what npm wrote in place of a report (`{"error": {…}}`, `{"message": …}`), None where it is no error."""
    if is_npm_audit(document):
        return None
    error = document.get("error")
    message = document.get("message")
    if isinstance(error, dict) and ("summary" in error or "code" in error or "detail" in error):
        texts = [error.get("code"), message, error.get("summary"), error.get("detail")]
    elif isinstance(message, str) and ({"statusCode", "uri", "method"} & document.keys() or len(document) == 1):
        texts = [message]
    else:
        return None
    told = [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
    return ": ".join(told)[:200] or "no reason"


def read_npm_audit(document: JsonObject) -> NpmAudit:
    """Return what a report says. Raises ReportError.

    A report that looked at no package is refused, and so is one whose counts contradict its list.
    """
    if "auditReportVersion" not in document:
        return _first_layout(Members(document, "", WHAT))
    version = document["auditReportVersion"]
    if version != 2 or isinstance(version, bool):
        raise ReportError(f"has the auditReportVersion {str(version)[:20]}; 2 and the layout without one are read")
    return _second_layout(document)


def _second_layout(document: JsonObject) -> NpmAudit:
    top = Members(document, "", WHAT)
    table = top.object("vulnerabilities")
    names = list(table.names())
    _bounded(len(names))
    total = _total(top.object("metadata").object("dependencies"), ("total",))
    told = top.object("metadata").object("vulnerabilities").number("total")
    if told is not None and told != len(names):
        raise ReportError(
            f"contradicts itself: it counts {told:g} vulnerable packages and lists {len(names):,}; it is cut or changed"
        )
    read = [_entry(name, table.object(name), document) for name in names]
    nodes = frozenset(node for _, nodes in read for node in nodes)
    return NpmAudit(total, tuple(item for item, _ in read if item.vulnerabilities), nodes)


def _entry(key: str, entry: Members, document: JsonObject) -> tuple[NpmVulnerable, tuple[str, ...]]:
    """Return a package with its own holes; what it only inherits (`via` is a name) counts where it comes from."""
    name = entry.text("name") or key
    nodes = entry.texts("nodes")
    fixable = _fix_available(entry)
    found = tuple(_advisory(item, fixable) for item in _advisories(_via(document, key), entry.where))
    return NpmVulnerable(name, found, nodes), nodes


def _via(document: JsonObject, key: str) -> Json:
    table = document["vulnerabilities"]
    entry = table[key] if isinstance(table, dict) else None
    return entry.get("via") if isinstance(entry, dict) else None


def _advisories(via: Json, where: str) -> list[Members]:
    """`via` is a list of advisories and of names of packages."""
    if not isinstance(via, list) or not all(isinstance(item, dict | str) for item in via):
        raise ReportError(f"is not {WHAT}: {where}.via is no list of advisories and names")
    table: JsonObject = {"via": [item for item in via if isinstance(item, dict)]}
    return Members(table, where, WHAT).objects("via", MAX_PACKAGES)


def _fix_available(entry: Members) -> bool:
    """`fixAvailable` is false, true, or the package to install instead."""
    try:
        return entry.flag("fixAvailable")
    except ReportError:
        return bool(entry.object("fixAvailable").text("name"))


def _advisory(via: Members, fixable: bool) -> Vulnerability:
    url = via.text("url") or ""
    number = via.number("source") if via.number("source") is not None else via.number("id")
    ghsa = _GHSA.search(url)
    if ghsa is None and number is None:
        raise ReportError(f"is not {WHAT}: {via.where} names no advisory")
    ids = [_canonical(ghsa[0])] if ghsa else [f"npm:{number:.0f}"]
    range_ = via.text("range") or via.text("vulnerable_versions") or ""
    fixes = tuple(dict.fromkeys(_FIXED.findall(range_)))
    severity = severity_of_word(via.text("severity"))
    if severity == "unknown":
        severity = severity_of_vector(via.object("cvss").text("vectorString") or "")
    return Vulnerability(ids[0], frozenset(), fixes, severity, fixable or bool(fixes))


def _canonical(ghsa: str) -> str:
    return f"GHSA{ghsa[4:].lower()}"


def _first_layout(top: Members) -> NpmAudit:
    table = top.object("advisories")
    names = list(table.names())
    _bounded(len(names))
    metadata = top.object("metadata")
    total = _total(metadata, ("totalDependencies", "dependencies"))
    counts = metadata.object("vulnerabilities")
    if not names and any(counts.number(name) for name in _COUNTED):
        raise ReportError("contradicts itself: it counts vulnerabilities and lists none; it is cut or changed")
    read = [_old_advisory(table.object(name)) for name in names]
    return NpmAudit(total, tuple(read), layout=1)


def _old_advisory(item: Members) -> NpmVulnerable:
    number = item.number("id")
    found = _GHSA.search(item.text("github_advisory_id") or "") or _GHSA.search(item.text("url") or "")
    ids = [*item.texts("cves"), *([_canonical(found[0])] if found else [])]
    if not ids:
        if number is None:
            raise ReportError(f"is not {WHAT}: {item.where} has no id")
        ids = [f"npm:{number:.0f}"]
    fixes = tuple(dict.fromkeys(_PATCHED.findall(item.text("patched_versions") or "")))
    severity = severity_of_word(item.text("severity"))
    if severity == "unknown":
        severity = severity_of_vector(item.object("cvss").text("vectorString") or "")
    hole = Vulnerability(ids[0], frozenset(ids[1:]), fixes, severity, bool(fixes))
    versions = [finding.text("version") for finding in item.objects("findings", MAX_PACKAGES)]
    return NpmVulnerable(item.needed("module_name"), (hole,), (), _each(versions))


def _each(versions: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(version for version in versions if version))


def _total(table: Members, names: tuple[str, ...]) -> int:
    """How many packages were looked at. Raises ReportError for none."""
    total = next((found for name in names if (found := table.number(name)) is not None), None)
    if total is None:
        raise ReportError(f"is not {WHAT}: it does not say how many packages were looked at")
    if total < 1:
        raise ReportError("says that npm looked at no package, so nothing was audited")
    return int(total)


def _bounded(count: int) -> None:
    if count > MAX_PACKAGES:
        raise ReportError(f"names {count:,} packages; at most {MAX_PACKAGES:,} are read")
