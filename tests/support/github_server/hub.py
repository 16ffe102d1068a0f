"""The server: state, faults, log and doors in one object."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.support.github_server import endpoints
from tests.support.github_server.door import Door
from tests.support.github_server.faults import Fault, What
from tests.support.github_server.git import Objects
from tests.support.github_server.log import Log, entry_of
from tests.support.github_server.people import World
from tests.support.github_server.repository import Content, Repository
from tests.support.github_server.routing import VERSION, bearer, dispatch
from tests.support.github_server.storage import stored
from tests.support.github_server.wire import Refusal, Request, Response

if TYPE_CHECKING:
    from tests.support.github_server.prism import Lens

assert endpoints.ALL
_FREE = ("/rate_limit",)


class Hub:
    """A GitHub of one's own. Use it as a context manager; `url` is what GITHUB_API_URL is to be."""

    def __init__(self) -> None:
        self.world = World()
        self.faults: list[Fault] = []
        self.log = Log()
        self.storage_log = Log()
        self.hourly_limit = 5000
        """Requests that are left before GitHub's primary limit; tests lower it."""
        self._lock = threading.RLock()
        self._door = Door(self.answer)
        self._storage = Door(self._stored, host="localhost")
        self._lens: Lens | None = None

    # --- life ---

    def __enter__(self) -> Self:
        self._door.open()
        self._storage.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._door.close()
        self._storage.close()
        if self._lens is not None:
            self._lens.close()
            if error is None and self._lens.violations:
                said = "\n".join(self._lens.violations)
                raise AssertionError(f"GitHub's own description of its API says otherwise:\n{said}")

    @property
    def url(self) -> str:
        """The URL of the API."""
        return self._door.url

    @property
    def checked_url(self) -> str:
        """The URL of the API behind Prism: a request or an answer against GitHub's schema fails the test at its end.

        The first use starts Prism; it skips the test where `.venv/contract` is not there (with CI=true: fails it).
        """
        if self._lens is None:
            from tests.support.github_server.prism import Lens

            self._lens = Lens(self._answered)
        return self._lens.url

    @property
    def violations(self) -> list[str]:
        """What Prism objected to so far; a test of a violation clears it."""
        return [] if self._lens is None else self._lens.violations

    @property
    def graphql_url(self) -> str:
        """The URL of the GraphQL API."""
        return f"{self.url}/graphql"

    @property
    def storage_url(self) -> str:
        """Where downloads lie: another host, which is never to see a token."""
        return self._storage.url

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse all connections for a while."""
        self._door.close()
        try:
            yield
        finally:
            self._door.open()

    # --- state ---

    def repository(self, full_name: str = "octo/shop") -> Repository:
        """A repository by its name; raises KeyError."""
        return self.world.repository(full_name)

    def new_repository(
        self, full_name: str, files: Mapping[str, Content] | None = None, *, private: bool = False
    ) -> Repository:
        """An empty repository, or one with these files on `main`."""
        owner, _, name = full_name.partition("/")
        made = Repository(self.world, self.world.user(owner), name, self.world.take_id(), Objects(), private=private)
        self.world.repositories[full_name.lower()] = made
        if files:
            made.commit("main", files, "Begin")
        return made

    def fork(self, parent: Repository, owner: str) -> Repository:
        """A fork with the branches of its parent."""
        heads = {ref: sha for ref, sha in parent.refs.items() if ref.startswith("refs/heads/")}
        made = replace(self.new_repository(f"{owner}/{parent.name}"), objects=parent.objects, parent=parent, refs=heads)
        self.world.repositories[made.full_name.lower()] = made
        return made

    def fault(self, method: str, path: str, what: What, nth: int = 1) -> Fault:
        """Plan a fault and return it; `fault.fired` tells how often it came."""
        made = Fault(method, path, what, nth)
        self.faults.append(made)
        return made

    # --- answers ---

    def answer(self, request: Request) -> Response:
        """The answer to a request, with faults; it is logged."""
        return self._answered(request)[0]

    def _answered(self, request: Request) -> tuple[Response, bool]:
        """The answer, and whether a fault made another of it than the true one."""
        fault = self._fault_of(request)
        account = bearer(self.world, request)
        truth: list[Response] = []

        def really() -> Response:
            with self._lock:
                truth.append(self._limited(request))
            return truth[-1]

        # Not under the lock: what happens in between may well be another client's requests.
        found = really() if fault is None else fault.what(request, really)
        label = "" if fault is None else fault.label
        with self._lock:
            self.log.entries.append(entry_of(request, found.status, account.user.login if account else None, label))
            return replace(found, headers={**self._standing(), **found.headers}), found not in truth

    def _fault_of(self, request: Request) -> Fault | None:
        with self._lock:
            # Every fault counts the request, whichever of them fires.
            hits = [fault for fault in self.faults if fault.meets(request)]
            return hits[0] if hits else None

    def _limited(self, request: Request) -> Response:
        if self._used() >= self.hourly_limit and request.path not in _FREE:
            return Refusal(403, "API rate limit exceeded for installation ID 1234.").response()
        return dispatch(self.world, request, self.storage_url, (self.hourly_limit, self._used(), self._reset()))

    def _used(self) -> int:
        return sum(entry.path not in _FREE for entry in self.log)

    @staticmethod
    def _reset() -> int:
        return int(time.time()) // 3600 * 3600 + 3600

    def _standing(self) -> dict[str, str]:
        used = min(self._used(), self.hourly_limit)
        return {
            "X-GitHub-Api-Version-Selected": VERSION,
            "X-GitHub-Request-Id": f"0000:{len(self.log):06d}",
            "X-RateLimit-Limit": str(self.hourly_limit),
            "X-RateLimit-Remaining": str(self.hourly_limit - used),
            "X-RateLimit-Reset": str(self._reset()),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Resource": "core",
        }

    def _stored(self, request: Request) -> Response:
        with self._lock:
            found = stored(self.world, request)
            self.storage_log.entries.append(entry_of(request, found.status, None, ""))
            return found
