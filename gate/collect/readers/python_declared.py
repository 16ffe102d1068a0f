"""What a Python project says that it needs: pyproject.toml, setup.cfg, setup.py and Pipfile, read and never run.

Formats: PEP 621 and 735 for pyproject.toml, the tables of Poetry, PDM and uv beside it, setuptools' declarative
configuration, and Pipenv's Pipfile. Of setup.py only what stands there as plain text is known; the rest would have
to be run, and is told as not known. What is needed to build (`build-system.requires`) is no dependency of the product.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_packages import (
    Requirement,
    normal_name,
    normal_version,
    parse_requirement,
    pin_of_target,
    without_credentials,
)

LIMIT = 2 * 1024 * 1024
"""Bytes of one file."""

NAMES = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile")

_KEYWORDS = ("install_requires", "extras_require", "tests_require")
_EXACT = re.compile(r"={0,3}\s*(\d+(?:\.\d+)*(?:\.?(?:a|b|rc|post|dev)\d*)*)")


@dataclass(frozen=True, slots=True)
class Declared:
    """What one file declares.

    `name` is the project's own, in normal form. `files` are requirements files that it takes its dependencies from, as
    they are written; `unknown` are sentences' ends about what it declares in a way that nobody can read without running
    it, with their lines.
    """

    name: str | None = None
    requirements: tuple[Requirement, ...] = ()
    files: tuple[str, ...] = ()
    unknown: tuple[tuple[str, int | None], ...] = ()


@dataclass(slots=True)
class _Parts:
    text: str
    name: str | None = None
    requirements: list[Requirement] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unknown: list[tuple[str, int | None]] = field(default_factory=list)

    def add(self, items: object, where: str) -> None:
        """Take a list of requirements (PEP 508)."""
        if not isinstance(items, list):
            self.unknown.append((f"holds a “{where}” that is no list of requirements", None))
            return
        for item in items:
            if isinstance(item, str):
                self.one(item, where)
            elif not (isinstance(item, dict) and "include-group" in item):
                self.unknown.append((f"holds something in “{where}” that is no requirement", None))

    def one(self, item: str, where: str, line: int | None = None) -> None:
        """Take one requirement."""
        line = line if line is not None else self.line_of(item)
        try:
            self.requirements.append(parse_requirement(item, line))
        except ValueError as error:
            shown = without_credentials(item)
            self.unknown.append((f"holds “{shown}” in “{where}”, which is no requirement: {error}", line))

    def line_of(self, item: str) -> int | None:
        """The line of the first place where a text stands."""
        index = self.text.find(item)
        return self.text.count("\n", 0, index) + 1 if index >= 0 else None


def read_declared(data: bytes, name: str) -> Declared:
    """Return what a file with one of `NAMES` declares. Raises ReportError where it cannot be read at all."""
    if len(data) > LIMIT:
        raise ReportError(f"has {len(data):,} bytes; at most {LIMIT:,} of such a file are read")
    try:
        parts = _Parts(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ReportError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None
    {"setup.py": _setup_py, "setup.cfg": _setup_cfg, "Pipfile": _pipfile}.get(name, _pyproject)(parts)
    return Declared(parts.name, tuple(parts.requirements), tuple(parts.files), tuple(dict.fromkeys(parts.unknown)))


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ReportError("nests too deep to be read") from None
    except ValueError as error:
        raise ReportError(f"is not TOML: {error}") from None


def _table(parent: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    for key in keys:
        value = parent.get(key, {})
        if not isinstance(value, dict):
            raise ReportError(f"holds a “{key}” that is not a table")
        parent = value
    return parent


def _pyproject(parts: _Parts) -> None:
    document = _toml(parts.text)
    project = _table(document, "project")
    parts.add(project.get("dependencies", []), "project.dependencies")
    groups = {
        "project.optional-dependencies": _table(project, "optional-dependencies"),
        "dependency-groups": _table(document, "dependency-groups"),
        "tool.pdm.dev-dependencies": _table(document, "tool", "pdm", "dev-dependencies"),
    }
    for where, group in groups.items():
        for name, items in group.items():
            parts.add(items, f"{where}.{name}")
    parts.add(_table(document, "tool", "uv").get("dev-dependencies", []), "tool.uv.dev-dependencies")
    poetry = _table(document, "tool", "poetry")
    parts.name = normal_name(str(project.get("name", poetry.get("name", ""))))
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(_table(poetry, "group"), name, "dependencies") for name in _table(poetry, "group")]
    for table in tables:
        _caret(table, parts)
    _dynamic(document, project, parts)


def _dynamic(document: Mapping[str, object], project: Mapping[str, object], parts: _Parts) -> None:
    names = project.get("dynamic", [])
    wanted = (
        [name for name in names if name in ("dependencies", "optional-dependencies")] if isinstance(names, list) else []
    )
    setuptools = _table(document, "tool", "setuptools", "dynamic")
    for name in wanted:
        sources = [_table(setuptools, name)]
        if name == "optional-dependencies":
            sources = [_table(sources[0], extra) for extra in sources[0]]
        files = [path for source in sources for path in _texts(source.get("file"))]
        parts.files += files
        if not files:
            reason = f"leaves “{name}” to its build tool (dynamic), which the gate does not run"
            parts.unknown.append((reason, parts.line_of("dynamic")))


def _texts(value: object) -> list[str]:
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _caret(table: Mapping[str, object], parts: _Parts) -> None:
    """Take a table of Poetry or Pipenv: {name: "^1.2" | {version: …} | {git: …} | [ …]}."""
    for written, value in table.items():
        name = normal_name(written)
        if name == "python" or name is None:
            continue
        for item in value if isinstance(value, list) else [value]:
            parts.requirements.append(_caret_one(name, written, item, parts))


def _caret_one(name: str, written: str, value: object, parts: _Parts) -> Requirement:
    options = value if isinstance(value, dict) else {"version": value}
    found = re.search(rf'^\s*"?{re.escape(written)}"?\s*=', parts.text, re.MULTILINE)
    line = parts.text.count("\n", 0, found.start()) + 1 if found else None
    target = next((str(options[key]) for key in ("git", "url", "path", "file") if key in options), None)
    if target is not None:
        revision = options.get("rev") or options.get("ref")
        pin = pin_of_target(f"{target}@{revision}" if revision else target, False)
        shown = without_credentials(target)
        return Requirement(f"{name} @ {shown}", name, pin, target=shown, line=line)
    wanted = str(options.get("version", "*")).strip()
    exact = _EXACT.fullmatch(wanted)
    version = normal_version(exact[1]) if exact else None
    pin = "pinned" if version else "unpinned" if wanted in ("*", "") else "ranged"
    return Requirement(without_credentials(f"{name} {wanted}".strip()), name, pin, version=version, line=line)


def _pipfile(parts: _Parts) -> None:
    document = _toml(parts.text)
    for section in document:
        if section not in ("source", "requires", "scripts", "pipenv"):
            _caret(_table(document, section), parts)


def _setup_cfg(parts: _Parts) -> None:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(parts.text)
    except configparser.Error as error:
        raise ReportError(f"is not INI: {str(error).splitlines()[0]}", getattr(error, "lineno", None)) from None
    parts.name = normal_name(parser.get("metadata", "name", fallback=""))
    found = [(key, parser.get("options", key, fallback=None)) for key in ("install_requires", "tests_require")]
    if parser.has_section("options.extras_require"):
        found += [(f"extras_require.{key}", value) for key, value in parser.items("options.extras_require")]
    for where, value in found:
        for line in (value or "").splitlines():
            item = re.sub(r"(?:^|\s)#.*", "", line).strip().rstrip(",")
            if item.startswith("file:"):
                parts.files += [path.strip() for path in item.removeprefix("file:").split(",") if path.strip()]
            elif item and not item.startswith("%("):
                parts.one(item, where)


def _setup_py(parts: _Parts) -> None:
    try:
        tree = ast.parse(parts.text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        parts.unknown.append(("does not parse as Python, so what it declares is not known", None))
        return
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _called(call) == "setup":
            for keyword in call.keywords:
                _keyword(keyword, names, parts)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _keyword(keyword: ast.keyword, names: Mapping[str, ast.expr], parts: _Parts) -> None:
    if keyword.arg is None:
        if not isinstance(keyword.value, ast.Dict):
            reason = "gives setup() its arguments in code that the gate does not run, dependencies perhaps among them"
            parts.unknown.append((reason, keyword.value.lineno))
        return
    if keyword.arg not in _KEYWORDS:
        return
    try:
        for text, line in _literals(keyword.value, names, depth=0):
            parts.one(text, keyword.arg, line)
    except ValueError:
        parts.unknown.append((f"declares {keyword.arg} in code that the gate does not run", keyword.value.lineno))


def _literals(node: ast.expr, names: Mapping[str, ast.expr], depth: int) -> Iterator[tuple[str, int]]:
    """Yield the plain texts of an expression with their lines. Raises ValueError where it is more than that."""
    if depth > 8:
        raise ValueError
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # One text may hold several requirements, a line each.
        for offset, line in enumerate(node.value.splitlines()):
            if line.strip():
                yield line.strip(), node.lineno + offset
        return
    for child in _children(node, names):
        yield from _literals(child, names, depth + 1)


def _children(node: ast.expr, names: Mapping[str, ast.expr]) -> Iterable[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.Dict) and None not in node.keys:
        return node.values
    if isinstance(node, ast.Name) and node.id in names:
        return [names[node.id]]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right]
    raise ValueError
