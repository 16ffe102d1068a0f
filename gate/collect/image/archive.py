"""An image that lies in the workspace: read by the gate itself, before Trivy is let near it.

Trivy tells no size, believes the digests that the configuration claims for the layers, and keeps what it found in a
layer under that claim. So every layer is hashed here, unpacked, and held against the configuration: one whose claim is
not true could be taken for another one, and hide what is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.readers.errors import ReportError
from gate.collect.readers.image_config import (
    Blob,
    ImageConfig,
    OciManifest,
    read_config,
    read_docker_manifest,
    read_index,
    read_manifest,
)
from gate.collect.readers.image_tar import read_image_tar
from gate.collect.readers.layers import UNPACKED_LIMIT, Measured, Measuring
from gate.collect.workspace import ReadProblem

if TYPE_CHECKING:
    from gate.collect.workspace import Workspace

LAYOUT = "oci-layout"
_ARCHIVE_LIMIT = 32 * 1024**3
_DOCUMENT_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArchiveImage:
    """An image in the workspace. `path` is the tar, or the folder of the OCI layout.

    `image_id` is the digest of its configuration, `digest` that of its manifest (None in a tar of `docker save`, which
    has none). `size_bytes` is the sum of its unpacked layers; None where one is packed so that it cannot be unpacked
    here (`unchecked` names those). `sha256` is of the tar, or of index.json, which pins all the rest.
    """

    path: str
    image_id: str
    digest: str | None
    tags: tuple[str, ...]
    config: ImageConfig
    size_bytes: int | None
    sha256: str
    unchecked: tuple[str, ...] = ()


def read_archive(workspace: Workspace, path: str) -> ArchiveImage:
    """Return the image in a tar of `docker save`. Raises ReadProblem or ReportError."""
    with workspace.stream(path, _ARCHIVE_LIMIT) as stream:
        pieces = iter(stream)
        members = read_image_tar(pieces)
        for _ in pieces:  # what lies behind the end of the archive, so that the hash is of all of it
            pass
        digest = stream.sha256
    listed = members.documents.get("manifest.json")
    if listed is None:
        if LAYOUT in members.files:
            raise ReportError("is an OCI layout in a tar, which Trivy does not read; unpack it and name the folder")
        raise ReportError("is no image archive: there is no manifest.json in it")
    manifest = read_docker_manifest(listed)
    config = members.documents.get(manifest.config)
    if config is None:
        raise ReportError(
            f"is not whole: the configuration {_short(manifest.config)} {_why(manifest.config, members.others)}"
        )
    layers = []
    for name in manifest.layers:
        found = members.files.get(name)
        if found is None:
            raise ReportError(f"is not whole: the layer {_short(name)} {_why(name, members.others)}")
        layers.append(found)
    return _image(path, config, None, manifest.tags, layers, digest)


def read_layout(workspace: Workspace, folder: str) -> ArchiveImage:
    """Return the image in the folder of an OCI layout. Raises ReadProblem or ReportError."""
    content = workspace.read(f"{folder}/index.json", _DOCUMENT_LIMIT)
    entry, nested, tag = read_index(content.data)
    if nested:
        entry, nested, _ = read_index(_blob(workspace, folder, entry))
    if nested:
        raise ReportError("has indexes within indexes")
    manifest = read_manifest(_blob(workspace, folder, entry))
    config = _blob(workspace, folder, manifest.config)
    layers = _measure(workspace, folder, manifest)
    return _image(folder, config, entry.digest, (tag,) if tag else (), layers, content.sha256)


def _image(
    path: str, data: bytes, digest: str | None, tags: Iterable[str], layers: list[Measured], sha256: str
) -> ArchiveImage:
    config = read_config(data)
    if len(config.diff_ids) != len(layers):
        raise ReportError(
            f"contradicts itself: its configuration claims {len(config.diff_ids)} layers, and it has {len(layers)}"
        )
    for claimed, layer in zip(config.diff_ids, layers, strict=True):
        if layer.diff_id is not None and layer.diff_id != claimed:
            raise ReportError(
                f"contradicts itself: its configuration claims the layer {_short(claimed)}, and in its place is "
                f"{_short(layer.diff_id)}"
            )
    sizes = [layer.unpacked for layer in layers]
    return ArchiveImage(
        path=path,
        image_id=f"sha256:{hashlib.sha256(data).hexdigest()}",
        digest=digest,
        tags=tuple(tags),
        config=config,
        size_bytes=None if None in sizes else sum(size or 0 for size in sizes),
        sha256=sha256,
        unchecked=tuple(layer.digest for layer in layers if layer.diff_id is None),
    )


def _blob(workspace: Workspace, folder: str, blob: Blob) -> bytes:
    """Return a small blob whose bytes have the digest that names it."""
    data = workspace.read(f"{folder}/{blob.path}", _DOCUMENT_LIMIT).data
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != blob.digest:
        raise ReportError(f"is damaged: {_short(blob.path)} does not have the digest that names it")
    return data


def _measure(workspace: Workspace, folder: str, manifest: OciManifest) -> list[Measured]:
    layers = []
    left = UNPACKED_LIMIT
    for layer in manifest.layers:
        measuring = Measuring(left)
        with workspace.stream(f"{folder}/{layer.path}", _ARCHIVE_LIMIT) as stream:
            for piece in stream:
                measuring.feed(piece)
        measured = measuring.end()
        if measured.digest != layer.digest:
            raise ReportError(f"is damaged: {_short(layer.path)} does not have the digest that names it")
        left -= measured.unpacked or 0
        layers.append(measured)
    return layers


def _short(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:79]}…"


def _why(name: str, others: Mapping[str, str]) -> str:
    return f"is {others[name]}" if name in others else "is not in it"


__all__ = ["LAYOUT", "ArchiveImage", "ReadProblem", "read_archive", "read_layout"]
