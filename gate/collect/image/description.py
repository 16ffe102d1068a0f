"""What one image is, whoever told of it, and the facts of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.readers.image_config import ImageConfig
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.image.archive import ArchiveImage
    from gate.collect.readers.grype_json import GrypeImage
    from gate.collect.readers.trivy_json import TrivyImage

_LABELS = 200
_LABEL_LENGTH = 500


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """The operating system of an image; `family` is "none" where there is one that no scanner knows.

    `end_of_life` is None where nobody told.
    """

    family: str
    version: str
    end_of_life: bool | None

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        return f"{self.family} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Described:
    """One image. `config` is None where nobody told of its configuration; `size_bytes` of its unpacked layers."""

    reference: str
    image_id: str | None
    digest: str | None
    size_bytes: int | None
    config: ImageConfig | None

    @property
    def key(self) -> str:
        """What tells this image from others: two reports about one image have the same."""
        return self.image_id or self.digest or self.reference


@dataclass(slots=True)
class Packages:
    """How many packages were looked at, by class. None where a report does not list them."""

    os: int = 0
    language: int = 0
    by_type: dict[str, int] = field(default_factory=dict)


def of_archive(image: ArchiveImage) -> Described:
    """Describe an image that lies in the workspace."""
    reference = next((tag for tag in image.tags if ":" in tag), image.path)
    return Described(reference, image.image_id, image.digest, image.size_bytes, image.config)


def of_trivy(image: TrivyImage, name: str) -> Described:
    """Describe the image of a report of Trivy. `name` is what was scanned."""
    digest = next((item.rpartition("@")[2] for item in image.repo_digests), None)
    return Described(name, image.id, digest, image.size_bytes, image.config)


def of_grype(image: GrypeImage) -> Described:
    """Describe the image of a report of Grype."""
    config = image.config if image.has_config else None
    return Described(image.reference, image.id, image.manifest_digest, image.size_bytes, config)


def is_root(user: str | None) -> bool:
    """Whether a container of this `User` runs as root: none is set, "root", or the number 0, whatever the group.

    A name that the image's own /etc/passwd maps to 0 is not told from others.
    """
    name = (user or "").partition(":")[0].strip()
    return name in ("", "root") or (name.lstrip("+-").isdigit() and int(name) == 0)


def image_facts_of(
    image: Described, os: OperatingSystem | None, packages: Packages | None, *, scanned: bool
) -> JsonObject:
    """Return the facts of one image that do not come from findings. What nobody told of is left out."""
    facts: JsonObject = {"reference": image.reference, "image_id": image.image_id, "digest": image.digest}
    if image.size_bytes is not None:
        facts["size_bytes"] = image.size_bytes
    if image.config is not None:
        facts |= _of_config(image.config)
    if scanned:
        known: JsonObject | None = None
        if os is not None:
            known = {"family": os.family, "version": os.version}
            if os.end_of_life is not None:
                known["eol"] = os.end_of_life
        facts["os"] = known
    if packages is not None:
        facts["packages"] = packages.os + packages.language
        facts["os_packages"] = packages.os
        facts["language_packages"] = packages.language
        facts["packages_by_type"] = {name: packages.by_type[name] for name in sorted(packages.by_type)}
    return facts


def _of_config(config: ImageConfig) -> JsonObject:
    labels: dict[str, Json] = {name: value[:_LABEL_LENGTH] for name, value in config.labels[:_LABELS]}
    return {
        "user": config.user,
        "non_root": not is_root(config.user),
        "healthcheck": config.healthcheck,
        "exposed_ports": [*config.exposed_ports],
        "labels": labels,
        "created": config.created,
    }


def merged(items: Sequence[JsonObject]) -> JsonObject:
    """Return the facts of several images as one: what must hold of all, the largest size, the oldest time, the sums.

    A fact that one image lacks is left out. What differs and has no worst is null; labels are those that all share.
    """
    if len(items) == 1:
        return dict(items[0])
    common = set(items[0]).intersection(*items[1:])
    return {name: join([item[name] for item in items]) for name, join in _JOINS.items() if name in common}


def _names(values: Sequence[Json]) -> Json:
    return ", ".join(str(value) for value in values)


def _same(values: Sequence[Json]) -> Json:
    return values[0] if all(value == values[0] for value in values) else None


def _all(values: Sequence[Json]) -> Json:
    return all(value is True for value in values)


def _largest(values: Sequence[Json]) -> Json:
    return max(_whole(value) for value in values)


def _sum(values: Sequence[Json]) -> Json:
    return sum(_whole(value) for value in values)


def _oldest(values: Sequence[Json]) -> Json:
    return None if None in values else min(str(value) for value in values)


def _ports(values: Sequence[Json]) -> Json:
    return [*sorted({str(port) for held in values if isinstance(held, list) for port in held})]


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _worst_os(values: Sequence[Json]) -> Json:
    """The first that is past its end of life; else none where one image has none; else the first."""
    ended = [value for value in values if isinstance(value, dict) and value.get("eol") is True]
    return ended[0] if ended else None if None in values else values[0]


def _added(values: Sequence[Json]) -> JsonObject:
    total: dict[str, int] = {}
    for value in values:
        for name, count in value.items() if isinstance(value, Mapping) else ():
            total[name] = total.get(name, 0) + _whole(count)
    return {name: total[name] for name in sorted(total)}


def _shared(values: Sequence[Json]) -> JsonObject:
    tables = [value for value in values if isinstance(value, dict)]
    first = tables[0] if tables else {}
    return {name: text for name, text in first.items() if all(table.get(name) == text for table in tables)}


_JOINS: dict[str, Callable[[Sequence[Json]], Json]] = {
    "reference": _names,
    "image_id": _same,
    "digest": _same,
    "size_bytes": _largest,
    "user": _same,
    "non_root": _all,
    "healthcheck": _all,
    "exposed_ports": _ports,
    "labels": _shared,
    "created": _oldest,
    "os": _worst_os,
    "packages": _sum,
    "os_packages": _sum,
    "language_packages": _sum,
    "packages_by_type": _added,
}
