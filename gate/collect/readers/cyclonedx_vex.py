"""CycloneDX VEX (JSON): what somebody who looked says about vulnerabilities in what they ship.

https://cyclonedx.org/capabilities/vex/, layout: https://cyclonedx.org/docs/1.6/json/#vulnerabilities. A statement takes
a finding out only when its `analysis` says why: `not_affected` and `false_positive` with a justification or a detail,
`resolved` with one too. Every other state leaves the finding as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.readers.audit import MAX_PACKAGES
from gate.collect.readers.ecosystems import of_purl, package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.collect.readers.python_packages import without_credentials
from gate.model.json import JsonObject

WHAT = "a CycloneDX VEX"
SILENCING = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
_STATES = SILENCING | {"exploitable", "in_triage"}
_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Affected:
    """What a statement is about: one version of a package, all of its versions (None), or the whole product (None)."""

    package: tuple[str, str] | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one vulnerability. `why` is the justification, the detail, or both; empty where none is given."""

    ids: frozenset[str]
    state: str
    why: str
    affects: tuple[Affected, ...]

    @property
    def silences(self) -> bool:
        """Whether it takes a finding out."""
        return self.state in SILENCING and bool(self.why)


@dataclass(frozen=True, slots=True)
class Vex:
    """What one document says. `useless` are ids with a statement that has no effect, and the end of a sentence why."""

    statements: tuple[Statement, ...]
    useless: tuple[tuple[str, str], ...] = ()


def is_cyclonedx(document: JsonObject) -> bool:
    """Whether a document claims to be CycloneDX."""
    return document.get("bomFormat") == "CycloneDX"


def read_vex(document: JsonObject) -> Vex:
    """Return what a document states. Raises ReportError; so it does for one without any analysis (a plain SBOM)."""
    top = Members(document, "", WHAT)
    version = top.text("specVersion") or ""
    if not version.startswith("1."):
        raise ReportError(f"is CycloneDX {version[:20] or 'of no version'}; versions 1.4 to 1.7 are read")
    known = _components(top)
    product = top.object("metadata").object("component")
    whole = product.text("bom-ref")
    statements: list[Statement] = []
    useless: list[tuple[str, str]] = []
    for item in top.objects("vulnerabilities", MAX_PACKAGES):
        analysis = item.object("analysis")
        state = analysis.text("state")
        if state is None:
            continue
        if state not in _STATES:
            raise ReportError(f"is not {WHAT}: {item.where}.analysis.state is {state[:30]!r}")
        statement = Statement(_ids(item), state, _why(analysis), tuple(_affects(item, known, whole)))
        statements.append(statement)
        if state in SILENCING and not statement.why:
            useless.append((item.needed("id"), f"{state} without a justification or a detail"))
        elif state in SILENCING and not statement.affects:
            useless.append((item.needed("id"), f"{state}, and names no package that can be told by a package URL"))
    if not statements:
        raise ReportError(
            f"is not {WHAT}: it states the analysis of no vulnerability (an SBOM is no audit of dependencies)"
        )
    return Vex(tuple(statements), tuple(useless))


def _ids(item: Members) -> frozenset[str]:
    others = (other.text("id") for other in item.objects("references", MAX_PACKAGES))
    return frozenset((item.needed("id"), *(other for other in others if other)))


def _why(analysis: Members) -> str:
    parts = [(analysis.text(key) or "").strip() for key in ("justification", "detail")]
    return without_credentials(": ".join(filter(None, parts)))


def _components(top: Members) -> dict[str, str]:
    """Map each component's reference to its package URL."""
    found: dict[str, str] = {}
    level = [top]
    for _ in range(_DEPTH):
        level = [child for item in level for child in item.objects("components", MAX_PACKAGES)]
        if not level:
            return found
        for item in level:
            ref, purl = item.text("bom-ref"), item.text("purl")
            if purl:
                found[ref or purl] = purl
    raise ReportError(f"nests components more than {_DEPTH} levels deep")


def _affects(item: Members, known: dict[str, str], whole: str | None) -> list[Affected]:
    found = []
    for target in item.objects("affects", MAX_PACKAGES):
        ref = target.needed("ref")
        # A BOM-Link (urn:cdx:SERIAL/VERSION#REF) names a component of a document: of this one, or of the SBOM.
        local = ref.rpartition("#")[2] if ref.startswith("urn:cdx:") else ref
        if whole is not None and local == whole:
            found.append(Affected())
            continue
        purl = of_purl(known.get(local, local))
        if purl is None:
            continue
        ecosystem, name, version = purl
        listed = target.objects("versions", MAX_PACKAGES)
        if not listed or version is not None:
            found.append(Affected((ecosystem, name), version))
            continue
        # A range is not worked out: a statement about one holds for no version that can be told.
        told = (entry.text("version") for entry in listed if entry.text("status") != "unaffected")
        found += [Affected((ecosystem, name), package_version(ecosystem, one)) for one in told if one]
    return found
