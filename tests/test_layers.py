"""Imports point one way, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GATE = ROOT / "gate"

# What each room may import of the gate, besides `gate` itself and `gate.errors`.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "model": {"model"},
    "formats": {"formats", "model"},
    "settings": set(),
    "stopping": set(),
    "collect": {"collect", "formats", "model"},
    "judge": {"judge", "formats", "model"},
    "report": {"report", "formats", "model"},
    "publish": {"publish", "report", "formats", "model", "settings"},
    "pipeline": {"collect", "judge", "report", "publish", "formats", "model"},
    "commands": {
        "commands",
        "pipeline",
        "collect",
        "judge",
        "report",
        "publish",
        "formats",
        "model",
        "settings",
        "stopping",
    },
    "cli": {"commands", "stopping"},
}
MODEL_MAY_USE = {"__future__", "collections", "dataclasses", "datetime", "enum", "operator", "threading", "typing"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(GATE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> Iterator[str]:
    """Every imported module, inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_imports_only_what_its_room_may(module: str, path: Path) -> None:
    here = room(module)
    if not here:
        assert not [name for name in imports(path) if name.startswith("gate")]
        return
    known = {room(name) for name, _ in modules()}
    used = {room(name) for name in imports(path) if name.startswith("gate.")} & known - {"", "errors"}
    assert used <= ALLOWED[here], f"{module} reaches into {used - ALLOWED[here]}"


def test_every_room_has_its_rule() -> None:
    assert {room(module) for module, _ in modules()} - {""} == set(ALLOWED)


def test_the_words_need_nothing_but_the_standard_library() -> None:
    for module, path in modules():
        if room(module) == "model":
            foreign = {name.split(".")[0] for name in imports(path)} - MODEL_MAY_USE - {"gate"}
            assert not foreign, f"{module} imports {foreign}"


def test_there_is_no_import_cycle() -> None:
    names = dict(modules())
    graph = {module: {name for name in imports(path) if name in names} - {module} for module, path in names.items()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"cycle: {' -> '.join((*way[way.index(module) :], module))}"
        if module not in done:
            for name in graph[module]:
                visit(name, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


DOORS = {"subprocess": {"gate.collect.process", "gate.collect.child"}, "github": {"gate.publish.forge_github"}}


@pytest.mark.parametrize("library", DOORS)
def test_a_door_is_the_only_one(library: str) -> None:
    users = {module for module, path in modules() if library in {name.split(".")[0] for name in imports(path)}}
    assert users <= DOORS[library]


def test_the_version_costs_no_heavy_import() -> None:
    heavy = ("yaml", "jsonschema", "rich", "re2", "msgspec", "markdown_it", "gate.pipeline")
    code = (
        f"import sys; from gate.cli import main; main(['--version']); print([n for n in {heavy} if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"
