"""Where an alert goes: the tree of routes, walked as Alertmanager walks it. Pure.

Of an alert only the labels that its rule sets are known; those of the series come to it when it fires. So a matcher on
another label may hold or not. `sure` walks with such labels absent, as `amtool config routes test` would with the
labels that a person gives; `possible` takes whatever could match as matching, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gate.collect.alertmanager.config import AlertmanagerConfig, Receiver, Route
from gate.collect.alertmanager.targets import Target
from gate.collect.prometheus.selectors import Matcher


@dataclass(frozen=True, slots=True)
class Routed:
    """The receivers of an alert: those that it reaches with the labels of its rule alone, and those it may reach."""

    sure: tuple[str, ...]
    possible: tuple[str, ...]
    readable: bool = True

    def reaches(self, config: AlertmanagerConfig, types: frozenset[str] | None = None) -> bool | None:
        """Whether the alert comes to somebody: None where that hangs on a label, a placeholder or what is not read."""
        sure = [_delivers(config.receiver(name), types) for name in self.sure]
        if any(each is True for each in sure):
            return True
        rest = [_delivers(config.receiver(name), types) for name in self.possible]
        if not self.readable or any(each is not False for each in (*sure, *rest)):
            return None
        return False


def route_alert(config: AlertmanagerConfig, labels: Mapping[str, str]) -> Routed:
    """Return where an alert with these labels goes. A value with a template in it is not known before it fires."""
    if config.route is None:
        return Routed((), (), readable=not config.cut)
    known = {name: value for name, value in labels.items() if "{{" not in value}
    sure = _walk(config.route, known, any_label=False)
    possible = _walk(config.route, known, any_label=True)
    readable = not config.cut and all(route.matchers is not None for route in config.routes())
    return Routed(tuple(dict.fromkeys(sure)), tuple(dict.fromkeys(possible)), readable)


def _walk(route: Route, labels: Mapping[str, str], *, any_label: bool) -> list[str]:
    """Return the receivers below a route that matches: its own where no route below it does."""
    found: list[str] = []
    surely_stopped = False
    for below in route.routes:
        matched = _matches(below.matchers, labels, any_label=any_label)
        if matched is False:
            continue
        found += _walk(below, labels, any_label=any_label)
        if matched is True and not below.goes_on:
            surely_stopped = True
            break
        surely_stopped = surely_stopped or matched is True
    if not found or (any_label and not surely_stopped):
        found.append(route.receiver)
    return found


def _matches(matchers: Sequence[Matcher] | None, labels: Mapping[str, str], *, any_label: bool) -> bool | None:
    """Whether a route matches; None where that hangs on what is not known, which counts only with `any_label`."""
    if matchers is None:
        return None if any_label else False
    open_ = False
    for matcher in matchers:
        if any_label and matcher.label not in labels:
            open_ = True
            continue
        allowed = matcher.allows(labels.get(matcher.label, ""))
        if allowed is False:
            return False
        if allowed is None:
            if not any_label:
                return False
            open_ = True
    return None if open_ else True


def _delivers(receiver: Receiver | None, types: frozenset[str] | None) -> bool | None:
    """Whether a receiver has a target (of these types); None where it is a placeholder."""
    if receiver is None:
        return False
    found = [one.target for one in receiver.integrations if types is None or one.type in types]
    if Target.REAL in found:
        return True
    return None if Target.OPEN in found else False
