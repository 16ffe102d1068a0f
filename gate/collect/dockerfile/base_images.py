"""The images that a Dockerfile is built from, and how exactly it names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.collect.readers.dockerfile import Dockerfile, Stage
from gate.collect.readers.dockerfile_words import UNKNOWN, json_words, words

SCRATCH = "scratch"
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9A-Fa-f]{32,}")
"""A digest, by the grammar of the OCI image specification (descriptor.md, "Digests")."""
_VERSION = re.compile(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?![0-9])")
_NUMBERED = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Image:
    """A reference to an image. What of it is not known before the build is None; so is a part that it does not have.

    `known` is whether the whole reference is known, `latest` whether it means whatever is newest: no tag or the tag
    latest, and no digest. `pinned` is whether it has a digest, or is nothing at all (scratch). Both are None where
    what is unknown decides.
    """

    image: str | None
    tag: str | None = None
    digest: str | None = None
    known: bool = True

    @property
    def pinned(self) -> bool | None:
        """Whether the reference always means the same image."""
        if self.image == SCRATCH or self.digest is not None:
            return True
        return False if self.known else None

    @property
    def latest(self) -> bool | None:
        """Whether it means whatever is newest."""
        if self.image == SCRATCH or self.digest is not None:
            return False
        return self.tag in (None, "latest") if self.known else None

    @property
    def place(self) -> tuple[str, str] | None:
        """The registry and the name there, as Docker completes them: ("docker.io", "python"); None for scratch."""
        if self.image is None or self.image == SCRATCH:
            return None
        first, slash, rest = self.image.partition("/")
        registry = first if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"
        name = rest if registry == first else self.image
        return registry, name.removeprefix("library/") if registry == "docker.io" else name

    @property
    def version(self) -> tuple[int, ...]:
        """The number that the tag begins with: (3, 11) of 3.11-slim; nothing where it begins with none."""
        match = _VERSION.match(self.tag or "")
        return tuple(int(part) for part in match.groups() if part is not None) if match else ()


def image_of(reference: str) -> Image:
    """Return the parts of a reference; `UNKNOWN` in it stands for what only the build tells."""
    name, at, digest = reference.partition("@")
    folder, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    image: str | None = f"{folder}{slash}{last}"
    known = UNKNOWN not in reference and bool(image)
    if not image or UNKNOWN in image:
        # An unknown part may hold a tag or a digest of its own.
        return Image(None, known=False)
    return Image(
        image.lower() if image.lower() == SCRATCH else image,
        tag if colon and tag and UNKNOWN not in tag else None,
        digest if at and _DIGEST.fullmatch(digest) else None,
        known,
    )


def is_external(stage: Stage) -> bool:
    """Whether a stage begins with an image of elsewhere, not with a stage of the same file."""
    return not stage.parents


def copied_images(dockerfile: Dockerfile) -> Iterator[tuple[str, int]]:
    """Yield (reference, line) of the images that files are copied or mounted from, without being a base."""
    names: set[str] = set()
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            sources = [instruction.flag("from")] if instruction.keyword in ("COPY", "ADD") else []
            if instruction.keyword == "RUN":
                sources += [_mounted(value) for name, value in instruction.flags if name == "mount"]
            for source in sources:
                if source and not _NUMBERED.fullmatch(source) and source.lower() not in names:
                    yield _unresolved(source), instruction.line
        if stage.name is not None:
            names.add(stage.name)


def sources_of(text: str, escape: str) -> list[str]:
    """Return what a COPY or ADD takes, without its destination."""
    found = json_words(text)
    return (words(text, escape) if found is None else found)[:-1]


def _mounted(options: str) -> str | None:
    """Return the image that `--mount=type=bind,from=IMAGE` names."""
    given = dict(part.partition("=")[::2] for part in options.split(","))
    return given.get("from")


def _unresolved(source: str) -> str:
    """Return a reference with `UNKNOWN` for its variables: Docker takes none here, a template may."""
    return re.sub(r"\$(?:\{[^}]*\}?|\w*)", lambda _match: UNKNOWN, source)
