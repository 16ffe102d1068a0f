"""Which endpoint answers, and whether this token may: GitHub's 401, 403 and 404 in GitHub's order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.support.github_server.people import World
from tests.support.github_server.repository import Repository
from tests.support.github_server.state import CheckRun, Comment, Pull, Token, User
from tests.support.github_server.wire import (
    DOCUMENTATION,
    Refusal,
    Request,
    Response,
    decoded,
    not_accessible,
    not_found,
    number_of,
    redirect,
)

VERSION = "2022-11-28"
_NEVER_PUBLIC = {"administration", "security_events"}
"""Permissions without which even a public repository tells nothing."""


@dataclass(frozen=True)
class Call:
    """One request at its endpoint: decoded pieces of its path, and the hour's limit, use and reset as `standing`."""

    world: World
    request: Request
    token: Token | None
    parts: Mapping[str, str]
    found: Repository | None
    storage: str
    standing: tuple[int, int, int]

    @property
    def repo(self) -> Repository:
        """The repository that the path names."""
        assert self.found is not None
        return self.found

    @property
    def at(self) -> str:
        """The URL of the API, for the URLs in an answer."""
        return self.request.base

    @property
    def user(self) -> User:
        """Who asks; raises Refusal 401 for nobody."""
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        return self.token.user

    def number(self, name: str) -> int:
        """A number of the path; raises Refusal 404 for what is none."""
        return number_of(self.parts[name])

    def pull(self) -> Pull:
        """The pull request that the path names."""
        found = self.repo.pulls.get(self.number("pull_number"))
        if found is None:
            raise not_found()
        return found

    def issue(self) -> Pull:
        """The issue or pull request that the path names."""
        number = self.number("issue_number")
        found = self.repo.pulls.get(number) or self.repo.issues.get(number)
        if found is None:
            raise not_found()
        return found

    def comment(self) -> Comment:
        """The comment that the path names."""
        found = self.repo.comments.get(self.number("comment_id"))
        if found is None:
            raise not_found()
        return found

    def check(self) -> CheckRun:
        """The check run that the path names."""
        found = self.repo.checks.get(self.number("check_run_id"))
        if found is None:
            raise not_found()
        return found

    def commit(self, revision: str, status: int = 422) -> str:
        """The commit of a revision; raises Refusal as GitHub words it."""
        try:
            return self.repo.resolve(revision)
        except KeyError:
            raise Refusal(status, f"No commit found for SHA: {revision}") from None


Endpoint = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """An endpoint: the path as GitHub's description writes it, and `PERMISSION:LEVEL`, alternatives with `|`."""

    method: str
    template: str
    pattern: re.Pattern[str]
    needs: str
    answer: Endpoint


ROUTES: list[Route] = []
REST = {"path", "ref", "branch", "basehead", "tree_sha"}
"""Parts of a path that may hold slashes themselves."""


def endpoint(method: str, template: str, needs: str = "") -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint."""

    def keep(answer: Endpoint) -> Endpoint:
        part = r"\{(\w+)\}"
        pattern = re.sub(part, lambda one: f"(?P<{one[1]}>{'.+?' if one[1] in REST else '[^/]+'})", template)
        ROUTES.append(Route(method, template, re.compile(pattern), needs, answer))
        return answer

    return keep


def dispatch(world: World, request: Request, storage: str, standing: tuple[int, int, int]) -> Response:
    """The answer to a request, without faults; a mistake of the client becomes GitHub's error."""
    try:
        token = _authenticate(world, request)
        _check_headers(request)
        return _routed(world, request, token, storage, standing)
    except Refusal as refusal:
        return refusal.response()


def bearer(world: World, request: Request) -> Token | None:
    """The token that a request shows, if it is a good one."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    found = world.tokens.get(text.strip()) if scheme.lower() in ("bearer", "token") else None
    return None if found is None or found.expired else found


def _authenticate(world: World, request: Request) -> Token | None:
    if "authorization" not in request.headers:
        return None
    found = bearer(world, request)
    if found is None:
        raise Refusal(401, "Bad credentials")
    return found


def _check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise Refusal(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
            f"({DOCUMENTATION}/overview/resources-in-the-rest-api#user-agent-required).",
        )
    version = request.headers.get("x-github-api-version", VERSION)
    if version != VERSION:
        raise Refusal(400, f'"{version}" is not a supported version.')


def _by_name(world: World, request: Request) -> Request:
    """A request below /repositories/ID, where the redirect of a renamed repository leads, as one by the name."""
    match = re.match(r"/repositories/([0-9]+)(?=/)", request.target)
    found = match and next((one for one in world.repositories.values() if one.id == int(match[1])), None)
    if match is None or found is None:
        return request
    return replace(request, target=f"/repos/{found.full_name}{request.target[match.end() :]}")


def _routed(
    world: World, request: Request, token: Token | None, storage: str, standing: tuple[int, int, int]
) -> Response:
    request = _by_name(world, request)
    # A template without parts that may hold slashes is the closer one; then the longer template.
    fitting = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(request.path))]
    fitting.sort(key=lambda pair: (any(f"{{{name}}}" in pair[0].template for name in REST), -len(pair[0].template)))
    for route, match in fitting:
        if route.method == request.method:
            parts = {name: decoded(value) for name, value in match.groupdict().items()}
            found = _repository(world, request, token, parts) if "owner" in parts else None
            if isinstance(found, Response):
                return found
            call = Call(world, request, token, parts, found, storage, standing)
            _check_permission(call, route)
            return route.answer(call)
    raise not_found()


def _repository(world: World, request: Request, token: Token | None, parts: Mapping[str, str]) -> Repository | Response:
    name = f"{parts['owner']}/{parts['repo']}".lower()
    found = world.repositories.get(name)
    if found is None and name in world.moved:
        id_ = world.moved[name]
        prefix = f"/repos/{parts['owner']}/{parts['repo']}"
        rest = request.target[request.target.index("/repos/") :].removeprefix(prefix)
        return redirect(301 if request.method == "GET" else 307, f"{request.base}/repositories/{id_}{rest}")
    if found is None or not _visible(found, token):
        raise not_found()
    return found


def _visible(repository: Repository, token: Token | None) -> bool:
    if not repository.private:
        return True
    if token is None:
        return False
    if token.only is not None and repository.full_name.lower() not in token.only:
        return False
    known = repository.owner.login == token.user.login or token.user.login.lower() in repository.collaborators
    return token.app is not None or known


def _check_permission(call: Call, route: Route) -> None:
    if not route.needs:
        return
    token, repository = call.token, call.found
    wanted = [item.split(":") for item in route.needs.split("|")]
    reading = all(level == "read" for _, level in wanted)
    if reading and repository is not None and not repository.private and wanted[0][0] not in _NEVER_PUBLIC:
        return
    if token is None:
        raise Refusal(401, "Requires authentication")
    inside = token.only is None or repository is None or repository.full_name.lower() in token.only
    if inside and any(token.may(permission, level) for permission, level in wanted):
        return
    needs = "; ".join(f"{permission}={level}" for permission, level in wanted)
    if token.kind == "classic":
        raise not_found()
    raise not_accessible(needs, "integration" if token.kind == "installation" else "personal access token")
