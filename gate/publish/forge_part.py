"""What the parts of the client share: the session, the repository that they are about, and who they act as."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.publish.forge_json import Fields, is_sha
from gate.publish.forge_session import Session
from gate.publish.forge_wire import Ask, path
from gate.publish.forge_words import Account, ForgeProblem, Trouble

_REPOSITORY = re.compile(r"([A-Za-z0-9_-]{1,100})/([A-Za-z0-9_.-]{1,100})")
_VIEWER = "query { viewer { login databaseId } }"
BOT = "[bot]"
"""What the login of an app's account ends with."""


@dataclass(frozen=True, slots=True)
class Place:
    """A repository by its name."""

    owner: str
    name: str

    @classmethod
    def of(cls, repository: str) -> Place:
        """Read OWNER/NAME. Raises ForgeProblem(INVALID) for anything else."""
        found = _REPOSITORY.fullmatch(repository)
        if found is None or found[2] in (".", ".."):
            raise ForgeProblem(Trouble.INVALID, "was not asked: a repository is named as OWNER/NAME")
        return cls(found[1], found[2])

    @property
    def repository(self) -> str:
        """Name it as OWNER/NAME."""
        return f"{self.owner}/{self.name}"


class Part:
    """The base of the client's parts."""

    def __init__(self, session: Session, place: Place) -> None:
        self.session = session
        self.place = place
        self._viewer: Account | None = None

    def viewer(self) -> Account:
        """Return who the token acts as; asked once. The token of a job may ask GraphQL only (GET /user is refused)."""
        if self._viewer is None:
            try:
                self._viewer = _viewer(self.session.query(_VIEWER, {}).child("viewer"), "databaseId")
            except ForgeProblem as problem:
                if problem.trouble in (Trouble.UNAUTHENTICATED, Trouble.UNREACHABLE, Trouble.LIMITED):
                    raise
                self._viewer = _viewer(self.session.fields(Ask("GET", path("user")), "the user"), "id")
        return self._viewer

    def at(self, *segments: str | int, repository: str | None = None, **query: str | int | None) -> str:
        """Return a path below the repository, or below another one."""
        place = self.place if repository is None else Place.of(repository)
        return path("repos", place.owner, place.name, *segments, **query)


def checked_sha(text: str) -> str:
    """Return the id of a git object. Raises ForgeProblem(INVALID) before anything is asked with what is none."""
    if not is_sha(text):
        raise ForgeProblem(Trouble.INVALID, "was not asked: a commit is named by its 40 hex digits")
    return text


def slug_of(login: str) -> str | None:
    """Return the slug of the app whose account this is, None for a person's."""
    return login.removesuffix(BOT) if login.endswith(BOT) else None


def _viewer(fields: Fields, key: str) -> Account:
    login = fields.text("login")
    return Account(login, fields.integer(key), slug_of(login))
