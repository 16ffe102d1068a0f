"""Which run of the gate something on GitHub is from: the external id of a check run, the address behind a status.

Both are written by whoever makes the check run or the status, so they order runs of ours and never prove that something
is ours; that is what `identity` is for.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from gate.publish.event import EventContext

_TEXT = re.compile(r"([1-9][0-9]{0,17})/([1-9][0-9]{0,5})/([^\s]{1,120})/([0-9a-f]{16})")
_RUN = re.compile(r"/([^/]+/[^/]+)/actions/runs/([1-9][0-9]{0,17})/attempts/([1-9][0-9]{0,5})", re.ASCII)
_LONGEST_BASE = 100
_NO_BASE = "-"
"""No branch may be called that (git check-ref-format)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Of one attempt of one run, about one base branch, by one policy (the beginning of its SHA-256)."""

    run: int
    attempt: int
    base: str
    policy: str

    def __str__(self) -> str:
        """Return it as the external id of a check run: `RUN/ATTEMPT/BASE/POLICY`."""
        return f"{self.run}/{self.attempt}/{self.base}/{self.policy}"

    @property
    def speaker(self) -> tuple[int, int, str]:
        """Return what no two check runs of one name have: an attempt speaks once about a base branch."""
        return (self.run, self.attempt, self.base)

    @property
    def order(self) -> tuple[int, int]:
        """What is greater for a newer run."""
        return (self.run, self.attempt)


def mark_of(context: EventContext, policy_sha256: str) -> Mark:
    """Return the mark of this run. `policy_sha256` is "" where no policy could be read."""
    policy = policy_sha256[:16] if re.fullmatch(r"[0-9a-f]{64}", policy_sha256) else "0" * 16
    return Mark(context.run_id, context.attempt, _short(context.base_ref) or _NO_BASE, policy)


def read_mark(external_id: str) -> Mark | None:
    """Return the mark that an external id is, None where it is none of ours."""
    match = _TEXT.fullmatch(external_id)
    return Mark(int(match[1]), int(match[2]), match[3], match[4]) if match else None


def run_of_url(url: str, context: EventContext) -> tuple[int, int] | None:
    """Return run and attempt whose page an address is, None for any other address than one of this repository."""
    match = _RUN.fullmatch(url.removeprefix(context.server_url)) if url.startswith(context.server_url) else None
    if match is None or match[1].lower() != context.repository.lower():
        return None
    return int(match[2]), int(match[3])


def page_of(context: EventContext, mark: Mark) -> str:
    """Return the page of a run of ours."""
    return f"{context.server_url}/{context.repository}/actions/runs/{mark.run}/attempts/{mark.attempt}"


def _short(ref: str) -> str:
    """Return a branch's name, its end as a hash where it is long; `~` cannot be in a name."""
    if len(ref) <= _LONGEST_BASE and not re.search(r"\s", ref):
        return ref
    digest = hashlib.sha256(ref.encode("utf-8", "replace")).hexdigest()[:16]
    return re.sub(r"\s", "", ref)[: _LONGEST_BASE - 17] + "~" + digest
