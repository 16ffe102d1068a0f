"""GitHub's objects turned into the words of the gate: pure, and BROKEN where one lacks what the API's schema promises.

Shapes: GitHub's OpenAPI description, version 2022-11-28. Lists give some objects in a shorter form than single ones do
(a pull request without `merged`), so what only the long form has is worked out from what both have.
"""

from __future__ import annotations

from typing import Literal, get_args

from gate.publish.forge_json import Fields, broken
from gate.publish.forge_part import slug_of
from gate.publish.forge_words import (
    Account,
    Artifact,
    ChangedFile,
    CheckRun,
    Comment,
    Commit,
    Pull,
    RepositoryFacts,
    RequiredCheck,
    SarifState,
    Status,
    StatusState,
    WorkflowRun,
)

GHOST = Account("ghost", 0)
"""Whoever's account is gone."""
_FACTS = (
    "visibility",
    "fork",
    "allow_merge_commit",
    "allow_squash_merge",
    "allow_rebase_merge",
    "allow_auto_merge",
    "allow_update_branch",
    "allow_forking",
    "delete_branch_on_merge",
    "web_commit_signoff_required",
)
_PULL_STATES: tuple[Literal["open", "closed"], ...] = ("open", "closed")
_STATUS_STATES: tuple[StatusState, ...] = get_args(StatusState)


def repository(fields: Fields) -> RepositoryFacts:
    """Read a repository; `settings` holds those of its plain settings that the token may see."""
    return RepositoryFacts(
        id=fields.integer("id"),
        full_name=fields.text("full_name"),
        default_branch=fields.text("default_branch"),
        private=fields.flag("private"),
        archived=fields.flag("archived", False),
        settings=fields.plain(*_FACTS),
    )


def account(fields: Fields | None, app: str | None = None) -> Account:
    """Read an account; one that is gone is the ghost's."""
    if fields is None:
        return GHOST
    login = fields.text("login")
    return Account(login, fields.integer("id"), app or slug_of(login))


def pull(fields: Fields) -> Pull:
    """Read a pull request, of a list or single."""
    head, base = fields.child("head"), fields.child("base")
    source = head.maybe_child("repo")
    merged_at = fields.maybe_text("merged_at")
    state = fields.text("state")
    for known in _PULL_STATES:
        if state == known:
            return Pull(
                number=fields.integer("number"),
                state=known,
                merged=fields.flag("merged", merged_at is not None),
                draft=fields.flag("draft", False),
                author=account(fields.maybe_child("user")).login,
                head_sha=head.sha("sha"),
                head_ref=head.text("ref"),
                head_repository=source.text("full_name") if source else None,
                base_sha=base.sha("sha"),
                base_ref=base.text("ref"),
                base_repository=base.child("repo").text("full_name"),
                merge_sha=fields.sha("merge_commit_sha") if fields.has("merge_commit_sha") else None,
                merged_at=merged_at,
            )
    raise broken(f"{fields.where}.state", "open or closed")


def changed_file(fields: Fields) -> ChangedFile:
    """Read a file of a pull request."""
    return ChangedFile(
        path=fields.text("filename"),
        status=fields.text("status"),
        previous_path=fields.maybe_text("previous_filename"),
        patch=fields.maybe_text("patch"),
    )


def commit(fields: Fields) -> Commit:
    """Read a commit of a list; `when` is when it was committed, `author` a login, or "" where GitHub knows none."""
    inner = fields.child("commit")
    committer = inner.maybe_child("committer")
    parents = fields.children("parents")
    author = fields.maybe_child("author")
    return Commit(
        sha=fields.sha("sha"),
        parent=parents[0].sha("sha") if parents else None,
        subject=inner.text("message").partition("\n")[0].strip(),
        when=(committer.maybe_text("date") if committer else None) or "",
        author=(author.maybe_text("login") if author else None) or "",
    )


def check_run(fields: Fields) -> CheckRun:
    """Read a check run; one without an app is nobody's that we know."""
    app = fields.maybe_child("app")
    suite = fields.maybe_child("check_suite")
    return CheckRun(
        id=fields.integer("id"),
        name=fields.text("name"),
        head_sha=fields.sha("head_sha"),
        status=fields.text("status"),
        conclusion=fields.maybe_text("conclusion"),
        external_id=fields.maybe_text("external_id") or "",
        app=(app.maybe_text("slug") if app else None) or "",
        app_id=app.integer("id") if app else 0,
        url=fields.maybe_text("html_url") or "",
        suite=suite.integer("id") if suite else None,
    )


def status(fields: Fields) -> Status:
    """Read a commit status."""
    state = fields.text("state")
    for known in _STATUS_STATES:
        if state == known:
            creator = fields.maybe_child("creator")
            return Status(
                context=fields.text("context"),
                state=known,
                description=fields.maybe_text("description") or "",
                target_url=fields.maybe_text("target_url") or "",
                creator=account(creator) if creator else None,
            )
    raise broken(f"{fields.where}.state", f"one of {', '.join(_STATUS_STATES)}")


def comment(fields: Fields) -> Comment:
    """Read a comment; `author.app` is the app that it was written through."""
    app = fields.maybe_child("performed_via_github_app")
    return Comment(
        id=fields.integer("id"),
        node_id=fields.text("node_id"),
        body=fields.maybe_text("body") or "",
        author=account(fields.maybe_child("user"), app.maybe_text("slug") if app else None),
        created_at=fields.maybe_text("created_at") or "",
        url=fields.maybe_text("html_url") or "",
    )


def workflow_run(fields: Fields) -> WorkflowRun:
    """Read a run of a workflow."""
    source = fields.maybe_child("head_repository")
    owner = source.maybe_child("owner") if source else None
    return WorkflowRun(
        id=fields.integer("id"),
        attempt=fields.maybe_integer("run_attempt") or 1,
        event=fields.text("event"),
        path=fields.text("path").partition("@")[0],
        workflow_id=fields.integer("workflow_id"),
        head_sha=fields.sha("head_sha"),
        head_branch=fields.maybe_text("head_branch") or "",
        head_repository=source.maybe_text("full_name") if source else None,
        head_repository_id=source.integer("id") if source else None,
        repository_id=fields.child("repository").integer("id"),
        status=fields.maybe_text("status") or "",
        conclusion=fields.maybe_text("conclusion"),
        head_owner=owner.text("login") if owner else "",
        started_at=fields.maybe_text("run_started_at") or "",
    )


def artifact(fields: Fields, run: int) -> Artifact:
    """Read an artefact of a run. Raises ForgeProblem(BROKEN) for one that says it is of another run."""
    origin = fields.maybe_child("workflow_run")
    told = origin.maybe_integer("id") if origin else None
    if told is not None and told != run:
        raise broken(f"{fields.where}.workflow_run", "the run that was asked for")
    return Artifact(
        id=fields.integer("id"),
        name=fields.text("name"),
        size=fields.integer("size_in_bytes"),
        expired=fields.flag("expired"),
        run_id=run,
        digest=fields.maybe_text("digest"),
        head_sha=origin.maybe_text("head_sha") if origin else None,
        created_at=fields.maybe_text("created_at") or "",
    )


def sarif_state(fields: Fields) -> SarifState:
    """Read how far an upload is; one that says nothing yet is pending."""
    return SarifState(fields.maybe_text("processing_status") or "pending", fields.texts("errors"))


def ruleset_checks(rule: Fields) -> tuple[RequiredCheck, ...]:
    """Read what a rule of a branch requires; nothing where the rule is of another kind."""
    if rule.text("type") != "required_status_checks":
        return ()
    parameters = rule.maybe_child("parameters")
    by = f"ruleset {rule.maybe_integer('ruleset_id') or ''}".rstrip()
    checks = parameters.children("required_status_checks") if parameters else ()
    return tuple(RequiredCheck(check.text("context"), _source(check, "integration_id"), by) for check in checks)


def protection_checks(branch: Fields) -> tuple[RequiredCheck, ...]:
    """Read what branch protection requires, of a branch as anybody may see it who may read the repository."""
    protection = branch.maybe_child("protection")
    required = protection.maybe_child("required_status_checks") if protection else None
    if required is None:
        return ()
    by = "branch protection"
    checks = required.children("checks") if required.has("checks") else ()
    listed = tuple(RequiredCheck(check.text("context"), _source(check, "app_id"), by) for check in checks)
    known = {check.context for check in listed}
    older = (RequiredCheck(context, None, by) for context in required.texts("contexts") if context not in known)
    return (*listed, *older)


def _source(check: Fields, key: str) -> int | None:
    """Return the only app that counts; GitHub writes "any" as null, as -1 or not at all."""
    return check.integer(key) if check.has(key) and check.plain(key).get(key) != -1 else None
