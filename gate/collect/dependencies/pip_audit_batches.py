"""Packages spread over runs of pip-audit: no run has two versions of one, and each has room for a canary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Pinned = tuple[str, str]
"""Name (PEP 503) and public version (PEP 440), both in normal form."""

_SHARE = 40
"""Packages that are worth a process of their own: it costs about a second, an answer about a tenth of one."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A release with a hole that every service knows. `id` is among the ids of that hole."""

    name: str
    version: str
    id: str


PLANTED = (
    Planted("requests", "2.19.1", "CVE-2018-18074"),
    Planted("jinja2", "2.10", "CVE-2019-10906"),
    Planted("urllib3", "1.26.4", "CVE-2021-33503"),
    Planted("pyyaml", "5.3", "CVE-2020-14343"),
    Planted("django", "1.11.22", "CVE-2019-14234"),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """The packages of one run and its canary, which may be one of them."""

    pins: Mapping[str, str]
    canary: Planted


def batches(pins: Iterable[Pinned], jobs: int = 1) -> list[Batch]:
    """Spread packages over as few runs as can be, or up to `jobs` where that is quicker.

    No run has two versions of a package, and each has room for a canary.
    """
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for name, version in sorted(set(pins)):
        versions[name].append(version)
    rounds: list[dict[str, str]] = [{} for _ in range(max(map(len, versions.values()), default=0))]
    for name, found in versions.items():
        for index, version in enumerate(found):
            rounds[index][name] = version
    waiting = [part for pins_of_round in rounds for part in _shares(pins_of_round, jobs)]
    done: list[Batch] = []
    while waiting:
        part = waiting.pop(0)
        canary = next((item for item in PLANTED if part.get(item.name, item.version) == item.version), None)
        if canary is None:
            # All canaries' names are taken by other versions: one of those waits for a run of its own.
            canary = PLANTED[0]
            waiting.append({canary.name: part.pop(canary.name)})
        if part:
            done.append(Batch(part, canary))
    return done


def _shares(pins: Mapping[str, str], jobs: int) -> list[dict[str, str]]:
    count = max(1, min(jobs, len(pins) // _SHARE))
    items = list(pins.items())
    return [dict(items[index::count]) for index in range(count)]
