"""Several bundles of one commit as one: the legs of a matrix, or kinds that were collected by different jobs.

A kind that only one leg has is taken as it is. A kind that several have stays there several times, each with its leg's
name: the judge asks every criterion of each of them, and the worst answer counts. Counts of different legs are never
added up or averaged: a suite that passes on one Python and fails on another has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gate.collect.bundle import Bundle, BundleError
from gate.model.evidence import Collected, Evidence

MOST_LEGS = 64


def merged(bundles: Mapping[str, Bundle]) -> Bundle:
    """Return one bundle of several, by the names of their legs, in the order of the names.

    Raises BundleError where they are about different commits or bases, or where there are none or too many.
    """
    if not bundles:
        raise BundleError("There is no bundle to judge. `gate collect --bundle DIR` makes one.")
    if len(bundles) > MOST_LEGS:
        raise BundleError(f"There are {len(bundles):,} bundles; at most {MOST_LEGS} are judged together.")
    legs = sorted(bundles.items())
    first_name, first = legs[0]
    for name, bundle in legs[1:]:
        if (bundle.commit, bundle.base) != (first.commit, first.base):
            raise BundleError(
                f"The bundles {first_name} and {name} are about different commits "
                f"({_told(first)} and {_told(bundle)}). Collect all of them from one commit in one run."
            )
    if len(legs) == 1:
        return first
    evidence: dict[str, list[Evidence]] = {}
    for name, bundle in legs:
        for item in bundle.evidence:
            known = evidence.setdefault(item.kind, [])
            if not any(_same(item, other) for other in known):
                known.append(replace(item, leg=name))
    return replace(
        first,
        evidence=tuple(_alone(items)[index] for items in evidence.values() for index in range(len(items))),
        created_at=max(bundle.created_at for _name, bundle in legs),
    )


def _alone(items: list[Evidence]) -> list[Evidence]:
    """Return entries without a leg's name where there is but one."""
    return [replace(items[0], leg="")] if len(items) == 1 else items


def _same(item: Evidence, other: Evidence) -> bool:
    """Whether two legs say the very same."""
    if replace(item, leg="") != replace(other, leg=""):
        return False
    if isinstance(item, Collected) and isinstance(other, Collected):
        return tuple(item.findings) == tuple(other.findings)
    return True


def _told(bundle: Bundle) -> str:
    commit = bundle.commit[:12] if bundle.commit else "no commit"
    return f"{commit} against {bundle.base[:12]}" if bundle.base else commit
