"""Accounts, apps, tokens and the clock: what all repositories of a server share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.github_server.state import App, Token, TokenKind, User

if TYPE_CHECKING:
    from tests.support.github_server.repository import Repository

ACTIONS_BOT = User("github-actions[bot]", 41898282, "Bot")
ACTIONS = App(15368, "github-actions", "GitHub Actions", ACTIONS_BOT)
JOB_PERMISSIONS: Mapping[str, str] = {
    "contents": "read",
    "checks": "write",
    "statuses": "write",
    "pull_requests": "write",
    "issues": "write",
    "security_events": "write",
    "actions": "read",
}
"""What a publishing job of this gate asks for."""
READ_ONLY: Mapping[str, str] = dict.fromkeys(JOB_PERMISSIONS, "read")
"""What a job gets for a fork or for Dependabot, whatever its workflow asks for."""


class World:
    """Accounts by login (case does not count), tokens by text, and a clock that moves a second with every change."""

    def __init__(self, start: int = 1_780_000_000) -> None:
        self.now = start
        self.last_id = 9000
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {ACTIONS.slug: ACTIONS}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self.moved: dict[str, int] = {}
        """Former full name → id of the repository that had it."""

    def tick(self) -> int:
        """Let a second pass."""
        self.now += 1
        return self.now

    def take_id(self) -> int:
        """An id that nothing else has; ids only rise."""
        self.last_id += 1
        return self.last_id

    def user(self, login: str) -> User:
        """An account; it is made when it is not there."""
        if login == ACTIONS_BOT.login:
            return ACTIONS_BOT
        return self.users.setdefault(login.lower(), User(login, self.take_id()))

    def app(self, slug: str) -> App:
        """An app; it is made when it is not there."""
        if slug not in self.apps:
            bot = User(f"{slug}[bot]", self.take_id(), "Bot")
            self.apps[slug] = App(self.take_id(), slug, slug.replace("-", " ").title(), bot)
        return self.apps[slug]

    def job_token(self, text: str, permissions: Mapping[str, str] = JOB_PERMISSIONS, *, only: str = "") -> Token:
        """A token as a job of GitHub Actions has it, for one repository."""
        return self.app_token(text, ACTIONS.slug, permissions, only=only)

    def app_token(self, text: str, slug: str, permissions: Mapping[str, str], *, only: str = "") -> Token:
        """A token of an app's installation."""
        app = self.app(slug)
        names = frozenset({only.lower()}) if only else None
        return self._keep(Token(text, app.bot, app, dict(permissions), "installation", names))

    def person_token(
        self, text: str, login: str, permissions: Mapping[str, str], kind: TokenKind = "fine-grained"
    ) -> Token:
        """A person's own token."""
        return self._keep(Token(text, self.user(login), None, dict(permissions), kind))

    def _keep(self, token: Token) -> Token:
        self.tokens[token.text] = token
        return token

    def repository(self, full_name: str) -> Repository:
        """A repository by OWNER/NAME; raises KeyError."""
        return self.repositories[full_name.lower()]

    def rename(self, full_name: str, new: str) -> None:
        """Rename a repository; the old name answers with a redirect."""
        found = self.repositories.pop(full_name.lower())
        found.name = new
        self.repositories[found.full_name.lower()] = found
        self.moved[full_name.lower()] = found.id
