"""Manifests and lock files of other languages: counted, and told as not audited."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gate.collect.workspace import ReadProblem, Workspace

_LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "npm",
    "pnpm-lock.yaml": "npm",
    "bun.lock": "npm",
    "bun.lockb": "npm",
    "deno.lock": "Deno",
    "go.sum": "Go",
    "Cargo.lock": "Rust",
    "Gemfile.lock": "Ruby",
    "gems.locked": "Ruby",
    "composer.lock": "PHP",
    "gradle.lockfile": "Java",
    "buildscript-gradle.lockfile": "Java",
    "packages.lock.json": ".NET",
    "paket.lock": ".NET",
    "mix.lock": "Elixir",
    "pubspec.lock": "Dart",
    "Podfile.lock": "CocoaPods",
    "Package.resolved": "Swift",
    "conan.lock": "Conan",
    "conda-lock.yml": "Conda",
    "pixi.lock": "Conda",
}

_MANIFESTS = {
    "package.json": ("npm", r'"(?:d|devD|optionalD|peerD)ependencies"\s*:\s*\{\s*"'),
    "go.mod": ("Go", r"^\s*require\b"),
    "Cargo.toml": ("Rust", r"^\s*\[(?:[\w.'\"()=-]+\.)?(?:dev-|build-)?dependencies\b"),
    "Gemfile": ("Ruby", r"^\s*gem\b"),
    "composer.json": ("PHP", r'"require(?:-dev)?"\s*:\s*\{\s*"'),
    "pom.xml": ("Java", r"<dependency\b|<parent\b"),
    "build.gradle": ("Java", r"\bdependencies\b"),
    "build.gradle.kts": ("Java", r"\bdependencies\b"),
    "mix.exs": ("Elixir", r"\bdeps\b"),
    "pubspec.yaml": ("Dart", r"^dependencies:"),
    "environment.yml": ("Conda", r"^dependencies:"),
    "environment.yaml": ("Conda", r"^dependencies:"),
}
"""What each manifest looks like when it names any dependency; the rest of it is not read."""

_PROJECT = re.compile(r".+\.(?:cs|fs|vb)proj")
_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that names packages of another language. `is_lock` says whether it names exact versions."""

    path: str
    ecosystem: str
    is_lock: bool


def other_file(path: str) -> OtherFile | None:
    """Return what a file is by its name, None when it is no manifest of another language."""
    name = posixpath.basename(path)
    if name in _LOCKS:
        return OtherFile(path, _LOCKS[name], True)
    if name in _MANIFESTS:
        return OtherFile(path, _MANIFESTS[name][0], False)
    return OtherFile(path, ".NET", False) if _PROJECT.fullmatch(name) else None


def unaudited(files: Iterable[OtherFile], workspace: Workspace) -> list[OtherFile]:
    """Return those whose packages nobody audits: every lock, and manifests without a lock at or above them.

    A manifest below another one of the same language counts with it. One that names no dependency is left out, and so
    is a lock without content; what cannot be read is not left out.
    """
    chosen: list[OtherFile] = []
    covered: set[tuple[str, str]] = set()
    ordered = sorted(files, key=lambda file: (not file.is_lock, file.path.count("/"), file.path))
    for file in ordered:
        if not _names_packages(file, workspace):
            continue
        if file.is_lock or not _is_covered(file, covered):
            chosen.append(file)
        covered.add((file.ecosystem, posixpath.dirname(file.path)))
    return sorted(chosen, key=lambda file: file.path)


def _is_covered(file: OtherFile, covered: set[tuple[str, str]]) -> bool:
    folder = posixpath.dirname(file.path)
    while True:
        if (file.ecosystem, folder) in covered:
            return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)


def _names_packages(file: OtherFile, workspace: Workspace) -> bool:
    try:
        data = workspace.read(file.path, _LIMIT).data
    except ReadProblem:
        return True
    if file.is_lock:
        return bool(data.strip())
    sign = _MANIFESTS.get(posixpath.basename(file.path), ("", r"<PackageReference\b"))[1]
    return re.search(sign, data.decode("utf-8", "replace"), re.MULTILINE) is not None
