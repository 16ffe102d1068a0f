"""Who we are on GitHub, and so which check runs, statuses and comments are ours.

What GitHub itself says of what we just made is worth most: the app of a check run, the creator of a status. Before that
it is asked who the token acts as. Where neither is known, nothing is ours.
"""

from __future__ import annotations

import unicodedata

from gate.formats.plain import one_line
from gate.publish.forge import Forge
from gate.publish.forge_words import Account, CheckRun, Comment, ForgeProblem, Status


class Identity:
    """Our account and app, learnt once. Only `account` asks GitHub, and only the first time."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._account: Account | None = None
        self._app_id: int | None = None
        self._asked = False

    def account(self) -> Account:
        """Return who the token acts as. Raises ForgeProblem where that cannot be told."""
        if self._account is None:
            self._account = self._forge.viewer()
        return self._account

    def learn_check(self, check: CheckRun) -> None:
        """Take in a check run that we made."""
        self._app_id = check.app_id

    def learn_status(self, status: Status) -> None:
        """Take in a status that we made."""
        if self._account is None:
            self._account = status.creator

    def made_check(self, check: CheckRun) -> bool:
        """Whether a check run was made by our app."""
        if self._app_id is not None:
            return check.app_id == self._app_id
        account = self._known()
        return account is not None and account.app is not None and check.app == account.app

    def made_status(self, status: Status) -> bool:
        """Whether a status was set by our account."""
        account = self._known()
        return account is not None and status.creator is not None and status.creator.id == account.id

    def made_comment(self, comment: Comment) -> bool:
        """Whether a comment was written by our account, and through our app where both are known. Raises ForgeProblem.

        A login alone may be anybody's after a rename, an id is not.
        """
        account, author = self.account(), comment.author
        apps = {account.app, author.app} - {None}
        return author.id == account.id and author.login == account.login and len(apps) <= 1

    def _known(self) -> Account | None:
        if self._account is None and not self._asked:
            self._asked = True
            try:
                self._account = self._forge.viewer()
            except ForgeProblem:
                return None
        return self._account


def alike(one: str, other: str) -> bool:
    """Whether two names are the same to a reader, or to GitHub, which does not tell contexts apart by case."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(one_line(unicodedata.normalize("NFKC", name), 300).casefold().split())
