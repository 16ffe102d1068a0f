"""Proposals to a repository: a branch with one more commit, and a pull request from it."""

from __future__ import annotations

import base64

from gate.model.json import Json
from gate.publish import forge_read as read
from gate.publish.forge_json import Fields, elements
from gate.publish.forge_part import Part, checked_sha
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import ForgeProblem, Pull, Trouble


class Proposals(Part):
    """Proposals; see forge.WriteForge. Blobs, trees and commits that nothing names are harmless: they are repeated."""

    def propose_file(self, path: str, data: bytes, message: str, branch: str, base_sha: str) -> str:
        """Make a branch from a commit with one more commit that writes one file; return the new commit's id.

        A branch that is there already is never moved: ForgeProblem(INVALID).
        """
        base = self.session.fields(Ask("GET", self.at("git", "commits", checked_sha(base_sha))), "the commit")
        blob = self._made("blobs", {"content": base64.b64encode(data).decode(), "encoding": "base64"})
        entry: Json = {"path": path, "mode": "100644", "type": "blob", "sha": blob}
        tree = self._made("trees", {"base_tree": base.child("tree").sha("sha"), "tree": [entry]})
        commit = self._made("commits", {"message": message, "tree": tree, "parents": [base_sha]})
        self._name(branch, commit)
        return commit

    def open_pull(self, title: str, body: str, branch: str, base: str) -> Pull:
        """Open a pull request from a branch of this repository."""
        listed = self.at("pulls", state="open", head=f"{self.place.owner}:{branch}", base=base, per_page=100)

        def find() -> Pull | None:
            pulls = (
                read.pull(fields) for fields in elements(self.session.ask(Ask("GET", listed)), "the pull requests")
            )
            same = (pull for pull in pulls if (pull.head_ref, pull.base_ref) == (branch, base))
            return next((pull for pull in same if pull.head_repository == pull.base_repository), None)

        document: Json = {"title": title, "body": body, "head": branch, "base": base}
        return self.session.create(Ask("POST", self.at("pulls"), document), read.pull, find)

    def _made(self, kind: str, body: Json) -> str:
        return self.session.fields(Ask("POST", self.at("git", kind), body), f"the new one of {kind}").sha("sha")

    def _name(self, branch: str, commit: str) -> None:
        """Create a branch. One that is found after a failure of unknown effect is ours if it names our commit."""

        def find() -> str | None:
            try:
                found = self.session.fields(Ask("GET", self.at("git", "ref", f"heads/{branch}")), "the branch")
            except ForgeProblem as problem:
                if problem.trouble is Trouble.NOT_FOUND:
                    return None
                raise
            return _target(found) if _target(found) == commit else None

        ask = Ask("POST", self.at("git", "refs"), {"ref": f"refs/heads/{branch}", "sha": commit})
        self.session.create(ask, _target, find)


def _target(ref: Fields) -> str:
    return ref.child("object").sha("sha")
