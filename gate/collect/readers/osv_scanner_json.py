"""osv-scanner's JSON (`osv-scanner --format json`): `results[]` of `{source, packages[]}`, advisories as OSV has them.

Without `--all-packages` only vulnerable packages are listed, so a file with none is not named at all. Formats:
https://google.github.io/osv-scanner/output/ and https://ossf.github.io/osv-schema/.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.collect.readers.audit import MAX_PACKAGES, AuditedPackage, AuditReport, SkippedPackage, Vulnerability
from gate.collect.readers.cvss_vector import highest, severity_of_score, severity_of_vector, severity_of_word
from gate.collect.readers.ecosystems import ecosystem_of, package_name, package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.model.finding import Severity
from gate.model.json import JsonObject

TOOL = "osv-scanner"
WHAT = "osv-scanner's JSON"
_SYSTEMS = ("debian", "alpine", "ubuntu", "rocky", "almalinux", "red hat", "opensuse", "suse", "wolfi", "chainguard")


def is_osv_scanner(document: JsonObject) -> bool:
    """Whether a document claims to be one."""
    results = document.get("results")
    if not isinstance(results, list):
        return False
    if not results:
        return document.keys() <= {"results", "experimental_config", "license_summary"}
    return isinstance(results[0], dict) and "source" in results[0] and "packages" in results[0]


def read_osv_scanner(document: JsonObject) -> AuditReport:
    """Return what a report says. Raises ReportError; so it does for one without results, which looked at nothing."""
    top = Members(document, "", WHAT)
    audited: list[AuditedPackage] = []
    skipped: list[SkippedPackage] = []
    files: dict[str, None] = {}
    for result in top.objects("results", MAX_PACKAGES):
        path = result.object("source").text("path")
        for entry in result.objects("packages", MAX_PACKAGES):
            read = _package(entry, path)
            if isinstance(read, SkippedPackage):
                skipped.append(read)
            elif read is not None:
                audited.append(read)
                files |= {path: None} if path else {}
        if len(audited) > MAX_PACKAGES:
            raise ReportError(f"names more than {MAX_PACKAGES:,} packages, the most that are read")
    if not audited and not skipped:
        raise ReportError(
            "names no package that was looked at, so it proves nothing; run osv-scanner with --all-packages"
        )
    return AuditReport(TOOL, tuple(audited), tuple(skipped), tuple(files))


def _package(entry: Members, path: str | None) -> AuditedPackage | SkippedPackage | None:
    package = entry.object("package")
    written = package.text("name")
    ecosystem = ecosystem_of(package.text("ecosystem") or "")
    holes = tuple(_holes(entry, written or "", ecosystem))
    if ecosystem.lower().startswith(_SYSTEMS):
        return None  # a package of an operating system: the evidence of images is about those
    version = package.text("version") or ""
    commit = package.text("commit") or ""
    if not holes and not (written and ecosystem and version):
        # Code that is known by its commit alone, or a package that nobody could look up.
        return SkippedPackage(written or commit or "a package without a name", "has no name, ecosystem or version")
    written, ecosystem = written or commit or "a package without a name", ecosystem or "GIT"
    name = package_name(ecosystem, written)
    return AuditedPackage(name, package_version(ecosystem, version or commit), holes, ecosystem, path)


def _holes(entry: Members, name: str, ecosystem: str) -> Iterator[Vulnerability]:
    graded = _grades(entry)
    for item in entry.objects("vulnerabilities", MAX_PACKAGES):
        id_ = item.needed("id")
        yield Vulnerability(
            id_,
            frozenset(alias for alias in item.texts("aliases") if alias != id_),
            tuple(dict.fromkeys(_fixes(item, name, ecosystem))),
            _severity(item, graded.get(id_, "unknown")),
        )


def _grades(entry: Members) -> dict[str, Severity]:
    """The severity of each id by the group that osv-scanner put it in (`max_severity` is a score as text)."""
    found: dict[str, Severity] = {}
    for group in entry.objects("groups", MAX_PACKAGES):
        try:
            severity = severity_of_score(float(group.text("max_severity") or "nan"))
        except ValueError:
            severity = "unknown"
        found |= dict.fromkeys((*group.texts("ids"), *group.texts("aliases")), severity)
    return found


def _severity(item: Members, of_group: Severity) -> Severity:
    """The database's own word, else the gravest vector, else what osv-scanner made of the group."""
    word = severity_of_word(_word(item.object("database_specific")))
    if word != "unknown":
        return word
    vectors = [score.text("score") for score in item.objects("severity", 100)]
    for affected in item.objects("affected", MAX_PACKAGES):
        vectors += [score.text("score") for score in affected.objects("severity", 100)]
    graded = highest(severity_of_vector(vector) for vector in vectors if vector)
    return graded if graded != "unknown" else of_group


def _word(table: Members) -> str | None:
    try:
        return table.text("severity")
    except ReportError:
        return None  # databases may write there what they like


def _fixes(item: Members, name: str, ecosystem: str) -> Iterator[str]:
    wanted = package_name(ecosystem, name)
    for affected in item.objects("affected", MAX_PACKAGES):
        package = affected.object("package")
        of = ecosystem_of(package.text("ecosystem") or "")
        if (of, package_name(of, package.text("name") or "")) != (ecosystem, wanted):
            continue
        for span in affected.objects("ranges", MAX_PACKAGES):
            if span.text("type") != "GIT":
                yield from (fixed for event in span.objects("events", MAX_PACKAGES) if (fixed := event.text("fixed")))
