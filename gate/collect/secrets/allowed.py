"""What the repository itself would have kept gitleaks from telling: comments, ignore files, its own configuration.

None of it silences the gate. It is found out afterwards, for the secrets that were found, and told.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gate.collect.disk import printable
from gate.collect.process import Completed
from gate.collect.readers.gitleaks_json import Leak, read_gitleaks
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.scan import NotCovered, Scan, Scanner, ScanProblem, ToolErrors
from gate.collect.secrets.canary import canary
from gate.collect.secrets.contents import Place
from gate.collect.secrets.gitleaks import EXIT_CODES, TOOL, arguments, new_folder
from gate.collect.secrets.parts import readings
from gate.collect.workspace import Content, ReadProblem, Workspace
from gate.model.evidence import Gap

Found: TypeAlias = tuple[str, Place]
"""A path of the workspace, and where in the file a secret is."""

CONFIGURATION = ".gitleaks.toml"
IGNORE_FILE = ".gitleaksignore"
TRIVY_IGNORE_FILE = ".trivyignore"
FACTS = ("allowed",)
_LIMIT = 1024 * 1024


@dataclass(slots=True)
class Allowed:
    """What would have hidden each secret, by name ("gitleaks:allow", ".gitleaksignore" …), and what is not known."""

    by: dict[Found, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


def find_allowed(workspace: Workspace, scanner: Scanner, found: Sequence[Found], limit: int) -> Allowed:
    """Return what would have hidden these secrets. Raises nothing: what cannot be told is a gap on `allowed`."""
    allowed = Allowed()
    ignored = ignored_fingerprints(_text(workspace, IGNORE_FILE, allowed))
    rules = set(_text(workspace, TRIVY_IGNORE_FILE, allowed).split())
    for path, place in found:
        by = hidden_by(path, place, ignored, None) or (TRIVY_IGNORE_FILE if place.rule in rules else None)
        if by is not None:
            allowed.by[path, place] = by
    # gitleaks does not look into archives, whatever its configuration says of them.
    rest = [item for item in found if item not in allowed.by and item[1].inside is None]
    if rest and workspace.exists(CONFIGURATION):
        _by_configuration(workspace, scanner, rest, limit, allowed)
    return allowed


def ignored_fingerprints(text: str) -> frozenset[str]:
    """Return the lines of an ignore file that are no comments: `[COMMIT:]PATH:RULE:LINE`."""
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line.replace("\\", "/") for line in lines if line and not line.startswith("#"))


def hidden_by(path: str, place: Place, ignored: frozenset[str], commit: str | None) -> str | None:
    """Return the comment or the ignore file that hides a secret, None when neither does."""
    if place.comment is not None:
        return place.comment
    fingerprint = f"{printable(path)}:{place.rule}:{place.line}"
    hidden = fingerprint in ignored or (commit is not None and f"{commit}:{fingerprint}" in ignored)
    return IGNORE_FILE if hidden else None


def read_ignore_file(workspace: Workspace) -> frozenset[str]:
    """Return what the repository's ignore file lists; nothing where there is none that can be read."""
    return ignored_fingerprints(_text(workspace, IGNORE_FILE, Allowed()))


def _text(workspace: Workspace, path: str, allowed: Allowed) -> str:
    if not workspace.exists(path):
        return ""
    try:
        return workspace.read(path, _LIMIT).data.decode("utf-8", "replace")
    except ReadProblem as problem:
        allowed.gaps.append(problem.gap(FACTS))
        return ""


def _by_configuration(
    workspace: Workspace, scanner: Scanner, found: Sequence[Found], limit: int, allowed: Allowed
) -> None:
    """Run gitleaks once more, with the repository's configuration, on the files that hold the secrets."""
    try:
        extended = _extended(workspace.read(CONFIGURATION, _LIMIT))
        copies = {path: workspace.read(path, limit).data for path in {path for path, _ in found} | extended}
        seen = _run(scanner, workspace.read(CONFIGURATION, _LIMIT).data, copies)
    except ReadProblem as problem:
        about = "" if problem.path == CONFIGURATION else f"cannot be used: {printable(problem.path)} "
        allowed.gaps.append(Gap(CONFIGURATION, about + problem.reason, CONFIGURATION, facts=FACTS))
    except ScanProblem as problem:
        reason = f"cannot be used to tell what it would have hidden: {problem}"
        allowed.gaps.append(Gap(CONFIGURATION, reason, CONFIGURATION, facts=FACTS))
    except OSError as error:
        reason = f"cannot be used to tell what it would have hidden: {os.strerror(error.errno or 0)}"
        allowed.gaps.append(Gap(CONFIGURATION, reason, CONFIGURATION, facts=FACTS))
    else:
        for path, place in found:
            if printable(path) != path:
                reason = "has a name that is not UTF-8, so what hides it cannot be told"
                allowed.gaps.append(Gap(printable(path), reason, printable(path), facts=FACTS))
            elif not any(leak.file == path and _same(leak, place) for leak in seen):
                allowed.by[path, place] = CONFIGURATION


def _same(leak: Leak, place: Place) -> bool:
    """Whether these are about the same lines, whatever the rule: a configuration may bring rules of its own."""
    return leak.line <= place.end_line and place.line <= leak.end_line


def _extended(content: Content) -> set[str]:
    """Return the file that a configuration extends, which must lie in the workspace. Raises ReadProblem."""
    import tomllib

    try:
        extend = tomllib.loads(content.data.decode()).get("extend")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise ReadProblem(content.path, "is not TOML, so what it would have hidden cannot be told") from None
    path = extend.get("path") if isinstance(extend, dict) else None
    if path is None or path == "":
        return set()
    plain = path.removeprefix("./") if isinstance(path, str) else ""
    try:
        parts_of(plain)
    except OpenProblem:
        raise ReadProblem(content.path, "extends a file that does not lie in the workspace") from None
    return {plain}


def _run(scanner: Scanner, configuration: bytes, copies: dict[str, bytes]) -> tuple[Leak, ...]:
    """Return what gitleaks finds in copies of files with a configuration. Raises ScanProblem and OSError."""
    with new_folder() as rules, new_folder() as folder:
        rules.copy("rules.toml", configuration)
        for path, data in copies.items():
            if path.rpartition("/")[2] != IGNORE_FILE and printable(path) == path:
                folder.copy(path, readings(data)[-1])
        scanned = scanner.run(
            Scan(
                tool=TOOL,
                arguments=arguments(rules.path / "rules.toml"),
                read=read_gitleaks,
                check=_checked,
                exit_codes=EXIT_CODES,
                canary=canary(scanner),
                cwd=folder.path,
                timeout=120.0,
                target=f"{len(copies):,} files with {CONFIGURATION}",
            )
        )
    return scanned.report


def _checked(leaks: Sequence[Leak], completed: Completed) -> str:
    if "complained" in completed.stderr:
        raise ToolErrors("does not accept it")
    if "scanned" not in completed.stderr:
        raise NotCovered("does not say how much it scanned")
    return f"{len(leaks):,} results"
