"""One criterion against the evidence of its kind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gate.judge import reasons
from gate.judge.doubt import Doubts, doubts
from gate.judge.each import EACH, NoElementsError, Survey, pointer_to, survey
from gate.judge.schema import UnknownSchemaError, problems, shipped_validator, validator
from gate.judge.schema_words import Problem, explain
from gate.judge.selectors import NO_BASE, Nothing, Part, select
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.policy import Criterion
from gate.model.verdict import Outcome

_MOST_PROBLEMS = 50
_FIX_BASE = "Check out with history (`fetch-depth: 0`) and give the revision to compare with: `--base REV`."
_FIX_RUN = "Have it collected: `gate doctor` says what can be measured here, and what is not installed."
_FIX_SILENT = "See to what kept it from being known, as told here, and judge once more."
_FIX_AGAIN = "Run the step that makes this evidence again, and look at its own output for what stopped it."


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one criterion, before it is put into the verdict.

    `measured`, `wanted` and `fix` are in words; `where` names the sources; `pointer` leads from the facts to what was
    judged, None where there was nothing; `path` is the one file that it is about. `survey` has the elements of a
    criterion that is about each of several. `waived_findings` were left out before, `waived_until` is the last day of
    what is waived.
    """

    criterion: Criterion
    outcome: Outcome
    reason: str
    measured: str = ""
    wanted: str = ""
    fix: str = ""
    where: tuple[str, ...] = ()
    pointer: str | None = None
    path: str | None = None
    survey: Survey | None = None
    waived_findings: int = 0
    waived_until: str = ""
    leg: str = ""
    """the leg of a matrix that it is about, "" where the kind has one entry"""


def judge_criterion(criterion: Criterion, entries: Collection[Evidence], expects: Collection[str]) -> Judged:
    """Judge one criterion by the evidence of its kind: one entry, or none where nothing was collected.

    No evidence, no pass: a pass needs facts (`sound` has looked at them) that satisfy `require`, and that no gap casts
    doubt on, save those that the policy accepts.
    """
    if criterion.disabled is not None:
        text = f"switched off by the policy: {reasons.given(criterion.disabled)}"
        return Judged(criterion, Outcome.NOT_APPLICABLE, text)
    if len(entries) != 1:
        return _without_entry(criterion, len(entries))
    (evidence,) = entries
    match evidence:
        case Missing():
            return _missing(criterion, evidence, criterion.evidence in expects)
        case Unreadable():
            return _error(criterion, evidence.reason, reasons.sources(evidence.sources))
        case Collected():
            return _collected(criterion, evidence)


def sound(evidence: Evidence) -> Evidence:
    """Return the evidence, or `Unreadable` where the facts cannot be trusted to mean what their names say."""
    if not isinstance(evidence, Collected):
        return evidence
    try:
        found = problems(shipped_validator(f"evidence/{evidence.kind}"), evidence.facts, 1)
    except UnknownSchemaError:
        reason = f"this gate does not know the kind {reasons.given(evidence.kind)}"
        return Unreadable(evidence.kind, reason, evidence.sources, evidence.gaps)
    if not found:
        return evidence
    reason = f"the {evidence.kind} facts do not fit their schema: {reasons.given(str(found[0]))}"
    return Unreadable(evidence.kind, reason, evidence.sources, evidence.gaps)


def _without_entry(criterion: Criterion, entries: int) -> Judged:
    if entries:
        text = f"{entries} entries of {criterion.evidence} evidence contradict each other; merge them before judging"
        return _error(criterion, text)
    return _no_evidence(criterion, f"nothing about {criterion.evidence} was collected", _FIX_RUN)


def _missing(criterion: Criterion, evidence: Missing, expected: bool) -> Judged:
    reason = reasons.given(evidence.reason)
    if not evidence.not_applicable:
        return _no_evidence(criterion, reason)
    if expected:
        wanted = _wanted(criterion)
        text = f"there is no {criterion.evidence} here ({reason}), the policy expects it"
        return Judged(criterion, Outcome.FAIL, text, f"no {criterion.evidence} here", wanted, _fix(criterion))
    in_doubt = doubts(criterion, Part("", {}), evidence.gaps)
    if in_doubt.open:
        return _doubtful(criterion, in_doubt.open, Judged(criterion, Outcome.NOT_APPLICABLE, "", reason))
    return Judged(criterion, Outcome.NOT_APPLICABLE, f"does not apply: {reason}")


def _collected(criterion: Criterion, evidence: Collected) -> Judged:
    if EACH in criterion.select:
        return _each(criterion, evidence)
    parts = select(criterion, evidence.facts)
    if isinstance(parts, Nothing):
        return _unselected(criterion, parts, evidence)
    return _worst([_part(criterion, part, evidence) for part in parts])


def _each(criterion: Criterion, evidence: Collected) -> Judged:
    """Judge every element by itself: a miss stands whatever the gaps; what would pass must be free of doubt."""
    try:
        found = survey(criterion, evidence.facts)
    except NoElementsError as error:
        return _no_evidence(criterion, reasons.with_gaps(f"the {criterion.evidence} evidence {error}", evidence.gaps))
    return judge_survey(found, evidence)


def judge_survey(found: Survey, evidence: Collected) -> Judged:
    """Judge the elements of a survey: those of the evidence, or what is left when some that miss it are waived."""
    criterion = found.criterion
    in_doubt = doubts(criterion, Part("", {}), evidence.gaps)
    told = reasons.of_elements(found, evidence)
    pointer = pointer_to(str(criterion.select[EACH]))
    judged = Judged(
        criterion, Outcome.PASS, told.sentence(), told.measured, told.wanted, "", told.where, pointer, survey=found
    )
    if found.failing or found.too_few:
        fix = reasons.words_of_elements(found, evidence.facts).fill(criterion.fix)
        return replace(judged, outcome=Outcome.FAIL, fix=fix)
    if in_doubt.open:
        return _doubtful(criterion, in_doubt.open, judged)
    if not found.elements:
        reason = f"does not apply: {told.measured}"
        return replace(judged, outcome=Outcome.NOT_APPLICABLE, reason=reason, wanted="", where=())
    return _with_accepted(judged, in_doubt)


def _unselected(criterion: Criterion, nothing: Nothing, evidence: Collected) -> Judged:
    if nothing.outcome is Outcome.ERROR:
        return _error(criterion, nothing.reason)
    names = {value for value in criterion.select.values() if isinstance(value, str)}
    if nothing.outcome is Outcome.NOT_APPLICABLE:
        judged = Judged(criterion, Outcome.NOT_APPLICABLE, f"does not apply: {nothing.reason}", nothing.reason)
        in_doubt = doubts(criterion, Part("", {}, facts=frozenset(names)), evidence.gaps)
        return _doubtful(criterion, in_doubt.open, judged) if in_doubt.open else judged
    about = [gap for gap in evidence.gaps if gap.path in names or gap.subject in names]
    fix = _FIX_BASE if nothing.reason == NO_BASE else _fix(criterion)
    return _no_evidence(criterion, reasons.with_gaps(nothing.reason, about), fix)


def _part(criterion: Criterion, part: Part, evidence: Collected) -> Judged:
    """Judge one part: a miss stands whatever the gaps; what would pass must be free of doubt."""
    errors = list(islice(validator(criterion.require).iter_errors(part.document), _MOST_PROBLEMS))
    found = tuple(dict.fromkeys(map(explain, errors)))
    words = reasons.words_for(criterion, part, evidence.facts)
    where = reasons.sources_of(part, evidence.sources)
    only_absent = criterion.evidence != "files" and all(error.validator == "required" for error in errors)
    told = reasons.Told(
        measured=words.fill(criterion.measured) or reasons.measured(criterion, part, found),
        wanted=reasons.wanted_words(criterion).fill(criterion.wanted) or reasons.wanted(criterion, found),
        detail=words.fill(criterion.detail) or reasons.detail_of(part, evidence.sources),
        where=where,
    )
    judged = Judged(
        criterion, Outcome.PASS, told.sentence(), told.measured, told.wanted, "", where, part.pointer, part.path
    )
    in_doubt = doubts(criterion, part, evidence.gaps)
    if errors and only_absent:
        return _silent(judged, found, in_doubt.open)
    if errors:
        reason = judged.reason + reasons.untold(criterion, words, found)
        return replace(judged, outcome=Outcome.FAIL, reason=reason, fix=words.fill(criterion.fix))
    if in_doubt.open:
        return _doubtful(criterion, in_doubt.open, judged)
    return _with_accepted(judged, in_doubt)


def _with_accepted(judged: Judged, in_doubt: Doubts) -> Judged:
    """Tell which gaps the policy accepts."""
    accept_gaps = judged.criterion.accept_gaps
    if not in_doubt.accepted or accept_gaps is None:
        return judged
    return replace(judged, reason=f"{judged.reason}; {reasons.accepted(in_doubt.accepted, accept_gaps.reason)}")


def _silent(judged: Judged, found: Sequence[Problem], gaps: Collection[Gap]) -> Judged:
    """The evidence does not speak of what the criterion asks for: that is not a miss, it is not known."""
    source = ", ".join(judged.where) or f"the {judged.criterion.evidence} evidence"
    absent = reasons.absent(source, found)
    # Where a tool is not there, or proved nothing, there is nothing to mend in what it was to look at.
    no_tool = any("is not installed" in gap.reason for gap in gaps)
    silenced = _FIX_RUN if no_tool else _FIX_SILENT if gaps else _fix(judged.criterion)
    fix = _FIX_BASE if absent == NO_BASE else silenced
    silent = _no_evidence(judged.criterion, reasons.with_gaps(absent, gaps), fix)
    return replace(silent, where=judged.where, pointer=judged.pointer, path=judged.path)


def _doubtful(criterion: Criterion, gaps: Collection[Gap], judged: Judged) -> Judged:
    """What would pass (or not apply) if the gaps were not there."""
    text = reasons.doubtful(gaps, judged.measured, judged.wanted)
    return replace(
        judged,
        outcome=Outcome.NO_EVIDENCE,
        reason=text,
        measured=reasons.doubtful_short(gaps),
        wanted=judged.wanted or _wanted(criterion),
        fix=f"Look at what was left out, or accept it by name: criteria › {criterion.id} › accept_gaps in the policy.",
    )


def _no_evidence(criterion: Criterion, reason: str, fix: str = "") -> Judged:
    text = f"no evidence: {reason}"
    return Judged(criterion, Outcome.NO_EVIDENCE, text, reasons.short(text), _wanted(criterion), fix)


def _error(criterion: Criterion, reason: str, where: tuple[str, ...] = ()) -> Judged:
    text = f"could not be judged: {reasons.given(reason)}"
    return Judged(criterion, Outcome.ERROR, text, reasons.short(text), _wanted(criterion), _FIX_AGAIN, where)


def _wanted(criterion: Criterion) -> str:
    return reasons.wanted_words(criterion).fill(criterion.wanted) or reasons.wanted(criterion, ())


def _fix(criterion: Criterion) -> str:
    return reasons.words_for(criterion, Part("", {}), {}).fill(criterion.fix)


def _worst(judged: list[Judged]) -> Judged:
    """Return the first of the worst; where several parts were judged, say how many."""
    order = (Outcome.ERROR, Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.NOT_APPLICABLE, Outcome.PASS)
    worst = min(judged, key=lambda each: order.index(each.outcome))
    if len(judged) == 1:
        return worst
    same = sum(each.outcome is worst.outcome for each in judged)
    return replace(worst, reason=f"{worst.reason}; so in {same:,} of {len(judged):,} files")
