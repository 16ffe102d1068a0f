"""The one comment of the gate on a pull request.

Ours is what our account wrote and what has our marker on its first line; a marker alone is text that anyone can write
(T18 of the threat model). Nothing is read out of a comment but whether it is the same as what we would write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gate.publish.desk import Desk
from gate.publish.forge_words import Comment, ForgeProblem, Trouble
from gate.publish.publication import Channel, ChannelResult, ChannelState

LONGEST = 65_536
"""Characters of a comment; GitHub refuses a longer one."""
BUDGET = 65_000
"""Bytes that a comment of ours has; fewer than characters are allowed, whatever GitHub counts."""
_SHORT_BUDGET = 20_000
_FOLDED = "<!-- folded -->"
"""The second line of a comment that was folded away, which cannot be taken back: it is replaced, not written over."""
_PASSED = "A newer run speaks for this commit."
_UNSAID = "A newer run has judged this commit; its status and its check run say how."
_GONE = frozenset({Trouble.NOT_FOUND, Trouble.FORBIDDEN, Trouble.INVALID})

Render = Callable[[int], str]
"""Makes the Markdown in at most so many bytes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the comment is to say. Where `quiet`, nothing is to be done by anyone, and no comment is made for that."""

    render: Render
    quiet: bool = False


def marker(name: str) -> str:
    """Return the first line of a comment of the gate."""
    return f"<!-- readiness-gate:{name.replace('--', '- -')} -->"


def publish_comment(desk: Desk, wanted: Wanted, passed: Callable[[], bool] = lambda: False) -> ChannelResult:
    """Create, replace, fold away or leave alone the comment on the pull request. Raises ForgeProblem.

    `passed` asks GitHub whether a newer run speaks by now. It is asked after the comments were read, so that what a
    newer run wrote is not written over, and once more after writing, since it may have written in between.
    """
    number = desk.context.pull
    if number is None:
        return _result(ChannelState.OFF, "There is no pull request to comment on.")
    pull = desk.forge.pull(number)
    if pull.state != "open":
        return _result(ChannelState.OFF, "The pull request is closed.")
    if pull.head_sha != desk.context.sha:
        return _result(ChannelState.STALE, f"The head of the pull request is {pull.head_sha[:12]} by now.")
    if pull.base_ref != desk.context.base_ref:
        return _result(ChannelState.STALE, "The pull request goes into another branch by now.")
    mine = _mine(desk, number)
    if passed():
        return _result(ChannelState.STALE, _PASSED)
    last = mine[-1] if mine else None
    result = _fold(desk, wanted, last) if wanted.quiet else _write(desk, number, wanted, last)
    for old in mine[:-1]:
        _delete(desk, old)
    if result.state is ChannelState.PUBLISHED and passed():
        _take_back(desk, number, wanted)
        return _result(ChannelState.STALE, _PASSED)
    return result


def _take_back(desk: Desk, number: int, wanted: Wanted) -> None:
    """Unsay what a newer run said otherwise meanwhile: our comment beside its own goes, ours over its own says so."""
    said = [_lines(_body(desk, wanted, budget)) for budget in (BUDGET, _SHORT_BUDGET)]
    mine = _mine(desk, number)
    for item in mine:
        if _lines(item.body) in said:
            if len(mine) > 1:
                _delete(desk, item)
            else:
                desk.forge.update_comment(item.id, f"{marker(desk.name)}\n{_UNSAID}\n")


def _mine(desk: Desk, number: int) -> list[Comment]:
    """Return our comments on a pull request, oldest first; several only after a race or where one could not go."""
    first = marker(desk.name)
    found = [item for item in desk.forge.comments(number) if _lines(item.body)[0].rstrip() == first]
    return sorted((item for item in found if desk.identity.made_comment(item)), key=lambda item: item.id)


def _write(desk: Desk, number: int, wanted: Wanted, last: Comment | None) -> ChannelResult:
    body = _body(desk, wanted, BUDGET)
    if last is None:
        return _create(desk, number, wanted, body)
    if _lines(last.body) == _lines(body):
        return _result(ChannelState.PUBLISHED, url=last.url)
    if _is_folded(last):
        made = _create(desk, number, wanted, body)
        _delete(desk, last)
        return made
    try:
        return _result(ChannelState.PUBLISHED, url=desk.forge.update_comment(last.id, body).url or last.url)
    except ForgeProblem as problem:
        if problem.trouble not in _GONE:
            raise
    made = _create(desk, number, wanted, body)
    _delete(desk, last)  # where we may not, the next run keeps the newer one and tries again
    return made


def _create(desk: Desk, number: int, wanted: Wanted, body: str) -> ChannelResult:
    try:
        made = desk.forge.create_comment(number, body)
    except ForgeProblem as problem:
        if problem.trouble is not Trouble.INVALID:
            raise
        made = desk.forge.create_comment(number, _body(desk, wanted, _SHORT_BUDGET))
    return _result(ChannelState.PUBLISHED, url=made.url)


def _fold(desk: Desk, wanted: Wanted, last: Comment | None) -> ChannelResult:
    """Let an older comment say that all is well and fold it away."""
    if last is None:
        return _result(ChannelState.OFF, "All is well, and the policy wants comments on problems only.")
    first = marker(desk.name)
    body = f"{first}\n{_FOLDED}\n{wanted.render(BUDGET)}"
    if _lines(last.body) != _lines(body):
        desk.forge.update_comment(last.id, body)
    if not _is_folded(last):
        desk.forge.minimize_comment(last.node_id)
    return _result(ChannelState.PUBLISHED, url=last.url)


def _delete(desk: Desk, comment: Comment) -> None:
    """Delete a comment that another one replaces; it stays where we may not."""
    try:
        desk.forge.delete_comment(comment.id)
    except ForgeProblem as problem:
        if problem.trouble not in _GONE:
            raise


def _body(desk: Desk, wanted: Wanted, budget: int) -> str:
    first = marker(desk.name)
    return f"{first}\n{wanted.render(budget - len(first) - 1)}"


def _lines(body: str) -> list[str]:
    """Return the lines of a comment without what GitHub changes: line ends, and blanks at the end."""
    return body.replace("\r\n", "\n").rstrip().split("\n")


def _is_folded(comment: Comment) -> bool:
    return _lines(comment.body)[1:2] == [_FOLDED]


def _result(state: ChannelState, reason: str = "", url: str = "") -> ChannelResult:
    return ChannelResult(Channel.COMMENT, state, reason, url)
