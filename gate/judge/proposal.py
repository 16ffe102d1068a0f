"""What the change under judgement wants of the policy: told beside the verdict, which it never touches. Pure.

Everything in it was written by whoever wrote the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import unified_diff

from gate.formats.plain import visible
from gate.judge.requests import requests
from gate.judge.wording import counted, listed
from gate.model.evidence import Evidence, Missing
from gate.model.policy import Policy
from gate.model.verdict import (
    CriterionResult,
    FileChange,
    Outcome,
    Proposal,
    ProposedFile,
    ProposedOutcome,
    Verdict,
)

MOST_LINES = 120
"""Lines of one file's diff that are kept."""
MOST_ALSO = 200
_LINE = 300
_COMPARED = 800
"""Lines on either side that are held against each other: what a hostile file costs grows with their square."""
_MISTAKES = 20
_ENDS = "@@ only the ends of lines differ @@"
_STEERING = re.compile(
    r"\.github/(?:workflows|actions)/.*|(?:\.github/|docs/)?CODEOWNERS|\.gate/.*|action\.ya?ml", re.DOTALL
)
_ONLY_PROPOSED = "only the proposed policy asks for it, so it was not collected; it will be once the change is merged"


def steering(paths: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that steer the gate and are not files of the policy: workflows, CODEOWNERS, what is in .gate."""
    known = set(known)
    return tuple(path for path in paths if path not in known and _STEERING.fullmatch(path))[:MOST_ALSO]


def proposed_file(path: str, before: bytes | None, after: bytes | None) -> ProposedFile | None:
    """Return what a change does to a file, None where it leaves it as it is."""
    if before == after:
        return None
    change = FileChange.CHANGED
    if before is None:
        change = FileChange.ADDED
    elif after is None:
        change = FileChange.DELETED
    lines = [shown(line) for line in _diff(_lines(before), _lines(after))] or [_ENDS]
    return ProposedFile(path, change, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES))


def shown(line: str) -> str:
    """Return a line in which what hides or steers is told: a bidi override as \\u{202e}."""
    text = "".join(char if visible(char) else f"\\u{{{ord(char):x}}}" for char in line[: _LINE + 1].replace("\t", "  "))
    return text if len(text) <= _LINE else f"{text[: _LINE - 1]}…"


def with_missing(evidence: Sequence[Evidence], kinds: Iterable[str]) -> tuple[Evidence, ...]:
    """Return the evidence with an entry for each kind that only the proposal asks for."""
    there = {item.kind for item in evidence}
    return (*evidence, *(Missing(kind, f"{kind}: {_ONLY_PROPOSED}") for kind in kinds if kind not in there))


def proposal(
    files: Sequence[ProposedFile],
    also: Sequence[str],
    verdict: Verdict,
    proposed: Verdict,
    notes: Sequence[str] = (),
) -> Proposal:
    """Return the proposal with what it would change: `proposed` is the verdict by the change's own policy."""
    return Proposal(
        files=tuple(files),
        also=tuple(also),
        decision=proposed.decision,
        score=proposed.score,
        outcomes=changed_outcomes(verdict.criteria, proposed.criteria),
        notes=tuple(notes),
    )


def unread(files: Sequence[ProposedFile], also: Sequence[str], mistakes: Iterable[str]) -> Proposal:
    """Return a proposal that cannot be read, with its mistakes as advice."""
    told = [visible(text)[:1000] for text in mistakes]
    if len(told) > _MISTAKES:
        told = [*told[:_MISTAKES], f"… and {counted(len(told) - _MISTAKES, 'more mistake', 'more mistakes')}"]
    return Proposal(files=tuple(files), also=tuple(also), mistakes=tuple(told))


def changed_outcomes(
    before: Sequence[CriterionResult], after: Sequence[CriterionResult]
) -> tuple[ProposedOutcome, ...]:
    """Return the criteria that fare otherwise, or weigh otherwise, in the order of `before`, then the new ones."""
    known = {item.id: item for item in before}
    then = {item.id: item for item in after}
    found = []
    for id_ in dict.fromkeys((*known, *then)):
        old, new = known.get(id_), then.get(id_)
        if old is None or new is None or (old.outcome, old.level) != (new.outcome, new.level):
            one = new or old
            assert one is not None  # every id is of one side
            found.append(
                ProposedOutcome(
                    id=id_,
                    title=one.title,
                    before=_outcome(old),
                    after=_outcome(new),
                    levels=(old.level if old else None, new.level if new else None),
                    reason=new.reason if new else "",
                )
            )
    return tuple(found)


def notes_on(policy: Policy, proposed: Policy) -> tuple[str, ...]:
    """Return sentences on how far a proposal's verdict holds, and on what no outcome shows."""
    notes = []
    if proposed.advisory and not policy.advisory:
        notes.append("It would make the verdict advisory: it would block nothing any more.")
    if proposed.scope != policy.scope:
        notes.append("It is about another folder, and the evidence is that of the folder of the policy in force.")
    wanted, asked = requests(proposed), requests(policy)
    kinds = [kind for kind in wanted if kind in asked and wanted[kind] != asked[kind]]
    if kinds:
        named = listed(kinds, len(kinds))
        notes.append(f"It asks otherwise for {named}; the evidence was collected as the policy in force asks for it.")
    return tuple(notes)


def _outcome(item: CriterionResult | None) -> Outcome | None:
    return None if item is None else item.outcome


def _lines(data: bytes | None) -> list[str]:
    if not data:
        return []
    text = data.decode("utf-8", "replace").removesuffix("\n")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _diff(old: list[str], new: list[str]) -> list[str]:
    """Return a unified diff from its first hunk on. What is too long to be held against each other is told whole."""
    if max(len(old), len(new)) <= _COMPARED:
        return list(unified_diff(old, new, n=3, lineterm=""))[2:]
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    head = f"@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@"
    return [head, *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
