"""The containers of workloads, each with all that is known of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.image_name import image_name
from gate.collect.kubernetes.environment import Environment, environment_of, volumes_into
from gate.collect.kubernetes.probes import are_alike, is_too_eager, ports_of, probes_of, undeclared_ports
from gate.collect.kubernetes.security import security_of
from gate.collect.kubernetes.values import amount, count, known, shown
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import Origin, mapping, mappings, text
from gate.formats.located_yaml import line_of
from gate.model.json import Json, JsonObject

_SLEEP = re.compile(r"(?:^|[\s;&|/])sleep\s+(\d{1,9}(?:\.\d{1,6})?)s?(?=$|[\s;&|\"'])")
_AMOUNTS = {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "ephemeral_storage"}


@dataclass(frozen=True, slots=True)
class Container:
    """A container: `facts` are those of the list `containers`, `environment` what it is given."""

    workload: Workload
    facts: JsonObject
    environment: Environment

    @property
    def ordinary(self) -> bool:
        """Whether it runs beside the others, and not before or for them."""
        return self.facts["type"] == "ordinary"


def containers_of(workload: Workload) -> list[Container]:
    """Return the containers of a workload, in the order of the manifest."""
    return [_container(workload, written, type_) for written, type_ in _written(workload.pod)]


def ports_of_pod(workload: Workload) -> list[JsonObject]:
    """Return the ports that the containers of its pods declare, those that end before the pod is ready left out."""
    return [port for written, type_ in _written(workload.pod) if type_ != "init" for port in ports_of(written)]


def requests_of_pod(workload: Workload) -> Iterator[tuple[str, JsonObject]]:
    """Yield each container that runs beside others by name, with what it asks for; a limit alone is a request too."""
    for written, type_ in _written(workload.pod):
        if type_ in ("ordinary", "sidecar"):
            yield _name(written), mapping(_resources(written)["effective_requests"])


def _name(written: JsonObject) -> str:
    return shown(text(written.get("name")) or "(without a name)")


def _written(pod: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    for written in mappings(pod.get("initContainers")):
        yield written, "sidecar" if text(written.get("restartPolicy")) == "Always" else "init"
    for written in mappings(pod.get("containers")):
        yield written, "ordinary"
    for written in mappings(pod.get("ephemeralContainers")):
        yield written, "ephemeral"


def _container(workload: Workload, written: JsonObject, type_: str) -> Container:
    one = workload.source_object
    line = line_of(written, one.line) if one.origin is Origin.FILE else one.line
    environment = environment_of(written)
    volumes_into(environment, workload.pod, written)
    facts = place(one) | {"line": line, "container": _name(written)}
    facts |= {"type": type_, "long_running": workload.long_running and type_ in ("ordinary", "sidecar")}
    facts |= _image(written) | _probes(written) | _resources(written)
    facts |= security_of(written, workload.pod, workload.annotations)
    facts |= _lifecycle(written, workload.pod)
    facts["secrets"] = list(environment.secrets)
    facts["config_maps"] = list(environment.config_maps)
    facts["literal_secrets"] = list(environment.literal_secrets)
    return Container(workload, facts, environment)


def _image(written: JsonObject) -> JsonObject:
    name = text(written.get("image")) or ""
    parts = image_name(name)
    policy = text(written.get("imagePullPolicy"))
    if parts is None:
        return known(image=shown(name), pull_policy=policy)
    return parts.facts() | {"image": shown(name)} | known(pull_policy=policy)


def _probes(written: JsonObject) -> JsonObject:
    probes, ports = probes_of(written), ports_of(written)
    undeclared: list[Json] = [*undeclared_ports(probes, ports)]
    listed: list[Json] = [*ports]
    facts: JsonObject = {"probes": probes, "ports": listed, "undeclared_probe_ports": undeclared}
    return facts | known(probes_alike=are_alike(probes), liveness_too_eager=is_too_eager(probes))


def _resources(written: JsonObject) -> JsonObject:
    resources = mapping(written.get("resources"))
    limits = _amounts(resources.get("limits"))
    requests = _amounts(resources.get("requests"))
    # What has a limit and no request asks for its limit (Kubernetes, "Resource Management for Pods and Containers").
    effective = limits | requests
    facts: JsonObject = {"requests": requests, "effective_requests": effective, "limits": limits}
    least, most = effective.get("memory"), limits.get("memory")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > 0:
        facts["memory_limit_ratio"] = round(most / least, 3)
    return facts


def _amounts(value: Json) -> JsonObject:
    written = mapping(value)
    return known(**{name: amount(written.get(key)) for key, name in _AMOUNTS.items()})


def _lifecycle(written: JsonObject, pod: JsonObject) -> JsonObject:
    grace = count(pod.get("terminationGracePeriodSeconds"), 30)
    hook = mapping(mapping(written.get("lifecycle")).get("preStop"))
    if not hook:
        return {"grace_seconds": grace, "pre_stop": False}
    seconds = _sleeps(hook)
    fits = None if seconds is None else seconds < grace
    return {"grace_seconds": grace, "pre_stop": True} | known(pre_stop_seconds=seconds, pre_stop_fits=fits)


def _sleeps(hook: JsonObject) -> int | float | None:
    """Return how long a preStop hook sleeps, as far as its text tells."""
    seconds = mapping(hook.get("sleep")).get("seconds")
    if isinstance(seconds, int) and not isinstance(seconds, bool):
        return max(0, seconds)
    command = mapping(hook.get("exec")).get("command")
    parts = [text(part) or "" for part in command] if isinstance(command, list) else []
    found = _SLEEP.findall(" ".join(parts)[:10_000])
    return sum(map(float, found)) if found else None
