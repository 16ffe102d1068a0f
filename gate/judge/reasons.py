"""The sentences of outcomes: what was measured, what the policy wants, where it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gate.judge.doubt import gaps_told, mentioned
from gate.judge.each import Survey, problems_of
from gate.judge.schema_words import Problem
from gate.judge.selectors import NO_BASE, Part
from gate.judge.wording import Words, bounds_of, clean, counted, listed, paths_in, say
from gate.model.evidence import Collected, Gap, Source
from gate.model.json import JsonObject
from gate.model.policy import Criterion

_LONGEST_REASON = 500
_TOLD = 3
_ABSENT = {
    "new": NO_BASE,
    "all_severities": "no source states the severity of some vulnerabilities, so nobody knows how grave they are",
}
"""Facts whose absence has a reason of its own."""


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of a reason. `where_told` is False where what was measured names its sources already."""

    measured: str
    wanted: str
    detail: str
    where: tuple[str, ...]
    where_told: bool = True

    def sentence(self) -> str:
        """Return "81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)"."""
        where = listed(self.where) if self.where and self.where_told else ""
        source = ", ".join(part for part in (where, self.detail) if part)
        return f"{self.measured}, the policy wants {self.wanted}" + (f" ({source})" if source else "")


def words_for(criterion: Criterion, part: Part, facts: JsonObject) -> Words:
    """Return what the criterion's templates are filled from: the part, then the facts, then the parameters."""
    document = part.document if isinstance(part.document, dict) else {}
    return Words((document, facts, criterion.parameters), criterion.parameters, tuple({*bounds_of(criterion.require)}))


def wanted_words(criterion: Criterion) -> Words:
    """Return what `wanted` is filled from: the parameters alone, so that no evidence speaks for the policy."""
    return Words((criterion.parameters,), criterion.parameters)


def given(text: str) -> str:
    """Return a reason that was handed over, cleaned, without the full stop that would break the sentence."""
    return clean(text, _LONGEST_REASON).rstrip(".")


def short(text: str) -> str:
    """Return a reason cut for a table."""
    return clean(text, 120)


def sources(items: Iterable[Source]) -> tuple[str, ...]:
    """Return the names of the sources, each once."""
    return tuple(dict.fromkeys(clean(source.name) for source in items))


def sources_of(part: Part, items: Sequence[Source]) -> tuple[str, ...]:
    """Return the names of the sources that the part came from; none for a file that is not there."""
    if not part.one_file:
        return sources(items)
    return () if part.path is None else (clean(part.path),)


def detail_of(part: Part, items: Sequence[Source]) -> str:
    """Return what the one source says about itself, "" where there are several."""
    own = [source for source in items if not part.one_file or source.path == part.path]
    return clean(own[0].detail or "") if len(own) == 1 else ""


def measured(criterion: Criterion, part: Part, found: Collection[Problem]) -> str:
    """Return what was measured, for a criterion that has no words for it: its problems, else the values it asks for."""
    if found:
        return listed([problem.measured for problem in found], _TOLD)
    names = mentioned(criterion.require)
    document = part.document
    if not isinstance(document, dict):
        return f"the value is {say(document)}"
    asked = [name for name in document if names is None or name in names]
    return listed([f"{name} is {say(document[name])}" for name in asked[: _TOLD + 1]], _TOLD) if asked else "it holds"


def wanted(criterion: Criterion, found: Collection[Problem]) -> str:
    """Return what the policy wants, for a criterion that has no words for it."""
    if found:
        return listed([problem.wanted for problem in found], _TOLD)
    return f"what {criterion.id} requires"


def of_elements(found: Survey, evidence: Collected) -> Told:
    """Return what is told of a criterion that is about each of several elements.

    The sources of a miss are the files of those that miss it, where they name them; the reason says them already.
    """
    criterion = found.criterion
    words = words_of_elements(found, evidence.facts)
    own = tuple(dict.fromkeys(clean(each.path) for each in found.failing if each.path is not None))
    first = problems_of(criterion, found.failing[0]) if found.failing and not criterion.wanted else ()
    return Told(
        measured=_elements_measured(found, words),
        wanted=wanted_words(criterion).fill(criterion.wanted) or wanted(criterion, first),
        detail=words.fill(criterion.detail),
        where=own or sources(evidence.sources),
        where_told=not own,
    )


def words_of_elements(found: Survey, facts: JsonObject) -> Words:
    """Return what `passed`, `detail` and `fix` are filled from.

    {count} and {failing}, then the first element that misses the criterion, the facts and the parameters.
    """
    criterion = found.criterion
    count: JsonObject = {"count": len(found.elements), "failing": len(found.failing)}
    first = found.failing[0].document if found.failing else {}
    return Words((count, first if isinstance(first, dict) else {}, facts, criterion.parameters), criterion.parameters)


def _elements_measured(found: Survey, words: Words) -> str:
    count = len(found.elements)
    told = [found.told()] if found.failing else []
    sort = " of this sort" if "where" in found.criterion.select else ""
    if found.too_few:
        verb = "is" if count == 1 else "are"
        told.append(f"there {verb} {found.counted(count)}{sort} and must be at least {found.at_least:,}")
    elif not count:
        told.append(f"there is no {found.nouns[0]}{sort}")
    elif not told:
        every = f"all {found.counted(count)} are" if count > 1 else f"the only {found.nouns[0]} is"
        told.append(words.fill(found.criterion.passed) or f"{every} as wanted")
    return "; ".join(told)


def absent(source: str, found: Sequence[Problem]) -> str:
    """Return that a source does not tell of the facts that are missing."""
    names = [problem.pointer.lstrip("/").replace("/", ".") for problem in found]
    return _ABSENT.get(names[0]) or f"{source} says nothing about {listed(names)}"


def untold(criterion: Criterion, words: Words, found: Sequence[Problem]) -> str:
    """Return what is missed, where the words of `measured` tell of nothing that is; else ""."""
    told = set(paths_in(criterion.measured))
    places = [problem.pointer.lstrip("/").replace("/", ".") for problem in found]
    if not criterion.measured or words.falls_back(criterion.measured) or told.intersection(places):
        return ""
    return "; " + "; ".join(clean(str(problem)) for problem in found[:_TOLD])


def with_gaps(text: str, gaps: Collection[Gap]) -> str:
    """Return a reason with the gaps that explain it."""
    return f"{text} ({gaps_told(gaps)})" if gaps else text


def doubtful(gaps: Collection[Gap], was_measured: str, was_wanted: str) -> str:
    """Return why what was measured is no evidence."""
    count = counted(len(gaps), "gap", "gaps")
    rest = f"; in what was read, {was_measured}" if was_measured else ""
    rest += f", and the policy wants {was_wanted}" if was_measured and was_wanted else ""
    return f"no evidence, because of {count}: {gaps_told(gaps)}{rest}"


def doubtful_short(gaps: Collection[Gap]) -> str:
    """Return the same for a table."""
    subjects = listed(list(dict.fromkeys(gap.subject for gap in gaps)))
    return short(f"no evidence: {counted(len(gaps), 'gap', 'gaps')} ({subjects})")


def accepted(gaps: Collection[Gap], reason: str) -> str:
    """Return which gaps the policy accepts, and why."""
    count = counted(len(gaps), "gap is", "gaps are")
    return f"{count} accepted by the policy ({gaps_told(gaps)}), because {given(reason)}"
