"""GitHub's own description of its API, cut to what the server knows: the whole of it takes Prism minutes to read."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

from tests.support.github_server import endpoints
from tests.support.github_server.routing import ROUTES
from tests.support.github_server.wire import Json

assert endpoints.ALL
NOT_DESCRIBED = {
    "/graphql": "GraphQL has a schema of its own",
    "/repositories/{repository_id}": "only the target of a renamed repository's redirect",
}
"""Endpoints of the server that GitHub's description does not hold, and why."""
EXCUSED = (
    ("GET", r"/pulls/\d+$", r"response\.body\.head\.(repo|user)", "null once a fork is deleted; `nullable` is missing"),
    ("PUT", r"/contents/", r"response\.body", "409 is `oneOf` two schemas that every error object fits"),
)
"""Method, path and place where the description itself is wrong, and how."""
DEPTH = 5
_SLASHES = {
    "/repos/{owner}/{repo}/contents/{path}": "path",
    "/repos/{owner}/{repo}/git/ref/{ref}": "ref",
    "/repos/{owner}/{repo}/git/refs/{ref}": "ref",
}
"""Paths whose last part may hold slashes (`x-multi-segment`): Prism knows no such thing, each depth is spelt out."""


def cut(source: Path, target: Path) -> None:
    """Write the paths that the server knows, with all that they refer to."""
    whole: Json = json.loads(source.read_text(encoding="utf-8"))
    kept: Json = {key: value for key, value in whole.items() if key in ("openapi", "info", "servers")}
    paths = whole["paths"]
    assert isinstance(paths, dict)
    chosen = {path: copy.deepcopy(paths[path]) for path in known_paths()}
    for path, name in _SLASHES.items():
        for depth in range(2, DEPTH + 1):
            chosen[path + "".join(f"/{{{name}{at}}}" for at in range(2, depth + 1))] = _deeper(
                chosen[path], name, depth
            )
    kept["paths"] = chosen
    kept["components"] = _referred(whole, chosen)
    target.write_text(json.dumps(kept), encoding="utf-8")


def known_paths() -> list[str]:
    """The paths of the server, but those that are not described."""
    return sorted({route.template for route in ROUTES} - NOT_DESCRIBED.keys())


def _deeper(path: Json, name: str, depth: int) -> Json:
    """The same operations with more parts in the path."""
    parts: list[Json] = [
        {"name": f"{name}{at}", "in": "path", "required": True, "schema": {"type": "string"}}
        for at in range(2, depth + 1)
    ]
    made = copy.deepcopy(path)
    for method, operation in made.items():
        if isinstance(operation, dict):
            operation["parameters"] = [*operation.get("parameters", []), *parts]
            operation["operationId"] = f"{operation.get('operationId', method)}-{depth}"
    return made


def _referred(whole: Json, paths: Json) -> Json:
    """The components that paths refer to, directly or not."""
    found: dict[str, Json] = {}
    waiting: list[object] = [paths]
    while waiting:
        for reference in re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', json.dumps(waiting.pop())):
            group, name = reference
            if name not in found.setdefault(group, {}):
                components = whole["components"]
                assert isinstance(components, dict)
                found[group][name] = components[group][name]
                waiting.append(found[group][name])
    return dict(found)
