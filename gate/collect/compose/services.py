"""What is told of each service of a project. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gate.collect.compose.merge import as_mapping
from gate.collect.compose.powers import has_socket, host_namespaces, is_on, is_privileged, powers
from gate.collect.compose.project import Placed, Project
from gate.collect.compose.secrets import literal_secrets
from gate.collect.compose.units import number, seconds, size
from gate.collect.health_command import script_cannot_fail, words_cannot_fail
from gate.collect.image_name import image_name
from gate.collect.manifests.objects import mapping, text
from gate.formats.located_yaml import line_of
from gate.model.json import Json, JsonObject

_HEALTH_DEFAULTS: dict[str, float] = {"interval": 30, "timeout": 30, "retries": 3, "start_period": 0}
"""Of the Compose Specification, which has those of a Dockerfile's HEALTHCHECK."""


def service_facts(project: Project, name: str, placed: Placed, secrets: Iterable[str] = ()) -> JsonObject:
    """Return one service as an item of the facts; see schemas/evidence/compose.schema.json.

    `secrets` are those that stand in files of the tree which it reads.
    """
    body = placed.body
    environment = as_mapping(body.get("environment"))
    item: JsonObject = {
        "name": name,
        "project": project.name,
        "path": placed.path,
        "line": line_of(body),
        "profiles": _texts(body.get("profiles")),
        "built": "build" in body,
        "networks": [*sorted(as_mapping(body.get("networks")))],
        "volumes": [_volume(volume) for volume in _list(body.get("volumes"))],
        "ports": [_port(port) for port in _list(body.get("ports"))],
        "environment": [*sorted(environment)],
        "literal_secrets": [*sorted({*literal_secrets(body), *secrets})],
        "secrets": [text(mapping(each).get("source")) or text(each) or "" for each in _list(body.get("secrets"))],
        "depends_on": [*sorted(as_mapping(body.get("depends_on")))],
        "waits_for_health": [*sorted(_waits_for(body))],
        "cap_add": _texts(body.get("cap_add")),
        "cap_drop": _texts(body.get("cap_drop")),
        "powers": [*dict.fromkeys(powers(body))],
        "read_only": body.get("read_only") is True,
        "no_new_privileges": _no_new_privileges(body),
        "docker_socket": has_socket(body),
        "host_namespaces": [*sorted(host_namespaces(body))],
        "env_file": bool(body.get("env_file")),
    }
    item |= _image(body) | _limits(body) | _optional(body)
    health = _health(body.get("healthcheck"))
    return item if health is None else item | {"healthcheck": health}


def _optional(body: JsonObject) -> JsonObject:
    """Return what is left out where the service does not say it, or only a variable does."""
    deploy = mapping(body.get("deploy"))
    found: JsonObject = {}
    privileged = is_privileged(body)
    if privileged is not None:
        found["privileged"] = privileged
    restart = text(body.get("restart")) or text(mapping(deploy.get("restart_policy")).get("condition"))
    if restart is not None:
        found["restart"] = restart
    user = text(body.get("user"))
    if user is not None:
        found["user"] = user
        if "$" not in user:
            found["non_root"] = user.partition(":")[0] not in ("", "0", "root")
    driver = text(mapping(body.get("logging")).get("driver"))
    if driver is not None:
        found["logging"] = driver
    replicas = number(deploy.get("replicas", body.get("scale")))
    if replicas is not None:
        found["replicas"] = int(replicas)
    grace = seconds(body.get("stop_grace_period"))
    if grace is not None:
        found["grace_seconds"] = grace
    return found


def _image(body: JsonObject) -> JsonObject:
    """Return the parts of the image's name; `latest` and `pinned` only where the name is known."""
    named = text(body.get("image"))
    if not named:
        return {}
    parts = image_name(named)
    return {"image": {"unset": named}} if parts is None else {"image": parts.facts()}


def _limits(body: JsonObject) -> JsonObject:
    """Return limits and reservations: cores and bytes."""
    resources = mapping(mapping(body.get("deploy")).get("resources"))
    limits, reserved = mapping(resources.get("limits")), mapping(resources.get("reservations"))
    return {
        name: found
        for name, found in (
            ("limits", _resources(limits.get("cpus", body.get("cpus")), limits.get("memory", body.get("mem_limit")))),
            ("reservations", _resources(reserved.get("cpus"), reserved.get("memory", body.get("mem_reservation")))),
        )
        if found
    }


def _resources(cpus: Json, memory: Json) -> JsonObject:
    found: JsonObject = {}
    cores, size_ = number(cpus), size(memory)
    # Nothing or zero is no limit (Docker's own reading of `--cpus 0` and `--memory 0`).
    if cores:
        found["cpu"] = cores
    if size_:
        found["memory"] = size_
    return found


def _health(value: Json) -> JsonObject | None:
    """Return a health check that is in force with its numbers in seconds; None for none."""
    if not isinstance(value, dict) or is_on(value.get("disable")) is True:
        return None
    test = value.get("test")
    words = [test] if isinstance(test, str) else [str(word) for word in test] if isinstance(test, list) else []
    if not words or words[0] == "NONE" or not "".join(words[1:] if words[0] in ("CMD", "CMD-SHELL") else words).strip():
        return None
    found: JsonObject = {"test": " ".join(words)[:500], "tests_nothing": _tests_nothing(words)}
    for name, default in _HEALTH_DEFAULTS.items():
        given = number(value.get(name)) if name == "retries" else seconds(value.get(name))
        key = name if name == "retries" else f"{name}_seconds"
        if name not in value:
            found[key] = default
        elif given is not None:
            found[key] = given
    return found


def _tests_nothing(words: list[str]) -> bool:
    """Whether a test can only succeed. A text alone, and what follows CMD-SHELL, is for a shell."""
    if words[0] == "CMD":
        return words_cannot_fail(words[1:])
    return script_cannot_fail(" ".join(words[1:] if words[0] == "CMD-SHELL" else words))


def _waits_for(body: JsonObject) -> Iterator[str]:
    for name, how in mapping(body.get("depends_on")).items():
        if mapping(how).get("condition") in ("service_healthy", "service_completed_successfully"):
            yield name


def _no_new_privileges(body: JsonObject) -> bool:
    wanted = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
    return any(option in wanted for option in _texts(body.get("security_opt")))


def _volume(value: Json) -> JsonObject:
    if isinstance(value, dict):
        kind = text(value.get("type")) or "volume"
        return {"type": kind, "source": text(value.get("source")) or "", "target": text(value.get("target")) or ""}
    source, colon, rest = str(value).partition(":")
    if not colon:
        return {"type": "volume", "source": "", "target": source}
    kind = "bind" if source.startswith((".", "/", "~")) or "$" in source else "volume"
    return {"type": kind, "source": source, "target": rest.partition(":")[0]}


def _port(value: Json) -> JsonObject:
    """Return where a port is published; without an address it is on all of the machine's."""
    if isinstance(value, dict):
        host, published = text(value.get("host_ip")) or "", text(value.get("published")) or ""
        return {"host": host, "published": published, "target": text(value.get("target")) or ""}
    plain = str(value).partition("/")[0]
    head, _, target = plain.rpartition(":")
    host, _, published = head.rpartition(":")
    return {"host": host, "published": published, "target": target}


def problems_of(project: Project) -> Iterator[tuple[str, int, str]]:
    """Yield (path, line, text) for what `docker compose config` refuses."""
    yield from project.problems
    for name, placed in project.services.items():
        body, line = placed.body, line_of(placed.body)
        test = mapping(body.get("healthcheck")).get("test")
        if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
            yield placed.path, line, f"the health check of {name} begins with none of CMD, CMD-SHELL and NONE"
        if not ({"image", "build", "provider"} & body.keys()):
            yield placed.path, line, f"the service {name} has neither an image nor a build"
        for other in as_mapping(body.get("depends_on")):
            if other not in project.services:
                yield placed.path, line, f"the service {name} depends on {other}, which there is not"
        for network in as_mapping(body.get("networks")):
            if network != "default" and network not in project.sections["networks"]:
                yield placed.path, line, f"the service {name} is in the network {network}, which is not declared"
        for volume in map(_volume, _list(body.get("volumes"))):
            source = str(volume["source"])
            if volume["type"] == "volume" and source and source not in project.sections["volumes"]:
                yield placed.path, line, f"the service {name} uses the volume {source}, which is not declared"


def unknown_images(project: Project) -> Iterator[tuple[str, int, str]]:
    """Yield (path, line, text) for images whose name is only known where the services are started."""
    for name, placed in project.services.items():
        named = text(placed.body.get("image"))
        if named and image_name(named) is None:
            line = line_of(placed.body)
            why = "is only known where the services are started" if "$" in named else "is no name of an image"
            yield placed.path, line, f"the image of {name}, {named[:120]}, {why}"


def unknown_privileges(project: Project) -> Iterator[tuple[str, int, str]]:
    """Yield (path, line, text) for services that a variable makes privileged, or not."""
    for name, placed in project.services.items():
        if is_privileged(placed.body) is None:
            reason = f"whether {name} is privileged is only known where the services are started"
            yield placed.path, line_of(placed.body), reason


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _texts(value: Json) -> list[Json]:
    found: list[Json] = [item for item in _list(value) if isinstance(item, str)]
    return found
