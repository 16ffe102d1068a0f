"""Whose code a revision, a repository or a word of a script names: the repository's own, or a pull request's. Pure.

What the contexts hold on which event is in https://docs.github.com/actions/reference/workflows-and-actions/contexts
and in https://docs.github.com/webhooks/webhook-events-and-payloads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum

from gate.model.json import Json

PULL_REF = re.compile(r"(?i)(?:^|[/:+\s'\"])pull/\S{0,120}?/(?:head|merge)\b|refs/pull/|refs/remotes/pull/")
"""A pull request's own refs, `pull/7/head` and what is written with an expression in place of the number."""
_LONGEST = 20_000
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w*-]+)*")
_VARIABLE = re.compile(r"\$(?:\{(?P<long>!?[A-Za-z_]\w*)(?P<rest>[^}]*)\}|(?P<short>[A-Za-z_]\w*|\d))|\$[({@*#?$!-]|`")

_CHANGE = (
    "github.head_ref",
    "github.event.pull_request.head",
    "github.event.pull_request.merge_commit_sha",
    "github.event.pull_request.patch_url",
    "github.event.pull_request.diff_url",
    "github.event.workflow_run.head_",
    "github.event.workflow_run.pull_requests",
    "github.event.after",
)
_OWN = (
    "github.event.pull_request.base.",
    "github.event.repository.",
    "github.event.merge_group.base_",
    "secrets.",
    "vars.",
)
_OWN_WHOLE = frozenset(
    f"github.{name}"
    for name in (
        "sha", "ref", "ref_name", "ref_type", "base_ref", "workflow_sha", "workflow_ref", "event_name", "repository",
        "repository_id", "repository_owner", "server_url", "api_url", "run_id", "run_number", "run_attempt", "token",
        "workspace", "action_path", "job",
    )
) | {"runner.temp", "runner.os", "runner.tool_cache", "true", "false", "null"}  # fmt: skip
_OWN_VARIABLES = frozenset(
    {
        "GITHUB_SHA", "GITHUB_REF", "GITHUB_REF_NAME", "GITHUB_BASE_REF", "GITHUB_REPOSITORY",
        "GITHUB_REPOSITORY_OWNER", "GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_WORKSPACE", "GITHUB_RUN_ID",
        "GITHUB_TOKEN", "GH_TOKEN", "RUNNER_TEMP", "RUNNER_OS", "HOME", "PWD"
    }
)  # fmt: skip


class Whose(IntEnum):
    """Whose code it is; the worse has the greater number."""

    OWN = 0
    UNKNOWN = 1
    CHANGE = 2


def whose(value: Json) -> Whose:
    """Return whose code a value of a workflow names.

    Own is a text without expressions (a branch, a commit, somebody's fixed repository), and expressions of nothing but
    what a pull request does not decide.
    """
    if not isinstance(value, str):
        return Whose.OWN if value is None or isinstance(value, int | float) else Whose.UNKNOWN
    return _whose(value)[0]


def whose_word(word: str, variables: Mapping[str, str]) -> Whose:
    """Return whose code a word of a shell script names.

    Own variables are those of the runner that a pull request does not decide; `variables` are name → value as the
    step's `env` gives it.
    """
    found, rest = _whose(word)
    return worst([found, *(_of_variable(match, variables) for match in _VARIABLE.finditer(rest[:_LONGEST]))])


def _whose(value: str) -> tuple[Whose, str]:
    """Return the same of a text, and what stands in it beside expressions."""
    if len(value) > _LONGEST:
        return Whose.UNKNOWN, ""
    if PULL_REF.search(_EXPRESSION.sub("0", value)):
        return Whose.CHANGE, ""
    rest = _EXPRESSION.sub("", value)
    found = [_of_expression(match[1]) for match in _EXPRESSION.finditer(value)]
    return worst([*found, Whose.UNKNOWN if "${{" in rest else Whose.OWN]), rest


def worst(found: Iterable[Whose]) -> Whose:
    """Return the worst of several, own where there is none."""
    return max(found, default=Whose.OWN)


def _of_expression(inner: str) -> Whose:
    if any(PULL_REF.search(text[1:-1].replace("''", "'")) for text in _TEXT.findall(inner)):
        return Whose.CHANGE
    rest = _TEXT.sub("''", inner)
    names = [name.lower() for name in _NAME.findall(rest)]
    if any(name.startswith(_CHANGE) for name in names):
        return Whose.CHANGE
    if "[" in rest or "'" in rest.replace("''", ""):
        return Whose.UNKNOWN
    called = [name.lower() for name in re.findall(r"([A-Za-z_]\w*)\s*\(", rest)]
    if all(name in _OWN_WHOLE or name.startswith(_OWN) or (name == "format" and name in called) for name in names):
        return Whose.OWN
    return Whose.UNKNOWN


def _of_variable(match: re.Match[str], variables: Mapping[str, str]) -> Whose:
    name = match["long"] or match["short"] or ""
    if name == "GITHUB_HEAD_REF":
        return Whose.CHANGE
    if name in variables:
        given = whose(variables[name])
        return given if not match["rest"] or given is Whose.CHANGE else Whose.UNKNOWN
    return Whose.OWN if name in _OWN_VARIABLES and "$" not in (match["rest"] or "") else Whose.UNKNOWN
