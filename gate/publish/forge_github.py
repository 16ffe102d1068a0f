"""GitHub, by its REST and GraphQL APIs: the only importer of PyGithub and of requests.

PyGithub builds the requests. It does not send them: its own connection reads the environment for proxies and
certificates, sleeps by itself, follows redirections without the query, repeats a POST (2.10), and its exceptions carry
headers. `_Connection` takes its place, and is the one place that knows the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult, urlsplit

from gate import __version__
from gate.errors import UserError
from gate.publish.forge_addresses import certificates, checked, proxy_for
from gate.publish.forge_checks import Checks
from gate.publish.forge_comments import Comments
from gate.publish.forge_lookups import Lookups
from gate.publish.forge_part import Place
from gate.publish.forge_proposals import Proposals
from gate.publish.forge_runs import Runs
from gate.publish.forge_session import Session
from gate.publish.forge_wire import JSON_LIMIT, Answer, Ask, NoAnswer, same_origin
from gate.publish.forge_words import ForgeProblem, Trouble
from gate.settings import Secret

if TYPE_CHECKING:
    import requests
    from github.Requester import HTTPSRequestsConnectionClass

API_VERSION = "2022-11-28"
USER_AGENT = f"readiness-gate/{__version__}"
_CHUNK = 64 * 1024
_SHORTEST_TOKEN = 20
_PATIENCE = 8
"""How many time-outs an answer may take in all, however steadily it drips."""


def _silent(line: str) -> None:
    del line


class GitHub(Lookups, Checks, Comments, Runs, Proposals):
    """A repository on GitHub; implements gate.publish.forge.Forge.

    `network` names proxies and certificates as settings.read_network does; nothing else is read from the environment.
    `max_wait` bounds, in seconds, all waiting between tries in the life of the object; `timeout` the wait for a
    connection and for each part of an answer. `clock` returns seconds since 1970.

    Raises UserError for addresses that are no API's, and ForgeProblem for a repository or token that cannot be one.
    """

    def __init__(
        self,
        repository: str,
        token: Secret,
        *,
        api_url: str = "https://api.github.com",
        graphql_url: str = "https://api.github.com/graphql",
        network: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        log: Callable[[str], None] = _silent,
        max_wait: float = 120.0,
        timeout: float = 15.0,
    ) -> None:
        wire = _PyGithubWire(api_url, graphql_url, token, network or {}, timeout)
        session = Session(
            wire, clock=clock, sleep=sleep, log=lambda line: log(_without(token, line)), max_wait=max_wait
        )
        super().__init__(session, Place.of(repository))

    def __repr__(self) -> str:
        return f"GitHub({self.place.repository})"

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.session.requests


class _PyGithubWire:
    """Requests made by PyGithub and sent by a connection of our own."""

    def __init__(
        self, api_url: str, graphql_url: str, token: Secret, network: Mapping[str, str], timeout: float
    ) -> None:
        self.base = checked(api_url, "API").geturl()
        self.graphql = checked(graphql_url, "GraphQL API").geturl()
        if not same_origin(self.base, self.graphql):
            raise UserError(
                f"GitHub's two APIs are on different hosts, {self.base} and {self.graphql}; the token goes to one only."
            )
        import github  # takes a while: only who talks to GitHub waits for it

        self._connection = _Connection(urlsplit(self.base), token, network, timeout)
        self._requester = github.Github(
            base_url=self.base,
            user_agent=USER_AGENT,
            per_page=100,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester

    def send(self, ask: Ask) -> Answer:
        """Ask the API; see Wire."""
        headers = {"Accept": ask.accept, "X-GitHub-Api-Version": API_VERSION}
        connection = cast("HTTPSRequestsConnectionClass", self._connection)
        with self._connection.lock:
            self._requester.requestJson(ask.method, ask.url, headers=headers, input=ask.body, cnx=connection)
            return self._connection.answer()

    def fetch(self, url: str, limit: int) -> Answer:
        """Get a file without the token; see Wire."""
        target: SplitResult | None
        try:
            target = checked(url, "file")
        except UserError:
            target = None
        if target is None or (target.scheme != "https" and not self.base.startswith("http:")):
            raise NoAnswer("named an address of a file that is none", transient=False)
        with self._connection.lock:
            return self._connection.exchange("GET", target, None, {"User-Agent": USER_AGENT}, limit)


class _Connection:
    """What PyGithub takes for its connection. It is told of an empty success, so that it neither sleeps nor follows."""

    def __init__(self, origin: SplitResult, token: Secret, network: Mapping[str, str], timeout: float) -> None:
        import requests

        self.host = origin.hostname
        self.lock = Lock()
        self._origin = f"{origin.scheme}://{origin.netloc}"
        self._token = _sendable(token)
        self._network = network
        self._timeout = timeout
        self._answer: Answer | None = None
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, certificate or .netrc that somebody else put there
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.headers.clear()

    def request(self, verb: str, url: str, body: str | None, headers: dict[str, str], *_: object) -> None:
        """Send a request of PyGithub's and keep the answer; how PyGithub wants it does not matter. Raises NoAnswer."""
        self._answer = None
        answer = self.exchange(verb, urlsplit(f"{self._origin}{url}"), body, headers, JSON_LIMIT, authorized=True)
        if len(answer.data) > JSON_LIMIT:
            raise NoAnswer(f"answered with more than {JSON_LIMIT:,} bytes", transient=False)
        self._answer = _scrubbed(answer, self._token)

    def getresponse(self) -> SimpleNamespace:
        """Return an empty answer for PyGithub."""
        return SimpleNamespace(status=200, read=lambda: "", getheaders=tuple)

    def answer(self) -> Answer:
        """Return the answer to the last request."""
        if self._answer is None:
            raise AssertionError("PyGithub sent nothing")
        return self._answer

    def exchange(
        self,
        verb: str,
        target: SplitResult,
        body: str | None,
        headers: Mapping[str, str],
        limit: int,
        *,
        authorized: bool = False,
    ) -> Answer:
        """Send a request and read its answer, at most one byte more than `limit`. Raises NoAnswer.

        Raised outside of the handler: no exception of the library's, which holds the request with its headers, hangs on
        to ours. For the same reason the headers with the token are no variable of ours.
        """
        import requests

        lost: NoAnswer
        try:
            with self._session.request(
                verb,
                target.geturl(),
                data=body,
                headers={**headers, **self._authorization()} if authorized else headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                proxies=proxy_for(target, self._network),
                verify=certificates(self._network),
            ) as response:
                data = _body(response, limit, time.monotonic() + self._timeout * _PATIENCE)
                return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, data)
        except requests.RequestException as error:
            lost = _lost(error, self._timeout)
        except NoAnswer as error:
            lost = NoAnswer(error.reason, transient=error.transient)
        except (OSError, ValueError):  # certificates that are not there; a header that cannot be sent
            lost = NoAnswer(
                "could not be asked: the declared certificates or the request are not usable", transient=False
            )
        raise lost

    def _authorization(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip", "Authorization": f"Bearer {self._token.reveal()}"}


def _body(response: requests.Response, limit: int, deadline: float) -> bytes:
    """Read an answer's body, in time and up to a byte more than its limit.

    Read as it comes in: whoever asks for whole chunks waits for them as long as a byte drips before each time-out.
    """
    from urllib3.exceptions import HTTPError

    parts = bytearray()
    try:
        while len(parts) <= limit and (chunk := response.raw.read1(_CHUNK, decode_content=True)):
            parts += chunk
            if time.monotonic() > deadline:
                raise NoAnswer("took too long to finish its answer")
        return bytes(parts[: limit + 1])
    except HTTPError:
        pass
    raise NoAnswer("broke off in the middle of its answer")


def _lost(error: requests.RequestException, timeout: float) -> NoAnswer:
    """Word an error of the library's, of whose text nothing is used: it holds addresses and headers."""
    import requests

    match error:
        case requests.exceptions.SSLError():
            return NoAnswer("showed a certificate that is not trusted here", transient=False)
        case requests.exceptions.ProxyError():
            return NoAnswer("cannot be reached through the declared proxy")
        case requests.exceptions.ConnectTimeout():
            return NoAnswer(f"cannot be reached: no connection within {timeout:g} seconds")
        case requests.exceptions.Timeout():
            return NoAnswer(f"did not answer within {timeout:g} seconds")
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return NoAnswer("broke off in the middle of its answer")
        case requests.exceptions.ConnectionError():
            return NoAnswer("cannot be reached, or the connection broke off")
        case _:
            return NoAnswer("could not be asked: the request cannot be sent", transient=False)


def _sendable(token: Secret) -> Secret:
    """Return a token that can stand in a header. Raises ForgeProblem without showing it."""
    text = token.reveal()
    if not text:
        raise ForgeProblem(Trouble.UNAUTHENTICATED, "was not asked: there is no token; give one as the input `token`")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ForgeProblem(
            Trouble.UNAUTHENTICATED, "was not asked: the token holds white space or characters that no token has"
        )
    return token


def _without(token: Secret, text: str) -> str:
    """Return a text without our own token. GitHub's have 36 characters and more; a short one may stand in any word."""
    return text.replace(token.reveal(), "…") if len(token.reveal()) >= _SHORTEST_TOKEN else text


def _scrubbed(answer: Answer, token: Secret) -> Answer:
    """Return an answer; of an error, whose text is told on, without our own token, should it have been echoed."""
    if answer.status < 400:
        return answer
    text = _without(token, answer.data.decode("utf-8", "replace"))
    headers = {name: _without(token, value) for name, value in answer.headers.items()}
    return Answer(answer.status, headers, text.encode())
