"""Probes of containers, with the numbers that the API server fills in. Pure.

Source: Kubernetes API reference, Probe v1 core: initialDelaySeconds 0, timeoutSeconds 1, periodSeconds 10,
successThreshold 1, failureThreshold 3; path of httpGet "/".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.collect.kubernetes.values import count, known, shown, whole
from gate.collect.manifests.objects import mapping, text
from gate.model.json import Json, JsonObject

PROBES = ("liveness", "readiness", "startup")
_HANDLERS = {"httpGet": "http", "tcpSocket": "tcp", "exec": "exec", "grpc": "grpc"}
_SAME = ("handler", "path", "port", "command")
_SHELLS = re.compile(r"^(?:\S*/)?(?:ba|da|a|k|z)?sh\s+(?:-\w+\s+)*-\w*c\s+")
_IDLE = re.compile(r"^(?:(?:\S*/)?true|:|exit(?: 0)?|(?:\S*/)?(?:echo|printf|sleep)\b[^;&|]*)$")
"""Commands that succeed whatever the container does."""
_FORGIVEN = re.compile(r"(?:\|\||;)\s*(?:(?:\S*/)?true|:|exit 0|echo\b[^;&|]*)$")
"""What lets any command before it succeed."""
_OWN_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0"})  # noqa: S104


def probes_of(container: JsonObject) -> JsonObject:
    """Return the probes of a container by name. One that asks nothing, which the API server refuses, is none."""
    found = {name: probe(container.get(f"{name}Probe")) for name in PROBES}
    return {name: value for name, value in found.items() if value is not None}


def probe(value: Json) -> JsonObject | None:
    """Return what a probe asks and how often, all times in seconds; None for one that asks nothing."""
    written = mapping(value)
    asked = _handler(written)
    if asked is None:
        return None
    period = max(1, count(written.get("periodSeconds"), 10))
    failures = max(1, count(written.get("failureThreshold"), 3))
    delay = count(written.get("initialDelaySeconds"), 0)
    return (
        asked
        | known(pointless=_pointless(written, asked))
        | {
            "initial_delay_seconds": delay,
            "timeout_seconds": max(1, count(written.get("timeoutSeconds"), 1)),
            "period_seconds": period,
            "success_threshold": max(1, count(written.get("successThreshold"), 1)),
            "failure_threshold": failures,
            "gives_up_after_seconds": period * failures,
        }
    )


def _handler(written: JsonObject) -> JsonObject | None:
    for key, name in _HANDLERS.items():
        inner = written.get(key)
        if not isinstance(inner, dict):
            continue
        if name == "exec":
            command = inner.get("command")
            parts = [text(part) or "" for part in command] if isinstance(command, list) else []
            return {"handler": name, "path": "", "command": shown(" ".join(parts))} if parts else None
        port = inner.get("port")
        if not isinstance(port, str | int) or isinstance(port, bool) or port == "":
            return None
        path = (text(inner.get("path")) or "/") if name == "http" else ""
        return {"handler": name, "path": shown(path), "port": shown(str(port))}
    return None


def _pointless(written: JsonObject, asked: JsonObject) -> str | None:
    """Return why a probe tells nothing of its container, as the end of "a probe that …"; None for one that may."""
    if asked["handler"] == "exec":
        command = _SHELLS.sub("", str(asked["command"])).strip().rstrip(";").strip()
        idle = _IDLE.search(command) or _FORGIVEN.search(command)
        return f"runs {asked['command']}, which always succeeds" if idle else None
    inner = mapping(written.get("httpGet") or written.get("tcpSocket"))
    host = (text(inner.get("host")) or "").lower()
    return None if host in _OWN_HOSTS else shown(f"asks {host} in place of the container")


def are_alike(probes: JsonObject) -> bool | None:
    """Whether the liveness probe asks the same as the readiness probe; None where there are not both."""
    liveness, readiness = probes.get("liveness"), probes.get("readiness")
    if not isinstance(liveness, dict) or not isinstance(readiness, dict):
        return None
    return all(liveness.get(key) == readiness.get(key) for key in _SAME)


def is_too_eager(probes: JsonObject) -> bool | None:
    """Whether liveness asks the same as readiness and gives up no later: then pods are killed, not taken out.

    None where there are not both.
    """
    alike = are_alike(probes)
    if alike is None:
        return None
    return alike and _gives_up(probes["liveness"]) <= _gives_up(probes["readiness"])


def undeclared_ports(probes: JsonObject, ports: Sequence[JsonObject]) -> list[str]:
    """Return "liveness 8081" for each probe of a port that the container does not declare, by number or name.

    Probes speak TCP, so that a port of another protocol is another port.
    """
    speaking = [port for port in ports if port["protocol"] == "TCP"]
    declared = {str(port[key]) for port in speaking for key in ("number", "name") if key in port}
    found = []
    for name, value in probes.items():
        port = value.get("port") if isinstance(value, dict) else None
        if isinstance(port, str) and port not in declared:
            found.append(f"{name} {port}")
    return found


def ports_of(container: JsonObject) -> list[JsonObject]:
    """Return the ports that a container declares."""
    listed = container.get("ports")
    found = []
    for port in listed if isinstance(listed, list) else ():
        written = mapping(port)
        number = whole(written.get("containerPort"))
        if number is not None and 0 < number < 65536:
            protocol = text(written.get("protocol")) or "TCP"
            found.append(known(name=text(written.get("name")), number=number, protocol=protocol))
    return found


def _gives_up(value: Json) -> int:
    probe_ = mapping(value)
    return count(probe_.get("initial_delay_seconds"), 0) + count(probe_.get("gives_up_after_seconds"), 0)
