"""The account of a token, the rate limit, and the few words of GraphQL that the gate speaks."""

from __future__ import annotations

import re

from tests.support.github_server import shapes
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.state import Comment
from tests.support.github_server.wire import Json, Refusal, Response, as_json, not_accessible

_CLASSIFIERS = ("SPAM", "ABUSE", "OFF_TOPIC", "OUTDATED", "DUPLICATE", "RESOLVED")


@endpoint("GET", "/user")
def get_user(call: Call) -> Response:
    """A person's own account; an installation has none."""
    if call.token is None:
        raise Refusal(401, "Requires authentication")
    if call.token.kind == "installation":
        raise not_accessible()
    who = call.token.user
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    nothing = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
    times = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}
    return as_json({**shapes.user(call.at, who), **nothing, "blog": "", **counts, **times})


@endpoint("GET", "/rate_limit")
def rate_limit(call: Call) -> Response:
    limit, used, reset = call.standing
    core = {"limit": limit, "used": min(used, limit), "remaining": max(limit - used, 0), "reset": reset}
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": reset}
    graphql = {"limit": 5000, "used": 0, "remaining": 5000, "reset": reset}
    return as_json({"resources": {"core": core, "search": search, "graphql": graphql}, "rate": core})


@endpoint("POST", "/graphql")
def graphql(call: Call) -> Response:
    """`viewer {login databaseId}` and the mutation `minimizeComment`; errors come with status 200."""
    if call.token is None:
        raise Refusal(401, "This endpoint requires you to be authenticated.")
    body = call.request.document()
    query, variables = str(body.get("query", "")), body.get("variables") or {}
    assert isinstance(variables, dict)
    if "minimizeComment" in query:
        return as_json(_minimize(call, query, variables))
    if re.search(r"\bviewer\b", query):
        who = call.token.user
        asked = {"login": who.login, "databaseId": who.id, "id": f"U_{who.id}", "__typename": who.type}
        return as_json(
            {"data": {"viewer": {key: value for key, value in asked.items() if re.search(rf"\b{key}\b", query)}}}
        )
    return as_json({"errors": [{"type": "undefinedField", "message": "Field doesn't exist on type 'Query'"}]})


def _minimize(call: Call, query: str, variables: Json) -> Json:
    assert call.token is not None
    given = variables.get("input")
    named = given if isinstance(given, dict) else variables
    literal = re.search(r'subjectId:\s*"([^"]+)"', query)
    why = re.search(r"classifier:\s*([A-Z_]+)", query)
    # Whatever the variables are called, one of them is an id and one may be a classifier.
    values = [literal[1] if literal else "", *(str(value) for value in named.values())]
    classifier = next((value for value in values if value in _CLASSIFIERS), why[1] if why else "")
    comment = _comment(call, values)
    if comment is None:
        return _problem("NOT_FOUND", f"Could not resolve to a node with the global id of '{values[-1]}'.")
    if classifier not in _CLASSIFIERS:
        return _problem("INVALID", f"Argument 'classifier' on InputObject has an invalid value ({classifier}).")
    if not (call.token.may("issues", "write") or call.token.may("pull_requests", "write")):
        return _problem("FORBIDDEN", "Resource not accessible by integration")
    comment.minimized = classifier.lower()
    done = {"isMinimized": True, "minimizedReason": comment.minimized, "viewerCanMinimize": True}
    return {"data": {"minimizeComment": {"clientMutationId": None, "minimizedComment": done}}}


def _comment(call: Call, ids: list[str]) -> Comment | None:
    for repo in call.world.repositories.values():
        for comment in repo.comments.values():
            if comment.node_id in ids:
                return comment
    return None


def _problem(kind: str, message: str) -> Json:
    error = {"type": kind, "path": ["minimizeComment"], "message": message, "locations": [{"line": 1, "column": 1}]}
    return {"data": {"minimizeComment": None}, "errors": [error]}
