"""What a service may do to the machine that it runs on. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from gate.collect.manifests.objects import mapping, text
from gate.model.json import Json, JsonObject

_ON = frozenset({"true", "yes", "on", "y", "1", "t"})
"""Texts that Compose takes for true where it wants a boolean, without regard to case."""
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock")
_HOLDS_SOCKET = frozenset({"/", "/var", "/run", "/var/run", "/run/podman", "/run/containerd", "/var/run/podman"})
"""Folders of the machine in which those sockets lie."""
_CAPABILITIES = frozenset(
    {"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_BOOT", "DAC_READ_SEARCH", "BPF", "MAC_ADMIN"}
)
"""Those with which a process can leave its container, or rule the machine (capabilities(7))."""
_MACHINE = frozenset({"/", "/dev", "/etc", "/proc", "/root", "/sys", "/boot"})
"""Folders of the machine that whoever can write to them rules it with."""
_NAMESPACES = ("network_mode", "pid", "ipc", "userns_mode", "uts", "cgroup")


def is_on(value: Json) -> bool | None:
    """Return whether a switch is on; None for a variable that is set where the services are started."""
    if isinstance(value, str):
        return None if "$" in value else value.strip().lower() in _ON
    return value is True or value == 1


def is_privileged(body: JsonObject) -> bool | None:
    """Return whether a service is privileged, itself or in its build; None where a variable decides."""
    found = [is_on(body.get("privileged")), is_on(mapping(body.get("build")).get("privileged"))]
    return True if True in found else None if None in found else False


def powers(body: JsonObject) -> Iterator[str]:
    """Yield what of a service rules the machine, as it is written: "privileged", "cap_add SYS_ADMIN"."""
    privileged = is_privileged(body)
    if privileged is not False:
        yield "privileged" if privileged else "privileged by a variable"
    for capability in _texts(body.get("cap_add")):
        if capability.upper().removeprefix("CAP_") in _CAPABILITIES:
            yield f"cap_add {capability.upper().removeprefix('CAP_')}"
    for source in _sources(body):
        if source in _MACHINE:
            yield f"the mount of {source}"
    for device in _texts(body.get("devices")):
        if device.startswith(("/dev/mem", "/dev/kmem", "/dev/sd", "/dev/nvme", "/dev/vd", "/dev/disk")):
            yield f"the device {device.partition(':')[0][:60]}"
    for option in _texts(body.get("security_opt")):
        if option.replace("=", ":").endswith(":unconfined"):
            yield f"security_opt {option[:60]}"


def has_socket(body: JsonObject) -> bool:
    """Whether the socket of the container engine can be reached in a service."""
    sources = list(_sources(body))
    return any(source.endswith(_SOCKETS) or source in _HOLDS_SOCKET for source in sources)


def host_namespaces(body: JsonObject) -> Iterator[str]:
    """Yield the keys with which a service takes a namespace of the machine for its own."""
    for key in _NAMESPACES:
        if body.get(key) == "host":
            yield key


def _sources(body: JsonObject) -> Iterator[str]:
    """Yield the paths of the machine that are mounted."""
    volumes = body.get("volumes")
    for volume in volumes if isinstance(volumes, list) else ():
        source = text(mapping(volume).get("source")) if isinstance(volume, dict) else _head(volume)
        if source and source.startswith("/"):
            yield posixpath.normpath("/" + source.lstrip("/"))
        elif source and source.endswith(_SOCKETS):
            yield source


def _head(volume: Json) -> str:
    return volume.partition(":")[0] if isinstance(volume, str) and ":" in volume else ""


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
