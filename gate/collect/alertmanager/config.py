"""A configuration of Alertmanager: its receivers and the tree of its routes. Pure; input of any shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.collect.alertmanager.targets import Integration, Target, best, integrations, snake
from gate.collect.manifests.objects import mapping, mappings, text
from gate.collect.prometheus.selectors import Matcher
from gate.formats.located_yaml import line_of
from gate.model.json import Json, JsonObject

_MOST_ROUTES = 5_000
_DEEPEST = 50
_MATCHER = re.compile(
    r'^\s*(?P<name>"[^"]*"|[a-zA-Z_:][\w:.-]*)\s*(?P<operator>=~|!~|!=|=)\s*(?P<value>.*?)\s*$', re.DOTALL
)
_ESCAPED = re.compile(r'\\(["\\n])')
_NULL = frozenset({"null", "none", "blackhole", "devnull", "dev-null", "noop", "void", "empty", "drop", "silence"})


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver. `target` is the best of its integrations."""

    name: str
    line: int
    integrations: tuple[Integration, ...]

    @property
    def target(self) -> Target:
        """What it has to send to."""
        return best(list(self.integrations))

    @property
    def silent(self) -> bool:
        """Whether it is there to swallow alerts: no integration, and a name that says so."""
        return not self.integrations and self.name.strip().lower() in _NULL


@dataclass(frozen=True, slots=True)
class Route:
    """A route. `receiver` is its own or the one of the route above; `matchers` is None where one cannot be read."""

    receiver: str
    matchers: tuple[Matcher, ...] | None
    goes_on: bool
    routes: tuple[Route, ...]
    line: int
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertmanagerConfig:
    """A configuration. One that is an object of the operator may be `partial`: it sees the alerts of one namespace."""

    path: str
    line: int
    title: str
    value: JsonObject
    receivers: tuple[Receiver, ...]
    route: Route | None
    is_object: bool = False
    partial: bool = False
    inhibit_rules: int = 0
    time_intervals: int = 0
    templates: int = 0
    cut: bool = False

    def receiver(self, name: str) -> Receiver | None:
        """Return the receiver of a name."""
        return next((one for one in self.receivers if one.name == name), None)

    def routes(self) -> Iterator[Route]:
        """Yield the routes, the root first."""
        waiting = [self.route] if self.route is not None else []
        while waiting:
            route = waiting.pop()
            yield route
            waiting += reversed(route.routes)

    @property
    def undefined(self) -> list[tuple[str, int]]:
        """The receivers that routes name and that there are not, with the line of the route, each once."""
        known = {one.name for one in self.receivers}
        found = {route.receiver: route.line for route in reversed(list(self.routes())) if route.receiver not in known}
        return sorted(found.items(), key=lambda item: item[1])


def read_config(value: JsonObject, path: str, line: int, title: str, *, exact: bool = True) -> AlertmanagerConfig:
    """Return a configuration as Alertmanager reads it. Without `exact` every line is that of what carries the text."""
    every = mapping(value.get("global"))
    reading = _Reading(line, exact=exact, camel=False)
    return AlertmanagerConfig(
        path,
        line,
        title,
        value,
        reading.receivers(value, every),
        reading.route(value.get("route")),
        inhibit_rules=len(mappings(value.get("inhibit_rules"))),
        time_intervals=len(mappings(value.get("time_intervals")) + mappings(value.get("mute_time_intervals"))),
        templates=len(_list(value.get("templates"))),
        cut=reading.left < 0,
    )


def read_object(spec: JsonObject, path: str, line: int, title: str, *, exact: bool = True) -> AlertmanagerConfig:
    """Return the `spec` of an AlertmanagerConfig object, which spells what Alertmanager reads in camel case."""
    reading = _Reading(line, exact=exact, camel=True)
    # The operator's settings of mail and Slack that may be global stand in the Alertmanager object, out of sight.
    return AlertmanagerConfig(
        path,
        line,
        title,
        spec,
        reading.receivers(spec, {}),
        reading.route(spec.get("route")),
        is_object=True,
        partial=True,
        inhibit_rules=len(mappings(spec.get("inhibitRules"))),
        time_intervals=len(mappings(spec.get("muteTimeIntervals")) + mappings(spec.get("timeIntervals"))),
        cut=reading.left < 0,
    )


class _Reading:
    """Reads one configuration, within bounds."""

    def __init__(self, line: int, *, exact: bool, camel: bool) -> None:
        self._line = line
        self._exact = exact
        self._camel = camel
        self.left = _MOST_ROUTES

    def receivers(self, value: JsonObject, every: JsonObject) -> tuple[Receiver, ...]:
        return tuple(
            Receiver(text(one.get("name")) or "", self._at(one), tuple(integrations(one, every, camel=self._camel)))
            for one in mappings(value.get("receivers"))[:_MOST_ROUTES]
        )

    def route(self, value: Json, above: str = "", depth: int = 0) -> Route | None:
        self.left -= 1
        if not isinstance(value, dict) or self.left < 0 or depth > _DEEPEST:
            self.left = -1 if depth > _DEEPEST else self.left
            return None
        plain = {snake(key): item for key, item in value.items()} if self._camel else value
        receiver = text(plain.get("receiver")) or above
        below = (self.route(one, receiver, depth + 1) for one in mappings(plain.get("routes")))
        return Route(
            receiver,
            matchers_of(plain),
            plain.get("continue") is True,
            tuple(route for route in below if route is not None),
            self._at(value),
            tuple(item for item in _list(plain.get("group_by")) if isinstance(item, str)),
        )

    def _at(self, value: JsonObject) -> int:
        return line_of(value, self._line) if self._exact else self._line


def matchers_of(route: JsonObject) -> tuple[Matcher, ...] | None:
    """Return what a route matches, by `match`, `match_re` and `matchers`; None where one cannot be read."""
    found: list[Matcher] = []
    for key, operator in (("match", "="), ("match_re", "=~")):
        for name, value in mapping(route.get(key)).items():
            shown = text(value)
            if shown is None:
                return None
            found.append(Matcher(name, operator, shown))
    for item in _list(route.get("matchers")):
        parsed = _of_operator(item) if isinstance(item, dict) else parse_matchers(text(item) or "")
        if parsed is None:
            return None
        found += parsed
    return tuple(found)


def parse_matchers(written: str) -> list[Matcher] | None:
    """Return the matchers of a text: `severity="critical"`, `{a="b", c=~"d|e"}`; None for what is none."""
    inner = written.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    found = []
    for part in _parts(inner):
        if not part.strip():
            continue
        match = _MATCHER.match(part)
        value = None if match is None else _unquoted(match["value"])
        if match is None or value is None:
            return None
        found.append(Matcher(match["name"].strip('"'), match["operator"], value))
    return found


def _parts(written: str) -> Sequence[str]:
    """Return what stands between commas outside of quotes."""
    parts, start, quoted, escaped = [], 0, False, False
    for index, char in enumerate(written):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            parts.append(written[start:index])
            start = index + 1
    return [*parts, written[start:]]


def _unquoted(value: str) -> str | None:
    if not value.startswith('"'):
        return None if '"' in value else value
    if len(value) < 2 or not value.endswith('"'):
        return None
    return _ESCAPED.sub(lambda found: "\n" if found.group(1) == "n" else found.group(1), value[1:-1])


def _of_operator(item: JsonObject) -> list[Matcher] | None:
    """Return a matcher of the operator: {name, value, matchType, regex}."""
    name, value, kind = text(item.get("name")), text(item.get("value")) or "", text(item.get("matchType"))
    if not name or kind not in (None, "=", "!=", "=~", "!~", ""):
        return None
    return [Matcher(name, kind or ("=~" if item.get("regex") is True else "="), value)]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
