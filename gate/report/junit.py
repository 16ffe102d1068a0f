"""The verdict as JUnit XML: a suite for each category, a case for each criterion, and one case for the verdict itself.

JUnit has no schema of its own; this is the common part of what Jenkins, GitLab and GitHub's reporters read. A `failure`
is a criterion that is not met, an `error` one that could not be told, `skipped` one that is waived or does not apply.
Its `type` is the level, since JUnit knows no failure that does not block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from gate.formats.plain import one_line
from gate.model.verdict import CriterionResult, Decision, Outcome, Verdict
from gate.report.groups import groups, headline
from gate.report.options import RenderOptions

_TAGS = {
    Outcome.PASS: "",
    Outcome.FAIL: "failure",
    Outcome.NO_EVIDENCE: "error",
    Outcome.ERROR: "error",
    Outcome.WAIVED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
}
_MESSAGE = 1000


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the verdict as a JUnit document with a newline at its end."""
    suites: dict[str, list[CriterionResult]] = {}
    for item in verdict.criteria:
        suites.setdefault(item.category, []).append(item)
    advisory = verdict.advisory or options.advisory
    blocked = (verdict.decision is Decision.NO_GO or bool(options.alarms)) and not advisory
    tags = [_TAGS[item.outcome] for item in verdict.criteria] + ["failure" if blocked else ""]
    name = f"Readiness Gate{' (ADVISORY, not enforcing)' if advisory else ''}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_quoted(name)} {_counts(tags)}>",
        *_verdict(verdict, options, blocked),
        *(line for category, items in suites.items() for line in _suite(category, items, verdict.generated_at)),
        "</testsuites>",
    ]
    # Where the report is printed into the log of a runner, this would be a command in the middle of a line.
    return "\n".join(lines).replace("##[", "#&#35;[") + "\n"


def _verdict(verdict: Verdict, options: RenderOptions, blocked: bool) -> Iterator[str]:
    """Yield the suite of the verdict: it may be no_go though no criterion blocks, and no criterion is not a pass."""
    told = f"{verdict.decision.value}: {headline(verdict, groups(verdict))}"
    if options.alarms:
        told = f"no_go: {options.alarms[0]}"
    properties = {
        "verdict": verdict.decision.value,
        "score": f"{verdict.score:g}",
        "commit": verdict.commit or "",
        "base": verdict.base or "",
        "policy": verdict.policy.path or "",
        "policy_sha256": verdict.policy.sha256,
        "profile": verdict.policy.profile,
        "gate_version": options.version,
    }
    yield f'<testsuite name="verdict" {_counts(["failure" if blocked else ""])}{_timestamp(verdict.generated_at)}>'
    yield "<properties>"
    yield from (f'<property name="{name}" value={_quoted(value)}/>' for name, value in properties.items() if value)
    yield "</properties>"
    yield from _case("gate", "verdict", "failure" if blocked else "", told, verdict.decision.value, told)
    notices = " ".join(one_line(text, _MESSAGE) for text in (*options.alarms, *verdict.notices, *options.extra_notes))
    if notices:
        yield f"<system-out>{escape(notices)}</system-out>"
    yield "</testsuite>"


def _suite(category: str, items: Sequence[CriterionResult], at: str) -> Iterator[str]:
    tags = [_TAGS[item.outcome] for item in items]
    yield f"<testsuite name={_quoted(category)} {_counts(tags)}{_timestamp(at)}>"
    for item in items:
        # On one line: at the beginning of one, a runner would take "::" for a command.
        text = one_line(item.reason, _MESSAGE) + (f" → {one_line(item.fix, _MESSAGE)}" if item.fix else "")
        type_ = item.level.value if item.outcome is Outcome.FAIL else item.outcome.value
        yield from _case(category, f"{item.id}: {item.title}", _TAGS[item.outcome], item.reason, type_, text)
    yield "</testsuite>"


def _case(classname: str, name: str, tag: str, message: str, type_: str, text: str) -> Iterator[str]:
    head = f'<testcase classname={_quoted(classname)} name={_quoted(name)} time="0"'
    if not tag:
        yield f"{head}/>"
        return
    kind = "" if tag == "skipped" else f' type="{type_}"'
    inside = "/>" if tag == "skipped" else f">{escape(text)}</{tag}>"
    yield f"{head}>"
    yield f"<{tag} message={_quoted(message)}{kind}{inside}"
    yield "</testcase>"


def _counts(tags: Sequence[str]) -> str:
    numbers = {"tests": len(tags), "failures": tags.count("failure"), "errors": tags.count("error")}
    listed = " ".join(f'{name}="{number}"' for name, number in (numbers | {"skipped": tags.count("skipped")}).items())
    return f'{listed} time="0"'


def _timestamp(at: str) -> str:
    """Return the moment as JUnit has it, in UTC without a zone."""
    return f" timestamp={_quoted(at.removesuffix('Z'))}" if at else ""


def _quoted(text: str) -> str:
    """Return text as an attribute; what XML cannot hold is dropped with the other characters that cannot be seen."""
    return f'"{escape(one_line(text, _MESSAGE))}"'
