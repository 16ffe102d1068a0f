"""The SARIF channel: the verdict's findings in GitHub's code scanning.

Endpoint and limits: "Upload an analysis as SARIF data" of GitHub's REST API. A log is about one commit, and its ref has
to lead to that commit: lines would else be those of other files. So what was judged decides: the test merge of a pull
request goes to `refs/pull/N/merge`, its head to `refs/pull/N/head`, and a commit that is neither goes nowhere.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gate.formats.plain import one_line
from gate.model.verdict import Verdict
from gate.publish.event import Event, EventContext
from gate.publish.forge_words import ForgeProblem, Sarif, SarifState, Trouble
from gate.publish.publication import Channel, ChannelResult, ChannelState
from gate.report.sarif import MAX_RESULTS, category, sarif_log

LIMIT = 10_000_000
"""Bytes of a packed log that GitHub takes ("10 MB"; the smaller of its two meanings)."""
WAITS = (2.0, 8.0)
"""Seconds before each question how far GitHub is with a log; it is asked no more often than this."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REF = re.compile(r"refs/(?:heads|tags)/.+")
_OFF = re.compile(r"advanced security|code security|code scanning|not enabled|disabled", re.IGNORECASE)
_STANDS_IN = "The check run's annotations and the report tell of the findings."


class ScanningForge(Protocol):
    """What this channel needs of `forge.Forge`."""

    def upload_sarif(self, sarif: Sarif) -> str:
        """Hand a log to code scanning and return the id of the upload."""
        ...

    def sarif_state(self, id_: str) -> SarifState:
        """Return how far code scanning is with an upload."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """The commit that a log is about, and a ref that leads to it."""

    commit: str
    ref: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: `ref` is GITHUB_REF, `merge_sha` the test merge of the pull request, None without one.

    On pull_request the test merge is GITHUB_SHA; in the second of two stages it is what the API says now.
    """

    context: EventContext
    ref: str = ""
    merge_sha: str | None = None


def target(place: Place, commit: str | None) -> Target | ChannelResult:
    """Return what a log on a commit is uploaded for, or why it is not uploaded."""
    context = place.context
    if context.event is Event.MERGE_GROUP or (context.triggering_run and context.triggering_run.event == "merge_group"):
        return _result(ChannelState.OFF, "A merge queue's branch is gone when it is merged, and its alerts with it.")
    if commit is None or not _COMMIT.fullmatch(commit):
        return _result(ChannelState.DEGRADED, f"The verdict names no commit to upload findings for. {_STANDS_IN}")
    if context.pull is not None:
        return _of_pull(place, context.pull, commit)
    ref = place.ref
    if context.triggering_run is not None:
        ref = f"refs/heads/{context.triggering_run.head_branch}"
    if commit != context.sha or not _REF.fullmatch(ref):
        return _elsewhere(commit, "is not the one that this run is about")
    return Target(commit, ref)


def publish_sarif(
    forge: ScanningForge,
    place: Place,
    verdict: Verdict,
    *,
    name: str,
    wait: Callable[[float], None],
    version: str = "",
) -> ChannelResult:
    """Upload the log and look, at most twice, how far GitHub is with it. `wait` sleeps so many seconds.

    `name` is the policy's publish name: with the base branch it makes the category, so that the log of another gate, or
    of the same commit against another branch, is not replaced. Raises nothing; it costs at most three requests.
    """
    aim = target(place, verdict.commit)
    if isinstance(aim, ChannelResult):
        return aim
    data = fitting(verdict, category(name, place.context.base_ref), version)
    if data is None:
        return _result(ChannelState.FAILED, f"The log is too large for GitHub, even with one result. {_STANDS_IN}")
    try:
        upload = forge.upload_sarif(Sarif(aim.commit, aim.ref, data))
    except ForgeProblem as problem:
        return refused(problem, place.context)
    return _outcome(forge, upload, _page(place.context), wait)


def fitting(verdict: Verdict, id_: str, version: str = "", limit: int = LIMIT) -> bytes | None:
    """Return the log with as many results, the worst first, as fit in `limit` packed bytes; None if not even one."""
    most = MAX_RESULTS
    while most >= 1:
        log = sarif_log(verdict, version=version, id_=id_, most=most)
        data = json.dumps(log, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
        packed = _packed_size(data)
        if packed <= limit:
            return data
        count = min(most, len(verdict.findings) + len(verdict.criteria))
        most = min(count - 1, int(count * limit / packed * 0.95))
    return None


def refused(problem: ForgeProblem, context: EventContext) -> ChannelResult:
    """Return what a refused upload means, and how to mend it."""
    said = one_line(f"GitHub {problem.reason}", 300).rstrip(".")
    match problem.trouble:
        case Trouble.FORBIDDEN if context.read_only is not None:
            return _result(ChannelState.DEGRADED, f"{said}: {one_line(context.read_only, 200)}. {_STANDS_IN}")
        case Trouble.FORBIDDEN if _OFF.search(problem.reason):
            return _result(
                ChannelState.DEGRADED,
                f"{said}. Code scanning is off: switch it on in the repository's settings under Advanced Security "
                "(a private repository needs a licence for it), or say  sarif: false  in the policy's publish section.",
            )
        case Trouble.FORBIDDEN:
            return _result(
                ChannelState.DEGRADED,
                f"{said}. The job needs the permission  security-events: write,  and code scanning has to be on.",
            )
        case Trouble.NOT_FOUND:
            return _result(
                ChannelState.DEGRADED,
                f"{said}. Either the token does not see the repository (permission  contents: read),  or this server "
                f"has no code scanning. {_STANDS_IN}",
            )
        case Trouble.INVALID if problem.status == 413:
            return _result(ChannelState.FAILED, f"{said}. The log is larger than this server takes. {_STANDS_IN}")
        case Trouble.INVALID:
            return _result(
                ChannelState.FAILED,
                f"{said}. It refused the log: the commit may be gone by now, which the next run mends; if not, please "
                "report it.",
            )
        case _:
            return _result(ChannelState.FAILED, f"{said}. {_STANDS_IN}")


def _outcome(forge: ScanningForge, upload: str, url: str, wait: Callable[[float], None]) -> ChannelResult:
    for seconds in WAITS:
        wait(seconds)
        try:
            state = forge.sarif_state(upload)
        except ForgeProblem as problem:
            said = one_line(problem.reason, 200).rstrip(".")
            return _result(ChannelState.PUBLISHED, f"Uploaded; GitHub {said} when asked what became of it.", url)
        if state.status == "failed":
            errors = one_line("; ".join(state.errors[:3]), 300).rstrip(".") or "it does not say why"
            return _result(ChannelState.FAILED, f"GitHub took the log and could not read it: {errors}. {_STANDS_IN}")
        if state.status == "complete":
            return _result(ChannelState.PUBLISHED, "", url)
    return _result(ChannelState.PUBLISHED, "Uploaded; GitHub has not worked through it yet.", url)


def _of_pull(place: Place, number: int, commit: str) -> Target | ChannelResult:
    if commit == place.merge_sha:
        return Target(commit, f"refs/pull/{number}/merge")
    if commit == place.context.sha:
        return Target(commit, f"refs/pull/{number}/head")
    return _elsewhere(commit, "is neither the pull request's head nor its test merge by now")


def _elsewhere(commit: str, why: str) -> ChannelResult:
    text = f"The commit that was judged ({commit[:12]}) {why}, so its lines would be those of other files."
    return _result(ChannelState.DEGRADED, f"{text} {_STANDS_IN}")


def _page(context: EventContext) -> str:
    """Return the page of the alerts: of the pull request where there is one."""
    about = f"?query=is%3Aopen+pr%3A{context.pull}" if context.pull is not None else ""
    return f"{context.server_url}/{context.repository}/security/code-scanning{about}"


def _packed_size(data: bytes) -> int:
    packer = zlib.compressobj(wbits=31)  # gzip, as it is sent
    return len(packer.compress(data)) + len(packer.flush())


def _result(state: ChannelState, reason: str, url: str = "") -> ChannelResult:
    return ChannelResult(Channel.SARIF, state, reason, url)
