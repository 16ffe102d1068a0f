"""One repository: its branches, pull requests and everything that hangs on a commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.github_server.git import FILE, Files, Objects
from tests.support.github_server.people import World
from tests.support.github_server.state import (
    Artifact,
    CheckRun,
    Comment,
    Pull,
    Run,
    Sarif,
    Status,
    Suite,
    User,
)
from tests.support.github_server.wire import Json

Content = str | bytes | tuple[str, str | bytes]
"""The content of a file, with its mode before it where that is not 100644."""


@dataclass
class Repository:
    """A repository; `objects` are shared with its forks, as on GitHub."""

    world: World
    owner: User
    name: str
    id: int
    objects: Objects
    private: bool = False
    parent: Repository | None = None
    default_branch: str = "main"
    code_scanning: bool = True
    refs: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    suites: list[Suite] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    sarifs: dict[str, Sarif] = field(default_factory=dict)
    sarif_polls: int = 1
    collaborators: dict[str, str] = field(default_factory=dict)
    protection: dict[str, Json] = field(default_factory=dict)
    rules: dict[str, list[Json]] = field(default_factory=dict)
    next_number: int = 1

    @property
    def full_name(self) -> str:
        """OWNER/NAME."""
        return f"{self.owner.login}/{self.name}"

    # --- git ---

    def branch(self, name: str) -> str:
        """The commit of a branch; raises KeyError."""
        return self.refs[f"refs/heads/{name}"]

    def resolve(self, revision: str) -> str:
        """The commit of a branch, tag, ref or id (also shortened to 7 or more); raises KeyError."""
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}", revision):
            if name in self.refs:
                return self.refs[name]
        if revision == "HEAD":
            return self.branch(self.default_branch)
        if self.objects.has(revision):
            return revision
        found = self.objects.commits_beginning(revision) if len(revision) >= 7 else []
        if len(found) != 1:
            raise KeyError(revision)
        return found[0]

    def files(self, revision: str) -> Files:
        """All files of a revision."""
        return self.objects.files(self.objects.commit(self.resolve(revision)).tree)

    def commit(
        self,
        branch: str,
        changes: Mapping[str, Content | None],
        message: str = "Change",
        who: str = "octo-dev",
        start: str | None = None,
    ) -> str:
        """Commit changes on a branch (a new one begins at `start`, else at the default branch) and return the id.

        None deletes a file. The heads of open pull requests from this branch move.
        """
        ref = f"refs/heads/{branch}"
        # A new branch begins at the default one.
        origin = f"refs/heads/{self.default_branch}"
        before = self.refs.get(ref) or (self.resolve(start) if start else self.refs.get(origin))
        files = self.files(before) if before else {}
        for path, content in changes.items():
            if content is None:
                files.pop(path, None)
                continue
            mode, data = content if isinstance(content, tuple) else (FILE, content)
            raw = data if isinstance(data, bytes) else data.encode()
            files[path] = (mode, str(data) if mode == "160000" else self.objects.put("blob", raw))
        tree = self.objects.write_files(files)
        sha = self.objects.write_commit(tree, (before,) if before else (), message, self.world.tick(), who)
        self.set_ref(ref, sha)
        return sha

    def push(self, folder: Path, revision: str, branch: str) -> str:
        """Take over a revision of a real repository on disk, with its own ids, and set a branch to it."""
        sha = self.objects.take(folder, revision)
        self.set_ref(f"refs/heads/{branch}", sha)
        return sha

    def set_ref(self, ref: str, sha: str) -> None:
        """Set a ref; open pull requests that it is the head of move with it."""
        self.refs[ref] = sha
        branch = ref.removeprefix("refs/heads/")
        for repository in self.world.repositories.values():
            for pull in repository.pulls.values():
                if pull.is_open and pull.head_repo is self and pull.head_ref == branch:
                    pull.head_sha, pull.updated = sha, self.world.tick()
                    pull.base_sha = repository.branch(pull.base_ref)
                    repository.test_merge(pull)

    def delete_branch(self, name: str) -> None:
        """Delete a branch; pull requests into it or from it close."""
        del self.refs[f"refs/heads/{name}"]
        for repository in self.world.repositories.values():
            for pull in list(repository.pulls.values()):
                gone_head = pull.head_repo is self and pull.head_ref == name
                if pull.is_open and (gone_head or (repository is self and pull.base_ref == name)):
                    repository.close(pull.number)

    def rename_branch(self, old: str, new: str) -> None:
        """Rename a branch; open pull requests into it follow, the old name leads to the new one."""
        self.refs[f"refs/heads/{new}"] = self.refs.pop(f"refs/heads/{old}")
        self.default_branch = new if self.default_branch == old else self.default_branch
        if old in self.protection:
            self.protection[new] = self.protection.pop(old)
        if old in self.rules:
            self.rules[new] = self.rules.pop(old)
        for pull in self.pulls.values():
            if pull.is_open and pull.base_ref == old:
                pull.base_ref = new

    # --- pull requests ---

    def take_number(self, number: int | None = None) -> int:
        """The next number of an issue or pull request, or one that is still free."""
        chosen = number or self.next_number
        if chosen in self.pulls or chosen in self.issues:
            raise ValueError(f"number {chosen} is taken")
        self.next_number = max(self.next_number, chosen + 1)
        return chosen

    def open_pull(
        self,
        head: str,
        base: str = "main",
        *,
        title: str = "Change the shop",
        body: str | None = None,
        number: int | None = None,
        fork: Repository | None = None,
        user: User | None = None,
        draft: bool = False,
    ) -> Pull:
        """Open a pull request from a branch of this repository or of a fork."""
        source = fork or self
        now = self.world.tick()
        who = user or (source.owner if fork else self.world.user("octo-dev"))
        pull = Pull(
            number=self.take_number(number),
            title=title,
            body=body,
            user=who,
            base_ref=base,
            base_sha=self.branch(base),
            head_ref=head,
            head_sha=source.branch(head),
            head_repo=source,
            created=now,
            updated=now,
            draft=draft,
            label_of_gone_head=source.owner.login,
        )
        self.pulls[pull.number] = pull
        self.test_merge(pull)
        return pull

    def open_issue(self, title: str, user: User, number: int | None = None) -> Pull:
        """Open a plain issue."""
        now = self.world.tick()
        chosen = self.take_number(number)
        self.issues[chosen] = Pull(chosen, title, None, user, "", "", "", "", None, now, now)
        return self.issues[chosen]

    def test_merge(self, pull: Pull) -> None:
        """Make refs/pull/N/head and, without conflicts, refs/pull/N/merge."""
        self.refs[f"refs/pull/{pull.number}/head"] = pull.head_sha
        files = self.merged_files(pull.base_sha, pull.head_sha)
        if files is None:
            self.refs.pop(f"refs/pull/{pull.number}/merge", None)
            pull.merge_sha = None
            return
        message = f"Merge {pull.head_sha} into {pull.base_sha}"
        tree = self.objects.write_files(files)
        parents = (pull.base_sha, pull.head_sha)
        pull.merge_sha = self.objects.write_commit(tree, parents, message, self.world.tick(), "web-flow")
        self.refs[f"refs/pull/{pull.number}/merge"] = pull.merge_sha

    def merged_files(self, base: str, head: str) -> Files | None:
        """The files after a merge, file by file; None when both sides changed one differently."""
        start = self.objects.merge_base(base, head)
        old = self.files(start) if start else {}
        ours, theirs = self.files(base), self.files(head)
        merged: Files = {}
        for path in {*ours, *theirs}:
            was, here, there = old.get(path), ours.get(path), theirs.get(path)
            if here not in (was, there) and there != was:
                return None
            chosen = there if here == was else here
            if chosen is not None:
                merged[path] = chosen
        return merged

    def retarget(self, number: int, base: str) -> None:
        """Change the branch that a pull request goes into."""
        pull = self.pulls[number]
        pull.base_ref, pull.base_sha, pull.updated = base, self.branch(base), self.world.tick()
        self.test_merge(pull)

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        pull = self.pulls[number]
        pull.closed = pull.updated = self.world.tick()
        self.refs.pop(f"refs/pull/{number}/merge", None)

    def merge(self, number: int) -> str:
        """Merge a pull request that has no conflict; return the merge commit."""
        pull = self.pulls[number]
        pull.base_sha = self.branch(pull.base_ref)
        self.test_merge(pull)
        if pull.merge_sha is None or not pull.is_open:
            raise ValueError(f"#{number} cannot be merged")
        pull.closed = pull.merged = pull.updated = self.world.tick()
        pull.merged_by = self.world.user("octo-dev")
        self.set_ref(f"refs/heads/{pull.base_ref}", pull.merge_sha)
        self.refs.pop(f"refs/pull/{number}/merge", None)
        return pull.merge_sha
