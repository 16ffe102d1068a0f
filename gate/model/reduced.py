"""Evidence without findings that are waived: what the collecting side hands the judge, who then judges by it."""

from __future__ import annotations

from dataclasses import dataclass

from gate.model.evidence import Collected


@dataclass(frozen=True, slots=True)
class Reduced:
    """What is left of evidence without the findings of some fingerprints.

    `evidence` has the facts as they are without them, None where that cannot be said: then `problem` completes the
    sentence "the findings … are not waived: ". `matched` are the fingerprints of which there is exactly one finding,
    `shared` those that several findings have: they tell none of them from the others, so they waive nothing.
    """

    evidence: Collected | None = None
    matched: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    problem: str = ""
