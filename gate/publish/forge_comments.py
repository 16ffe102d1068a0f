"""Comments of pull requests."""

from __future__ import annotations

from collections.abc import Sequence

from gate.publish import forge_read as read
from gate.publish.forge_json import each
from gate.publish.forge_part import Part
from gate.publish.forge_wire import Ask
from gate.publish.forge_words import Comment, ForgeProblem, Trouble

_MINIMIZE = (
    "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED})"
    " { minimizedComment { isMinimized } } }"
)


class Comments(Part):
    """Comments; see forge.CommentForge."""

    def comments(self, number: int) -> Sequence[Comment]:
        """Return all comments of a pull request, oldest first."""
        ask = Ask("GET", self.at("issues", number, "comments", per_page=100))
        return tuple(item for page in self.session.pages(ask) for item in each(page, "the comments", read.comment))

    def create_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Before it is repeated after a 5xx, the newest comments are searched for the same body."""

        def find() -> Comment | None:
            author, text = self.viewer(), _as_kept(body)
            ours = (item for item in reversed(self.comments(number)) if item.author.id == author.id)
            return next((item for item in ours if _as_kept(item.body) == text), None)

        ask = Ask("POST", self.at("issues", number, "comments"), {"body": body})
        return self.session.create(ask, read.comment, find)

    def update_comment(self, id_: int, body: str) -> Comment:
        """Replace a comment's text."""
        ask = Ask("PATCH", self.at("issues", "comments", id_), {"body": body})
        return read.comment(self.session.fields(ask, "the comment"))

    def delete_comment(self, id_: int) -> None:
        """Delete a comment; one that is gone already is fine."""
        try:
            self.session.ask(Ask("DELETE", self.at("issues", "comments", id_)))
        except ForgeProblem as problem:
            if problem.trouble is not Trouble.NOT_FOUND:
                raise

    def minimize_comment(self, node_id: str) -> None:
        """Fold a comment away as outdated."""
        self.session.query(_MINIMIZE, {"id": node_id})

    def react(self, comment: int, content: str) -> None:
        """Add a reaction (+1, -1, eyes, rocket …) to a comment. GitHub keeps one of a kind of each account."""
        self.session.ask(Ask("POST", self.at("issues", "comments", comment, "reactions"), {"content": content}))


def _as_kept(body: str) -> str:
    """Return a text as far as a forge keeps it: line ends may change, and white space at the ends may go."""
    return body.replace("\r\n", "\n").strip().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
