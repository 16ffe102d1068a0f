"""The findings of a verdict as annotations beside the code.

Limits are those of GitHub's check runs: 50 annotations a request, a title of 255 characters, a message of 64 KB, lines
from 1, and a path of the repository. Criteria behind which no finding stands are not annotated: they would all lie on
the first line of the policy, which the change does not touch, and the check run's summary tells them with more room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.model.annotation import Annotation, AnnotationLevel
from gate.model.finding import SEVERITIES, Finding
from gate.model.verdict import CriterionResult, Verdict
from gate.report.behind import Behind, Weight
from gate.report.quiet import basic, quiet, shown_path
from gate.report.text import counted

MOST = 200
"""How many annotations a check run gets. GitHub documents no limit of its own for all requests together."""
BATCH = 50
"""How many GitHub takes in one request."""
_TITLE = 255
_MESSAGE = 2_000
"""Characters; at most 6,000 bytes of UTF-8, as there are none beyond U+FFFF."""
_LEVELS: dict[Weight, AnnotationLevel] = {
    Weight.BLOCKS: "failure",
    Weight.CONDITION: "warning",
    Weight.ADVICE: "notice",
}
_LOWER: dict[AnnotationLevel, AnnotationLevel] = {"failure": "warning", "warning": "notice", "notice": "notice"}
_ORDER: tuple[AnnotationLevel, ...] = ("failure", "warning", "notice")

Lines = Mapping[str, frozenset[int]]
"""Per path the lines that the change touches, from 1."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What is shown beside the code, in order.

    `left_out` counts what there was no room for. `unplaced` counts findings without a place that can be shown: about no
    file, or about one whose name would be shown as another. `untold` are the unmet criteria that none shown is
    about, None where that was not looked at.
    """

    shown: tuple[Annotation, ...]
    left_out: int = 0
    unplaced: int = 0
    untold: tuple[CriterionResult, ...] | None = None

    def batches(self) -> Iterator[tuple[Annotation, ...]]:
        """Yield what is shown in parts that one request takes."""
        for start in range(0, len(self.shown), BATCH):
            yield self.shown[start : start + BATCH]

    def note(self) -> str:
        """Return a sentence about what is not shown, "" where everything is."""
        parts = []
        if self.left_out:
            parts.append(f"{counted(self.left_out, 'finding is', 'findings are')} not annotated for want of room")
        if self.unplaced:
            parts.append(f"{counted(self.unplaced, 'finding has', 'findings have')} no place in the repository's files")
        text = ", and ".join(parts)
        return f"{text}; the report tells of them." if text else ""


def annotate(verdict: Verdict, changed: Lines | None = None, most: int = MOST) -> Annotations:
    """Return the findings behind unmet criteria as annotations, at most `most`.

    What blocks comes first, then conditions, then advice; of each, what is on lines that the change touches before the
    rest, and the graver before the less grave. `changed` is None where those lines are not known; then the findings
    themselves say whether they are new.
    """
    behind = Behind(verdict)
    placed: list[tuple[tuple[int, bool, int], Annotation, Finding]] = []
    for finding in verdict.findings:
        path = shown_path(finding.path)
        if path is not None:
            made = _annotation(finding, path, behind)
            placed.append((_badness(made, finding, changed), made, finding))
    placed.sort(key=lambda item: item[0])
    # One place may be told the same by two findings; beside the code once is enough.
    each = dict.fromkeys(made for _badness, made, _finding in placed)
    shown = tuple(each)[:most]
    kept = frozenset(shown)
    told = tuple(finding for _badness, made, finding in placed if made in kept)
    return Annotations(shown, len(each) - len(shown), len(verdict.findings) - len(placed), behind.untold(told))


def _level(finding: Finding, behind: Behind) -> AnnotationLevel:
    """Return the level: that of the gravest criterion behind a finding, one less for a finding of low severity.

    A verdict does not tell which of several criteria of a kind counts a finding; one of low severity is seldom what
    blocks. Those of the gate itself belong to one criterion, whose level is theirs.
    """
    level = _LEVELS[behind.weight(finding)]
    return _LOWER[level] if finding.severity == "low" and len(behind.criteria(finding)) > 1 else level


def _annotation(finding: Finding, path: str, behind: Behind) -> Annotation:
    new = " (new)" if finding.new else ""
    suppressed = " (suppressed in the source)" if finding.suppressed else ""
    name = quiet(finding.rule, 150) or "no rule"
    return Annotation(
        path=path,
        line=max(1, finding.line or 1),
        level=_level(finding, behind),
        title=_short(f"{name} · {finding.severity} · {quiet(behind.tool(finding), 60)}{new}{suppressed}", _TITLE),
        message=_short(quiet(finding.message, _MESSAGE), _MESSAGE) or name,
    )


def _short(text: str, limit: int) -> str:
    """Return text of the basic plane in at most so many characters: to tell of one beyond it takes up to ten."""
    told = basic(text)
    return told if len(told) <= limit else told[: limit - 1] + "…"


def _badness(made: Annotation, finding: Finding, changed: Lines | None) -> tuple[int, bool, int]:
    if changed is None:
        touched = finding.new is True
    else:
        touched = finding.line is not None and finding.line in changed.get(made.path, ())
    return _ORDER.index(made.level), not touched, SEVERITIES.index(finding.severity)
