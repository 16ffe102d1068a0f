"""A package with the licence that a report or lock file tells of it, and the words that its readers share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_packages import normal_name, normal_version
from gate.formats.plain import one_line
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json, JsonObject

MAX_PACKAGES = 200_000
MAX_NAME = 300
_LONGEST = 20_001
"""Characters of a licence that are kept: one more than an expression may have, so that a longer one is none."""
_NOTHING = frozenset({"", "NOASSERTION"})


@dataclass(frozen=True, slots=True)
class LicensedPackage:
    """One package as one source names it.

    `ecosystem` is the type of its package URL (`npm`, `pypi`, `deb` …), "" where the source does not tell; `name` is in
    the normal form of its ecosystem, with its namespace ("@types/node"); `version` is "" where none is told. All of the
    texts in `licenses` hold together; none means that the source says nothing. `development` says that the source has
    it for development only. `anchor` is a line of the source, without spaces around it, that names the package.
    """

    ecosystem: str
    name: str
    version: str
    licenses: tuple[str, ...] = ()
    development: bool = False
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class LicenseReport:
    """What a report says. `format` is its name for a person; `passed_over` counts entries that are no dependency."""

    format: str
    packages: tuple[LicensedPackage, ...]
    passed_over: int = 0


def document_of(data: bytes, what: str) -> Json:
    """Return the JSON of a report. Raises ReportError."""
    if not data.strip():
        raise ReportError("is empty")
    try:
        return loads(data.removeprefix(b"\xef\xbb\xbf"))
    except JsonProblem as problem:
        raise ReportError(f"is not {what}: {problem.reason}", problem.line) from None


def package_of(
    name: str,
    version: str,
    ecosystem: str = "",
    licenses: tuple[str, ...] = (),
    *,
    development: bool = False,
    anchor: str = "",
) -> LicensedPackage:
    """Return a package with its name and version in normal form, on one line."""
    plain, release = one_line(name, MAX_NAME), one_line(version, MAX_NAME)
    if ecosystem == "pypi":
        plain, release = normal_name(plain) or plain, normal_version(release) or release
    elif ecosystem in ("npm", "composer", "github", "bitbucket", "deb", "rpm", "apk"):
        plain = plain.lower()
    if ecosystem in ("golang", "swift", "composer"):
        release = release.removeprefix("v")
    return LicensedPackage(ecosystem, plain, release, licenses, development, anchor)


def of_purl(
    purl: str, licenses: tuple[str, ...], *, development: bool = False, anchor: str = ""
) -> LicensedPackage | None:
    """Return the package that a package URL names, None where it is none."""
    from packageurl import PackageURL

    try:
        found = PackageURL.from_string(purl) if len(purl) <= 10 * MAX_NAME else None
    except ValueError:
        return None
    if found is None or not found.name:
        return None
    # Distributions are the namespace of their packages, and tools do not agree on writing them.
    namespace = found.namespace if found.type not in ("deb", "rpm", "apk", "alpm") else None
    name = f"{namespace}/{found.name}" if namespace else found.name
    return package_of(name, found.version or "", found.type, licenses, development=development, anchor=anchor)


def objects(value: Json, what: str) -> list[JsonObject]:
    """Return a list of objects; what is not there is an empty one. Raises ReportError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ReportError(f"holds {what} that are no list")
    found = [item for item in value if isinstance(item, dict)]
    if len(found) != len(value):
        raise ReportError(f"holds an entry of {what} that is no object")
    if len(found) > MAX_PACKAGES:
        raise ReportError(f"holds {len(found):,} {what}; at most {MAX_PACKAGES:,} are read")
    return found


def text_of(table: JsonObject, key: str, what: str) -> str:
    """Return a text, "" where there is none. Raises ReportError when it is something else."""
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ReportError(f"holds {what} whose {key} is no text")
    return value.strip()


def license_texts(value: Json, what: str) -> tuple[str, ...]:
    """Return the licences of one text or a list of texts, without those that say nothing. Raises ReportError."""
    return tuple(dict.fromkeys(_texts(value, what)))


def _texts(value: Json, what: str) -> Iterator[str]:
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if not isinstance(item, str):
            raise ReportError(f"holds {what} with a licence that is no text")
        text = item[:_LONGEST].strip()
        if text.upper() not in _NOTHING:
            yield text
