"""The documents of an image: its configuration, Docker's manifest.json, and the index and manifest of the OCI.

Formats: OCI Image Specification 1.1 (config.md, manifest.md, image-index.md, image-layout.md), and manifest.json of
`docker save` (a list of `{Config, RepoTags, Layers}`). All of them are written by whoever made the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError
from gate.collect.readers.json_members import Members
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

_LIMIT = 16 * 1024 * 1024
_MAX_ENTRIES = 10_000
_ZERO_TIME = "0001-01-01T00:00:00Z"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What an image's configuration says.

    `user` is None where none is set (root); `healthcheck` is False where there is none or it is `NONE`. `created` is in
    RFC 3339. `diff_ids` are the digests of the unpacked layers that it claims.
    """

    user: str | None = None
    healthcheck: bool = False
    exposed_ports: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    created: str | None = None
    history: tuple[str, ...] = ()
    diff_ids: tuple[str, ...] = ()


NO_CONFIG = ImageConfig()
"""The configuration of an image that says nothing."""


@dataclass(frozen=True, slots=True)
class DockerManifest:
    """The one image of an archive of `docker save`: names of members of the archive, and its tags."""

    config: str
    layers: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """What a descriptor points at. `size` is in bytes."""

    digest: str
    size: int
    media_type: str

    @property
    def path(self) -> str:
        """Where it lies in a layout."""
        return f"blobs/{self.digest.replace(':', '/')}"


@dataclass(frozen=True, slots=True)
class OciManifest:
    """The manifest of one image."""

    config: Blob
    layers: tuple[Blob, ...]


def read_config(data: bytes) -> ImageConfig:
    """Return what a configuration says. Raises ReportError."""
    return image_config(_top(data, "configuration of an image"))


def image_config(whole: Members) -> ImageConfig:
    """Return what a configuration says that stands in another document. Raises ReportError."""
    config = whole.object("config")
    test = config.object("Healthcheck").texts("Test")
    created = whole.text("created")
    labels = config.object("Labels")
    return ImageConfig(
        user=config.text("User"),
        healthcheck=bool(test) and test[0] != "NONE",
        exposed_ports=tuple(sorted(config.object("ExposedPorts").names())),
        labels=tuple((name, labels.text(name) or "") for name in sorted(labels.names())),
        created=None if created == _ZERO_TIME else created,
        history=tuple(step.text("created_by") or "" for step in whole.objects("history", _MAX_ENTRIES)),
        diff_ids=whole.object("rootfs").texts("diff_ids"),
    )


def read_docker_manifest(data: bytes) -> DockerManifest:
    """Return the one image that manifest.json of an archive names. Raises ReportError."""
    document = _json(data, "manifest.json of an image archive")
    entries = Members({"images": document}, "", "manifest.json of an image archive").objects("images", _MAX_ENTRIES)
    if len(entries) != 1:
        raise ReportError(f"holds {len(entries)} images, and one is judged; save that one alone")
    layers = entries[0].texts("Layers")
    if not layers:
        raise ReportError("holds an image without any layer")
    return DockerManifest(entries[0].needed("Config"), layers, entries[0].texts("RepoTags"))


def read_index(data: bytes) -> tuple[Blob, bool, str | None]:
    """Return the one entry of an index, whether that is an index again, and its tag. Raises ReportError.

    Attestations that BuildKit puts beside an image (platform "unknown") are passed over.
    """
    index = _top(data, "index of an OCI layout")
    found = []
    for entry in index.objects("manifests", _MAX_ENTRIES):
        if entry.object("platform").text("os") != "unknown":
            tag = entry.object("annotations").text("org.opencontainers.image.ref.name")
            blob = _blob(entry)
            found.append((blob, blob.media_type in _INDEXES, tag))
    if len(found) != 1:
        raise ReportError(
            f"names {len(found)} images (of several platforms, or tags), and one is judged; copy that one"
        )
    return found[0]


def read_manifest(data: bytes) -> OciManifest:
    """Return a manifest. Raises ReportError."""
    manifest = _top(data, "manifest of an image")
    layers = tuple(_blob(layer) for layer in manifest.objects("layers", _MAX_ENTRIES))
    if not layers:
        raise ReportError("has a manifest that names no layer")
    return OciManifest(_blob(manifest.object("config")), layers)


def is_digest(text: str) -> bool:
    """Whether this is a SHA-256 digest as images write it."""
    return _DIGEST.fullmatch(text) is not None


def _blob(entry: Members) -> Blob:
    digest = entry.needed("digest")
    if not is_digest(digest):
        raise ReportError(f"names a blob whose digest is none of SHA-256 ({digest[:80]!r})")
    return Blob(digest, int(entry.number("size") or 0), entry.text("mediaType") or "")


def _top(data: bytes, what: str) -> Members:
    document = _json(data, what)
    if not isinstance(document, dict):
        raise ReportError(f"is not the {what}: it is no object")
    return Members(document, "", f"the {what}")


def _json(data: bytes, what: str) -> Json:
    try:
        return loads(data, limit=_LIMIT)
    except JsonProblem as problem:
        raise ReportError(f"has a {what} that cannot be read as JSON: {problem.reason}") from None
