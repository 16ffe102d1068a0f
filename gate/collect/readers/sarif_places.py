"""Where a SARIF result lies: from URIs, base ids and artifact indexes to paths of the workspace.

Format: SARIF 2.1.0 §3.4 (artifactLocation) and §3.14.14 (originalUriBaseIds). A path that leads out of the workspace
is kept as text and never read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gate.collect.checkouts import below_checkout
from gate.collect.readers.sarif_parts import ArtifactLocation, Run

_MAX_LENGTH = 1024
_MAX_CHAIN = 8

# Compiled when first used (re keeps them): each costs more at import than the report of a small project does.
_SCHEME = r"([A-Za-z][A-Za-z0-9+.\-]+):"
_DRIVE = r"/?[A-Za-z]:/"
_SOURCE_BASE = r"(?i)root|repo|src|source|project|work|pwd|cwd"


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `path` is POSIX and relative to the workspace; where it is None, `elsewhere` is what the tool wrote.

    `text` is either of them, for fingerprints.
    """

    path: str | None = None
    elsewhere: str | None = None
    text: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.path or self.elsewhere}")


NOWHERE = Place()


class Places:
    """The places of one run. `roots` are absolute POSIX paths by which the workspace is known."""

    def __init__(self, run: Run, roots: Sequence[str] = ()) -> None:
        self._artifacts = run.artifacts or []
        self._bases = run.original_uri_base_ids or {}
        self._roots = [f"{root.rstrip('/')}/" for root in roots if root.rstrip("/")]
        self._roots += [base for name in self._bases if (base := self._base_root(name)) is not None]
        self._known: dict[tuple[str | None, str | None, int | None], Place] = {}

    def of(self, location: ArtifactLocation | None) -> Place:
        """Return the place that a location names; NOWHERE when it names none."""
        if location is None:
            return NOWHERE
        key = (location.uri, location.uri_base_id, location.index)
        place = self._known.get(key)
        if place is None:
            place = self._known[key] = self._resolve(location)
        return place

    def artifacts(self) -> tuple[str, ...]:
        """Return the workspace paths of the artifacts that the run lists, each once, in their order."""
        paths = (self.of(artifact.location).path for artifact in self._artifacts)
        return tuple(dict.fromkeys(path for path in paths if path is not None))

    def _resolve(self, location: ArtifactLocation) -> Place:
        if location.uri is None:
            index = -1 if location.index is None else location.index
            listed = self._artifacts[index].location if 0 <= index < len(self._artifacts) else None
            if listed is None or listed.uri is None:
                return NOWHERE
            location = listed
        uri = location.uri or ""
        if len(uri) > _MAX_LENGTH or "\0" in uri:
            return Place(elsewhere=uri[:_MAX_LENGTH].replace("\0", ""))
        path = _file_path(uri)
        if path is None:
            return Place(elsewhere=uri)
        if not path.startswith("/") and location.uri_base_id is not None:
            path = self._joined(path, location.uri_base_id)
        inside = self._inside(path)
        return Place(elsewhere=uri) if inside is None else Place(path=inside)

    def _joined(self, path: str, base_id: str) -> str:
        """Return a relative path with its base in front; the base of the sources itself adds nothing."""
        for _ in range(_MAX_CHAIN):
            base = self._bases.get(base_id)
            if base is None:
                return path
            folder = _file_path(base.uri or "")
            if folder is None:
                return path
            if folder.startswith("/"):
                absolute = posixpath.join(folder, path)
                lone = len(self._bases) == 1 or re.search(_SOURCE_BASE, base_id) is not None
                return path if lone and self._inside(absolute) is None else absolute
            path = posixpath.join(folder, path)
            if base.uri_base_id is None:
                return path
            base_id = base.uri_base_id
        return path

    def _base_root(self, base_id: str) -> str | None:
        """Return the absolute folder that a base of the sources stands for; None for "/" and what is not a file."""
        base = self._bases[base_id]
        folder = _file_path(base.uri or "")
        if (
            folder is None
            or not folder.startswith("/")
            or not folder.strip("/")
            or not re.search(_SOURCE_BASE, base_id)
        ):
            return None
        return f"{folder.rstrip('/')}/"

    def _inside(self, path: str) -> str | None:
        """Return the path relative to the workspace; None when it leads elsewhere."""
        if path.startswith("/"):
            root = next((root for root in self._roots if path.startswith(root)), None)
            if root is None:
                below = below_checkout(path)
                if below is None:
                    return None
                path = below
            else:
                path = path[len(root) :]
        path = posixpath.normpath(path.lstrip("/")) if path else "."
        return None if path == "." or path == ".." or path.startswith("../") else path


def _file_path(uri: str) -> str | None:
    """Return the POSIX path of a file URI or of a relative reference, percent-decoded; None for other schemes."""
    text = uri.replace("\\", "/")
    if re.match(_DRIVE, text):
        text = "/" + text.lstrip("/")
    elif scheme := re.match(_SCHEME, text):
        if scheme[1].lower() != "file":
            return None
        text = text[len("file:") :]
        if text.startswith("//"):
            text = "/" + text[2:].partition("/")[2]
    text = text.partition("?")[0].partition("#")[0] if "file:" in uri[:5].lower() else text
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text, errors="replace")
