"""How far evidence can be believed: who could have written it. Pure.

No report of a job that runs code of the change proves more than that the job says so. What the gate's own tools found
in the tree cannot be written into a file beforehand; but the workflow that starts the gate is the change's own, unless
a ruleset or the second of two stages runs it (docs/trust.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gate.judge.wording import listed
from gate.model.evidence import Evidence, How, Missing, Source
from gate.model.verdict import Believed, Trust

_TOLD = {
    Believed.SUPPLIED: "supplied by the job under review: whoever writes the change can forge it",
    Believed.ATTESTED: "attested by a person",
    Believed.CACHED: "found by the gate's tools, partly in an earlier run: whoever can write the cache can forge it",
    Believed.PRODUCED: "found by the gate's own tools in this run",
    Believed.RECOLLECTED: "found by the gate's own tools, again, in a run that the change does not decide",
}
_WORST = tuple(Believed)
_CACHED = "from the cache of "
"""How `gate.collect.cache` begins what a source says of the cache."""


def trust(evidence: Iterable[Evidence], recollected: Collection[str] = ()) -> tuple[Trust, ...]:
    """Return how far each kind can be believed, in the order of the evidence; kinds without a source are left out.

    `recollected` are the kinds that the second of two stages collected again by itself.
    """
    worst: dict[str, Believed] = {}
    for item in evidence:
        for source in () if isinstance(item, Missing) else item.sources:
            found = _of(source, item.kind in recollected)
            known = worst.setdefault(item.kind, found)
            worst[item.kind] = min(known, found, key=_WORST.index)
    return tuple(Trust(kind, believed, f"{kind} was {_TOLD[believed]}.") for kind, believed in worst.items())


def told(found: Sequence[Trust]) -> tuple[str, ...]:
    """Return one sentence for each way in which evidence could have been forged."""
    sentences = []
    for believed in (Believed.SUPPLIED, Believed.CACHED):
        kinds = [item.kind for item in found if item.believed is believed]
        if kinds:
            sentences.append(f"Evidence for {listed(kinds, len(kinds))} was {_TOLD[believed]}.")
    return tuple(sentences)


def _of(source: Source, recollected: bool) -> Believed:
    if source.how is How.SUPPLIED:
        return Believed.SUPPLIED
    if source.how is How.ATTESTED:
        return Believed.ATTESTED
    if source.detail is not None and _CACHED in source.detail:
        return Believed.CACHED
    return Believed.RECOLLECTED if recollected else Believed.PRODUCED
