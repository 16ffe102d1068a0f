"""The name of a container image, as Docker reads it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.model.json import JsonObject

_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_UNKNOWN = re.compile(r"[${}]")
DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class ImageName:
    """`registry/repository:tag@digest` (https://github.com/distribution/reference).

    `registry` is docker.io where the name has none, and official images of it have `library/` before their name. `tag`
    and `digest` are None where the name has none.
    """

    name: str
    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def latest(self) -> bool:
        """Whether the name means whatever is newest: no tag, or `latest`, and no digest."""
        return self.digest is None and self.tag in (None, "latest")

    def facts(self) -> JsonObject:
        """The parts for a document of facts; what the name does not have is left out."""
        parts: JsonObject = {"image": self.name, "registry": self.registry, "repository": self.repository}
        if self.tag is not None:
            parts["tag"] = self.tag
        if self.digest is not None:
            parts["digest"] = self.digest
        return parts | {"latest": self.latest, "pinned": self.digest is not None}


def image_name(text: str) -> ImageName | None:
    """Return the parts of a name, None for one with a variable in it, or that no image can have."""
    if not text or _UNKNOWN.search(text) or any(char.isspace() for char in text):
        return None
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return None
    head, slash, last = rest.rpartition("/")
    name, colon, tag = last.partition(":")
    if not name or (colon and not tag):
        return None
    path = f"{head}{slash}{name}"
    first, _, below = path.partition("/")
    if below and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, below
    else:
        registry, repository = DOCKER_HUB, path if below else f"library/{path}"
    return ImageName(text, registry, repository, tag if colon else None, digest if at else None)
