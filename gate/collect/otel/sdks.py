"""OpenTelemetry among the dependencies that a tree declares. Pure.

What is declared counts, not what a lock file brings along: a library that depends on the API does not trace anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import JsonObject

_REQUIREMENTS = re.compile(
    r"(?:^|/)(?:[^/]*requirements?[^/]*\.(?:txt|in)|requirements/[^/]+\.(?:txt|in))$", re.IGNORECASE
)
_NAMES = {
    "package.json": "package.json",
    "go.mod": "go.mod",
    "pom.xml": "xml",
    "build.gradle": "gradle",
    "build.gradle.kts": "gradle",
    "libs.versions.toml": "versions",
    "Cargo.toml": "toml",
    "pyproject.toml": "toml",
    "Pipfile": "toml",
    "setup.cfg": "setup.cfg",
    "setup.py": "setup.py",
    "Gemfile": "gem",
    "composer.json": "package.json",
    "mix.exs": "mix",
    "packages.config": "xml",
    "Directory.Packages.props": "xml",
}
_SUFFIXES = {".csproj": "xml", ".fsproj": "xml", ".vbproj": "xml", ".gemspec": "gem"}
_NAME = r"[A-Za-z0-9_.@/-]{0,120}open-?telemetry[A-Za-z0-9_./-]{0,120}"
_ANY = re.compile(rf"^(?:{_NAME})", re.IGNORECASE)
_QUOTED = re.compile(rf"[\"']({_NAME})", re.IGNORECASE)
_MODULE = re.compile(r"^\s*(?:require\s+)?(go\.opentelemetry\.io/[\w./-]{1,200})\s+v\S{1,100}(.{0,40})")
_ARTIFACT = re.compile(r"<artifactId>\s*([\w.-]{0,100}opentelemetry[\w.-]{0,100})\s*</artifactId>", re.IGNORECASE)
_PACKAGE = re.compile(
    r"<(?:PackageReference|package)\b[^<>]{0,300}?\b(?:Include|id)\s*=\s*\"(OpenTelemetry[\w.]{0,100})\"", re.IGNORECASE
)
_COORDINATES = re.compile(r"[\"'](io\.opentelemetry[\w.-]{0,100}:[\w.-]{1,100})")
_ATOM = re.compile(r"\{\s*:(opentelemetry\w{0,100})\s*,")
_XML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BLOCK_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_API = re.compile(
    r"(?:^|[/:._-])(?:api|semconv|semantic-conventions|trace|metric|attribute|codes|propagation|proto|bom|context"
    r"|api-logs|baggage)(?:[-._]\w+)?$|^go\.opentelemetry\.io/otel$|^opentelemetry$|^opentelemetry_api$",
    re.IGNORECASE,
)
"""Packages that name things and do nothing without an SDK; `opentelemetry` alone is the API of Rust."""
_MARK = "opentelemetry"


@dataclass(frozen=True, slots=True)
class Sdk:
    """A dependency. `part` is api for what does nothing by itself, sdk for everything else; `scope` is run or dev."""

    path: str
    line: int | None
    name: str
    part: str
    scope: str = "run"

    def facts(self) -> JsonObject:
        """Return it as an item of the facts."""
        item: JsonObject = {"name": self.name, "path": self.path, "part": self.part, "scope": self.scope}
        return item if self.line is None else item | {"line": self.line}


def is_manifest(path: str) -> bool:
    """Whether a file of this name declares dependencies, and is not one that a package manager put there."""
    return _format_of(path) is not None and not re.search(
        r"(?:^|/)(?:node_modules|vendor|third_party|site-packages)/", path
    )


def read_sdks(path: str, data: bytes) -> list[Sdk]:
    """Return what of OpenTelemetry a manifest declares, each name once. Raises ValueError for what cannot be read."""
    lowered = data.lower().replace(b"open-telemetry", b"opentelemetry")
    if _MARK.encode() not in lowered:
        return []
    text = data.decode("utf-8-sig")
    readers: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
        "requirements": _requirements,
        "package.json": _package_json,
        "go.mod": _go_mod,
        "xml": _xml,
        "gradle": _gradle,
        "versions": _gradle,
        "toml": _toml,
        "setup.cfg": _requirements,
        "setup.py": _quoted,
        "gem": _quoted,
        "mix": _mix,
    }
    found: dict[str, Sdk] = {}
    lines = text.splitlines()
    for name, scope in readers[_format_of(path) or "requirements"](text):
        known = found.get(name)
        if "telemetry" in name.lower() and (known is None or known.scope == "dev"):
            part = _part(name, path)
            found[name] = Sdk(path, _line_of(name, lines), name[:200], part, scope)
    return list(found.values())


def _format_of(path: str) -> str | None:
    name = path.rpartition("/")[2]
    if name in _NAMES:
        return _NAMES[name]
    suffix = f".{name.rpartition('.')[2]}" if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    return "requirements" if _REQUIREMENTS.search(path) else None


def _part(name: str, path: str) -> str:
    if path.endswith("mix.exs"):
        return "api" if name.endswith("_api") else "sdk"  # in Erlang `opentelemetry` is the SDK
    return "api" if _API.search(name) else "sdk"


def _line_of(name: str, lines: list[str]) -> int | None:
    wanted = name.rpartition(":")[2] or name
    return next((index for index, line in enumerate(lines, 1) if wanted in line), None)


def _requirements(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        found = _ANY.match(line.strip())
        if found and not line.lstrip().startswith(("#", "-", ";", "@", "/")):
            yield _python_name(found.group()), "run"


def _python_name(written: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", written, maxsplit=1)[0]


def _package_json(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = loads(text.encode())
    except JsonProblem as problem:
        raise ValueError(f"is not JSON: {problem.reason}") from problem
    if not isinstance(document, dict):
        return
    for key, scope in _NPM.items():
        below = document.get(key)
        for name in below if isinstance(below, dict) else ():
            if _ANY.match(name):
                yield name, scope


_NPM = {
    "dependencies": "run",
    "optionalDependencies": "run",
    "peerDependencies": "run",
    "devDependencies": "dev",
    "require": "run",
    "require-dev": "dev",
}
"""Of npm, and of Composer."""


def _go_mod(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        found = _MODULE.match(line)
        if found and "// indirect" not in found[2]:
            yield found[1], "run"


def _xml(text: str) -> Iterator[tuple[str, str]]:
    plain = _XML_COMMENT.sub("", text)
    for pattern in (_ARTIFACT, _PACKAGE):
        for found in pattern.finditer(plain):
            yield found[1], "run"


def _gradle(text: str) -> Iterator[tuple[str, str]]:
    for line in _BLOCK_COMMENT.sub("", text).splitlines():
        if line.lstrip().startswith(("//", "#")):
            continue
        for found in _COORDINATES.finditer(line):
            yield found[1], "dev" if line.lstrip().lower().startswith("test") else "run"


def _quoted(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            for found in _QUOTED.finditer(line):
                if "/" not in found[1]:
                    yield _python_name(found[1]), "run"


def _mix(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            for found in _ATOM.finditer(line):
                yield found[1], "run"


def _toml(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError("is not TOML that can be read") from error
    yield from _in_tables(document, (), wanted=False)


def _in_tables(value: object, above: tuple[str, ...], *, wanted: bool) -> Iterator[tuple[str, str]]:
    """Yield what stands under keys such as dependencies, dev-dependencies, optional-dependencies, packages."""
    scope = (
        "dev"
        if any("dev" in key.lower() or key.lower() in ("test", "tests", "build-dependencies") for key in above)
        else "run"
    )
    if isinstance(value, dict):
        for key, below in value.items():
            if wanted and _ANY.match(key):
                yield key, scope
            inside = wanted or key.lower().endswith(("dependencies", "dependency-groups", "packages"))
            yield from _in_tables(below, (*above, key), wanted=inside)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str) and wanted:
                found = _ANY.match(item.strip())
                if found:
                    yield _python_name(found.group()), scope
            elif isinstance(item, dict):
                yield from _in_tables(item, above, wanted=wanted)
