"""Looking up a repository, its pull requests, commits and files."""

from __future__ import annotations

from collections.abc import Sequence

from gate.publish import forge_read as read
from gate.publish.forge_json import Fields, broken, each, elements
from gate.publish.forge_objects import Objects
from gate.publish.forge_part import Part, Place, checked_sha
from gate.publish.forge_session import Session
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import (
    ChangedFile,
    ChangedFiles,
    Commit,
    ForgeProblem,
    Pull,
    RepositoryFacts,
    TreeEntry,
    Trouble,
)

PER_PAGE = 100
MOST_FILES = 3000
"""Files of a pull request that GitHub lists; it does not say that there are more."""
_HISTORY_PAGES = 10


class Lookups(Part):
    """The reading part of the client; see forge.ReadForge."""

    def __init__(self, session: Session, place: Place) -> None:
        super().__init__(session, place)
        self._objects = Objects(session)

    def repository(self) -> RepositoryFacts:
        """Return what the repository says of itself."""
        return read.repository(self.session.fields(Ask("GET", self.at()), "the repository"))

    def pull(self, number: int) -> Pull:
        """Return a pull request as it is now."""
        return read.pull(self.session.fields(Ask("GET", self.at("pulls", number)), "the pull request"))

    def open_pulls(self, head_owner: str, head_branch: str) -> Sequence[Pull]:
        """Return the open pull requests from a branch of an owner's repository.

        GitHub ignores a filter that it cannot read and answers with all of them, so each is looked at once more.
        """
        listed = self.at("pulls", state="open", head=f"{head_owner}:{head_branch}", per_page=PER_PAGE)
        return tuple(
            read.pull(fields)
            for page in self.session.pages(Ask("GET", listed))
            for fields in elements(page, "the pull requests")
            if _comes_from(fields.child("head"), head_owner, head_branch)
        )

    def pulls_of_commit(self, sha: str) -> Sequence[Pull]:
        """Return the pull requests that a commit belongs to, merged ones too."""
        ask = Ask("GET", self.at("commits", checked_sha(sha), "pulls", per_page=PER_PAGE))
        return tuple(pull for page in self.session.pages(ask) for pull in each(page, "the pull requests", read.pull))

    def changed_files(self, number: int) -> ChangedFiles:
        """Return what a pull request changes."""
        ask = Ask("GET", self.at("pulls", number, "files", per_page=PER_PAGE))
        files: list[ChangedFile] = []
        for page in self.session.pages(ask, MOST_FILES // PER_PAGE):
            files.extend(each(page, "the files", read.changed_file))
        return ChangedFiles(tuple(files), complete=len(files) < MOST_FILES)

    def resolve(self, revision: str, repository: str | None = None) -> str:
        """Return the full id of the commit that a branch, tag or id names.

        `heads/NAME` is exactly that branch: a name that is looked for in several places may be found as `heads/NAME`
        below `refs/heads`, where whoever may push can put it. For others, one file at most is asked for with the
        commit: the answer lists what it changed.
        """
        if revision.startswith("heads/"):
            ref = self.session.fields(Ask("GET", self.at("git", "ref", revision, repository=repository)), "the branch")
            if ref.text("ref") != f"refs/{revision}":
                raise broken("the ref", "the branch that was asked for")
            return ref.child("object").sha("sha")
        url = self.at("commits", revision, repository=repository, per_page=1)
        return self.session.fields(Ask("GET", url), "the commit").sha("sha")

    def file(self, path: str, commit: str, limit: int, repository: str | None = None) -> bytes | None:
        """Return a file's bytes at a commit; None where there is nothing at the path. See forge.ReadForge."""
        place = self.place if repository is None else Place.of(repository)
        return self._objects.file(place, checked_sha(commit), path, limit)

    def tarball(self, commit: str, limit: int) -> bytes:
        """Return the tree of a commit as a packed tar of at most `limit` bytes."""
        return self.session.download(Ask("GET", self.at("tarball", checked_sha(commit))), limit)

    def tree(self, commit: str) -> Sequence[TreeEntry]:
        """Return everything below a commit's root but folders."""
        return self._objects.everything(self.place, checked_sha(commit))

    def commits(self, branch: str, count: int) -> Sequence[Commit]:
        """Return the last commits of a branch along first parents, the newest first.

        GitHub lists what a branch holds by date, with the commits that merges brought in; of these lists, at most ten
        pages are read.
        """
        ask = Ask("GET", self.at("commits", sha=branch, per_page=PER_PAGE))
        known: dict[str, Commit] = {}
        line: list[Commit] = []
        following: str | None = None
        for page in self.session.pages(ask, _HISTORY_PAGES):
            listed = each(page, "the commits", read.commit)
            known.update((commit.sha, commit) for commit in listed)
            if not line and listed:
                line.append(listed[0])
                following = listed[0].parent
            while following in known and len(line) < count:
                line.append(known[following])
                following = line[-1].parent
            if len(line) >= count or following is None:
                break
        return tuple(line[:count])

    def permission(self, login: str) -> str:
        """Return what somebody may do here: admin, maintain, write, triage, read or none.

        A role of an organisation's own counts as the permission that GitHub maps it to. Whom GitHub does not know, or
        does not tell of, may do nothing.
        """
        try:
            ask = Ask("GET", self.at("collaborators", login, "permission"))
            fields = self.session.fields(ask, "the permission")
        except ForgeProblem as problem:
            if problem.trouble is Trouble.NOT_FOUND:
                return "none"
            raise
        user = fields.maybe_child("user")
        if user is not None and user.text("login").casefold() != login.casefold():
            raise broken("the permission's user", "who was asked for")
        role = fields.maybe_text("role_name")
        return role if role in ("admin", "maintain", "write", "triage", "read") else fields.text("permission")


def _comes_from(head: Fields, owner: str, branch: str) -> bool:
    source = head.maybe_child("repo")
    holder = (source.maybe_child("owner") if source else None) or head.maybe_child("user")
    return head.text("ref") == branch and (holder is not None and holder.text("login").casefold() == owner.casefold())
