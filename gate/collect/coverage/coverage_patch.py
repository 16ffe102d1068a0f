"""Coverage of the lines that a change touches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.collect.changes import Changes
from gate.collect.coverage.coverage_merge import MergedFile
from gate.collect.coverage.source_names import is_declaration, is_test, suffix
from gate.collect.readers.coverage_data import NOTHING, Tally
from gate.collect.readers.source_lines import code_lines
from gate.collect.workspace import ReadProblem
from gate.model.evidence import Gap


@dataclass(frozen=True, slots=True)
class PatchedFile:
    """One changed source file.

    `missing` are its changed lines that no test runs, sorted. `reported` is False for a file that no report mentions:
    all of its changed lines count as missing.
    """

    path: str
    covered: int
    missing: tuple[int, ...]
    reported: bool

    @property
    def tally(self) -> Tally:
        """Covered of the changed executable lines."""
        return Tally(self.covered, self.covered + len(self.missing))


@dataclass(frozen=True, slots=True)
class Patch:
    """What the reports say about a change. Files without a changed executable line are left out."""

    files: tuple[PatchedFile, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def lines(self) -> Tally:
        """Covered of all changed executable lines."""
        return sum((item.tally for item in self.files), NOTHING)


def measured_suffixes(files: Sequence[MergedFile]) -> frozenset[str]:
    """Return the extensions of the files that the reports mention: the languages that were measured."""
    return frozenset(found for item in files if (found := suffix(item.path)))


def should_be_measured(path: str, suffixes: frozenset[str]) -> bool:
    """Whether a file that no report mentions should have been: it is source of a measured language and no test."""
    return suffix(path) in suffixes and not is_test(path) and not is_declaration(path)


def patch_coverage(changes: Changes, files: Sequence[MergedFile], read: Callable[[str], bytes]) -> Patch:
    """Return the coverage of the changed lines. `read` gives a tracked file's bytes and may raise ReadProblem."""
    known = {item.path: item for item in files}
    suffixes = measured_suffixes(files)
    patched: list[PatchedFile] = []
    gaps: list[Gap] = []
    for path, changed in sorted(changes.lines.items()):
        item = known.get(path)
        if item is not None:
            if item.coverage is None:
                gaps.append(
                    Gap(path, "was changed, and its report gives totals only, no lines", path, facts=("patch",))
                )
                continue
            found = _reported(path, changed, item)
        elif should_be_measured(path, suffixes):
            try:
                lines = code_lines(path, read(path), changed)
            except ReadProblem as problem:
                gaps.append(problem.gap(("patch",)))
                continue
            found = PatchedFile(path, 0, tuple(sorted(lines)), reported=False)
        else:
            continue
        if found.tally.total:
            patched.append(found)
    return Patch(tuple(patched), tuple(gaps))


def _reported(path: str, changed: frozenset[int], item: MergedFile) -> PatchedFile:
    covered = 0
    missing: list[int] = []
    if item.coverage is not None:
        for number, hit in item.coverage.lines.items():
            if number in changed:
                if hit:
                    covered += 1
                else:
                    missing.append(number)
    return PatchedFile(path, covered, tuple(missing), reported=True)
