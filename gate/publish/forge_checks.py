"""Check runs and statuses of commits."""

from __future__ import annotations

from collections.abc import Sequence

from gate.model.annotation import Annotation
from gate.model.json import Json, JsonObject
from gate.publish import forge_read as read
from gate.publish.forge_json import each, listed
from gate.publish.forge_part import Part, Place, checked_sha, slug_of
from gate.publish.forge_session import Session
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import CheckOutput, CheckRun, Conclusion, ForgeProblem, RequiredCheck, Status, Trouble

MOST_ANNOTATIONS = 50
"""Annotations that GitHub takes with one request."""


class Checks(Part):
    """Checks and statuses; see forge.CheckForge."""

    def __init__(self, session: Session, place: Place) -> None:
        super().__init__(session, place)
        self._annotated: dict[int, int] = {}

    def check_runs(self, sha: str, name: str | None = None) -> Sequence[CheckRun]:
        """Return the check runs of a commit, of one name where it is given, newest first: all, not the latest only."""
        segments = ("commits", checked_sha(sha), "check-runs")
        ask = Ask("GET", self.at(*segments, check_name=name, filter="all", per_page=100))
        found = [run for page in self.session.pages(ask) for run in listed(page, "check_runs", read.check_run)]
        return tuple(sorted(found, key=lambda run: run.id, reverse=True))

    def create_check_run(
        self, sha: str, name: str, external_id: str, output: CheckOutput, details_url: str
    ) -> CheckRun:
        """Create a check run that is in progress. A run of ours with this name and external id is not made twice."""
        body: JsonObject = {
            "name": name,
            "head_sha": checked_sha(sha),
            "status": "in_progress",
            "external_id": external_id,
            "output": _output(output, output.annotations),
        }
        if details_url:
            body["details_url"] = details_url

        def find() -> CheckRun | None:
            slug = slug_of(self.viewer().login)
            wanted = (name, external_id, slug)
            same = (run for run in self.check_runs(sha, name) if (run.name, run.external_id, run.app) == wanted)
            return next((run for run in same if run.status != "completed"), None)

        made = self.session.create(Ask("POST", self.at("check-runs"), body), read.check_run, find)
        self._annotated[made.id] = len(output.annotations)
        return made

    def update_check_run(self, id_: int, output: CheckOutput, conclusion: Conclusion | None = None) -> CheckRun:
        """Add annotations (at most 50) and replace the output; with a conclusion the check run is completed.

        GitHub appends annotations with each request. So one with annotations is not simply repeated: after a failure of
        unknown effect their number tells whether they arrived, and if so only the rest is sent again.
        """
        url = self.at("check-runs", id_)
        state: JsonObject = {} if conclusion is None else {"status": "completed", "conclusion": conclusion}
        bare = Ask("PATCH", url, {**state, "output": _output(output, ())})
        whole = Ask("PATCH", url, {**state, "output": _output(output, output.annotations)})
        if not output.annotations:
            return read.check_run(self.session.fields(bare, "the check run"))
        if id_ not in self._annotated:
            self._annotated[id_] = self._annotations_of(url)
        wanted = self._annotated[id_] + len(output.annotations)

        def find() -> CheckRun | None:
            if self._annotations_of(url) < wanted:
                return None
            return read.check_run(self.session.fields(bare, "the check run"))

        run = self.session.create(whole, read.check_run, find)
        self._annotated[id_] = wanted
        return run

    def statuses(self, sha: str) -> Sequence[Status]:
        """Return the statuses of a commit, newest first, each with its creator."""
        ask = Ask("GET", self.at("commits", checked_sha(sha), "statuses", per_page=100))
        return tuple(item for page in self.session.pages(ask) for item in each(page, "the statuses", read.status))

    def create_status(self, sha: str, status: Status) -> Status:
        """Set a commit's status of one context. The last one counts, so setting the same one twice changes nothing."""
        body: JsonObject = {"state": status.state, "context": status.context, "description": status.description}
        if status.target_url:
            body["target_url"] = status.target_url
        ask = Ask("POST", self.at("statuses", checked_sha(sha)), body)
        return read.status(self.session.fields(ask, "the status"))

    def required_checks(self, branch: str) -> Sequence[RequiredCheck]:
        """Return what a branch requires, by rulesets and by branch protection as far as the token may see."""
        protection = self.session.fields(Ask("GET", self.at("branches", branch)), "the branch")
        try:
            ask = Ask("GET", self.at("rules", "branches", branch, per_page=100))
            rules = [
                check
                for page in self.session.pages(ask)
                for checks in each(page, "the rules", read.ruleset_checks)
                for check in checks
            ]
        except ForgeProblem as problem:  # a server that is older than rulesets, or a plan without them
            if problem.trouble not in (Trouble.NOT_FOUND, Trouble.FORBIDDEN):
                raise
            rules = []
        return (*rules, *read.protection_checks(protection))

    def _annotations_of(self, url: str) -> int:
        output = self.session.fields(Ask("GET", url), "the check run").child("output")
        return output.integer("annotations_count")


def _output(output: CheckOutput, annotations: Sequence[Annotation]) -> JsonObject:
    if len(annotations) > MOST_ANNOTATIONS:
        raise ForgeProblem(Trouble.INVALID, f"takes {MOST_ANNOTATIONS} annotations with one request, not more")
    body: JsonObject = {"title": output.title, "summary": output.summary}
    if output.text:
        body["text"] = output.text
    if annotations:
        body["annotations"] = [_annotation(item) for item in annotations]
    return body


def _annotation(annotation: Annotation) -> Json:
    body: JsonObject = {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "message": annotation.message,
    }
    if annotation.title:
        body["title"] = annotation.title
    return body
