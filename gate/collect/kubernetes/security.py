"""Security contexts as they take effect: the container's own setting, else that of its pod. Pure.

Source: Kubernetes API reference, SecurityContext and PodSecurityContext v1 core. `runAsUser`, `runAsNonRoot` and
`seccompProfile` are inherited; the rest belongs to containers alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from gate.collect.kubernetes.values import flag, known, whole, words
from gate.collect.manifests.objects import mapping, text
from gate.model.json import Json, JsonObject

_POD_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
_OLD_PROFILES = {"runtime/default": "RuntimeDefault", "docker/default": "RuntimeDefault", "unconfined": "Unconfined"}


def security_of(container: JsonObject, pod: JsonObject, annotations: Mapping[str, str]) -> JsonObject:
    """Return the security context of a container.

    A user of 0 is root whatever `runAsNonRoot` says (such a container never starts), any other user is not.
    """
    own, above = mapping(container.get("securityContext")), mapping(pod.get("securityContext"))
    user = whole(_inherited(own, above, "runAsUser"))
    non_root = flag(_inherited(own, above, "runAsNonRoot"))
    privileged = flag(own.get("privileged")) is True
    dropped, added = _capabilities(own)
    seccomp = "Unconfined" if privileged else _seccomp(own, above, text(container.get("name")) or "", annotations)
    return known(
        run_as_user=user,
        run_as_group=whole(_inherited(own, above, "runAsGroup")),
        run_as_non_root=user > 0 if user is not None else non_root is True,
        read_only_root_filesystem=flag(own.get("readOnlyRootFilesystem")) is True,
        drops_all="ALL" in dropped,
        dropped_capabilities=list(dropped),
        added_capabilities=list(added),
        allow_privilege_escalation=_may_escalate(own, added),
        privileged=privileged,
        seccomp=seccomp,
    )


def _inherited(own: JsonObject, above: JsonObject, key: str) -> Json:
    return above.get(key) if own.get(key) is None else own.get(key)


def _capabilities(own: JsonObject) -> tuple[list[str], list[str]]:
    """Return what is dropped and what is added, in capitals and without the prefix CAP_."""
    capabilities = mapping(own.get("capabilities"))
    return _plain(capabilities.get("drop")), _plain(capabilities.get("add"))


def _plain(value: Json) -> list[str]:
    return sorted({name.upper().removeprefix("CAP_") for name in words(value)})


def _may_escalate(own: JsonObject, added: list[str]) -> bool:
    """Whether a process may gain more than its parent has: by default, and always with full rights already."""
    if flag(own.get("privileged")) is True or {"SYS_ADMIN", "ALL"} & set(added):
        return True
    return flag(own.get("allowPrivilegeEscalation")) is not False


def _seccomp(own: JsonObject, above: JsonObject, name: str, annotations: Mapping[str, str]) -> str | None:
    for context in (own, above):
        profile = text(mapping(context.get("seccompProfile")).get("type"))
        if profile:
            return profile
    old = annotations.get(f"{_CONTAINER_SECCOMP}{name}") or annotations.get(_POD_SECCOMP)
    if old is None:
        return None
    return _OLD_PROFILES.get(old, "Localhost" if old.startswith("localhost/") else None)
