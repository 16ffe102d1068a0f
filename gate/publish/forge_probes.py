"""Finding out what a token may do, without doing it; and which rules a branch has.

Reading is tried by reading. Whether a token may write only a write tells, so each probe is a request that GitHub must
refuse whatever the token may: without the permission with 403 (or 404), with it with 422, because what it needs is not
in it. GitHub looks at the permission first; that order is seen in its answers and not promised in its documentation.
So it is tried, too, with a right that no job's token can have (`validates_first`), and anything but these answers is
"not known". Nothing can come of a probe even where that order were another one:

- `POST /repos/O/R/check-runs` with `{}`: name and head_sha are missing;
- `POST /repos/O/R/statuses/000…0` with `{"state": "none"}`: neither such a state nor such a commit exists;
- `POST /repos/O/R/issues/N/comments` with `{}`: there is no body;
- `POST /repos/O/R/code-scanning/sarifs` with `{}`: commit, ref and log are missing;
- `POST /repos/O/R/keys` with `{}`: there is no key (needs administration: write, for `validates_first` alone).

Required fields and statuses: GitHub's OpenAPI description, version 2022-11-28.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.model.json import JsonObject
from gate.publish.forge_json import Fields, each
from gate.publish.forge_part import Part
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import ForgeProblem, Trouble

_NO_COMMIT = "0" * 40
_VALIDATION = 422
_OFF = ("code scanning", "code security", "advanced security", "code_scanning")


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found. `may` is None where that cannot be told; `told` completes "GitHub …" ("" where it may).

    `off` is set where it is not the token: the repository has switched the feature off.
    """

    may: bool | None
    told: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class BranchRule:
    """A rule of a ruleset on a branch. `code_owners` is whether their review is required, False for other rules."""

    type: str
    code_owners: bool = False


class Probes:
    """Asks about the repository that a client was made for."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def checks(self) -> Probed:
        """Whether the token may write check runs."""
        return self._write("check-runs", body={})

    def statuses(self) -> Probed:
        """Whether the token may set statuses."""
        return self._write("statuses", _NO_COMMIT, body={"state": "none"})

    def comments(self, number: int) -> Probed:
        """Whether the token may comment on a pull request, by its number."""
        return self._write("issues", number, "comments", body={})

    def code_scanning(self) -> Probed:
        """Whether the token may upload to code scanning; `off` where the repository does not have it."""
        return self._write("code-scanning", "sarifs", body={})

    def validates_first(self) -> bool:
        """Whether a request of a job's token is held against its schema before it is held against its permissions.

        Then a 422 says nothing of a permission. For tokens of GitHub Actions only: others may have the right.
        """
        return self._write("keys", body={}).may is True

    def actions(self) -> Probed:
        """Whether the token may read runs of workflows."""
        return self._read(self._part.at("actions", "runs", per_page=1))

    def contents(self, branch: str) -> Probed:
        """Whether the token may read the repository's contents."""
        return self._read(self._part.at("commits", f"heads/{branch}", per_page=1))

    def rules(self, branch: str) -> tuple[BranchRule, ...]:
        """Return the rules that rulesets put on a branch. Raises ForgeProblem."""
        ask = Ask("GET", self._part.at("rules", "branches", branch, per_page=100))
        return tuple(rule for page in self._part.session.pages(ask) for rule in each(page, "the rules", _rule))

    def _read(self, url: str) -> Probed:
        try:
            self._part.session.ask(Ask("GET", url))
        except ForgeProblem as problem:
            return _refused(problem)
        return Probed(may=True)

    def _write(self, *segments: str | int, body: JsonObject) -> Probed:
        try:
            self._part.session.ask(Ask("POST", self._part.at(*segments), body))
        except ForgeProblem as problem:
            if problem.status == _VALIDATION:
                return Probed(may=True)
            return _refused(problem)
        return Probed(None, "accepted a request that it should have refused, so nothing can be concluded")


def _refused(problem: ForgeProblem) -> Probed:
    """Return what a refusal means. A 404 is also what a token gets that may not see that something is there."""
    said = problem.reason.casefold()
    if problem.trouble is Trouble.FORBIDDEN:
        off = "not accessible" not in said and "enable" in said and any(word in said for word in _OFF)
        return Probed(None if off else False, problem.reason, off)
    return Probed(False if problem.trouble is Trouble.UNAUTHENTICATED else None, problem.reason)


def _rule(fields: Fields) -> BranchRule:
    parameters = fields.maybe_child("parameters")
    owners = parameters is not None and parameters.flag("require_code_owner_review", False)
    return BranchRule(fields.text("type"), owners)
