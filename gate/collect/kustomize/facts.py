"""The facts of the kind `kustomize`, from what kubectl built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gate.collect.disk import printable
from gate.collect.image_name import image_name
from gate.collect.kustomize.builds import Builds, RootResult
from gate.collect.kustomize.references import Use, is_elsewhere, texts_in
from gate.collect.kustomize.tree import Kustomization
from gate.collect.manifests.cluster_object import ClusterObject, mappings, text
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_BUILT = ("built", "failed", "objects", "environments", "items.built", "items.objects", "items.images")
_OF_ITEMS = ("items.bytes", "items.kinds", "items.unpinned_images")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_MOST = 200


def kustomize_facts(builds: Builds) -> JsonObject:
    """Return the facts. What only kubectl can tell is left out where it could not be asked."""
    tree = builds.tree
    by_folder = {one.root.folder: one for one in builds.results}
    items: list[Json] = [_item(builds, one, by_folder.get(one.folder)) for one in tree.every.values()]
    facts: JsonObject = {
        "kustomizations": len(tree.every),
        "components": sum(one.is_component for one in tree.every.values()),
        "roots": len(builds.results),
        "excluded": tree.excluded,
        "remote": sum(len(list(_remote(one))) for one in tree.every.values()),
        "items": items,
    }
    if builds.problem is None:
        built = [one for one in builds.results if one.objects is not None]
        facts |= {
            "built": len(built),
            "failed": len(builds.results) - len(built),
            "objects": sum(len(one.objects or ()) for one in built),
        }
        # What could not be tried may be what is looked for: then nobody can tell.
        if all(one.objects is not None or one.refused for one in builds.results):
            facts["environments"] = _texts({_environment(one.root) for one in built})
    return facts


def kustomize_gaps(builds: Builds) -> Iterable[Gap]:
    """Yield what was not looked at, with the facts that it casts doubt on."""
    yield from builds.tree.gaps
    for one in builds.results:
        if one.gap is not None:
            yield Gap(one.gap.subject, one.gap.reason, one.gap.path, one.gap.line, (*_BUILT, *_OF_ITEMS))


def _item(builds: Builds, one: Kustomization, result: RootResult | None) -> JsonObject:
    value = one.value
    item: JsonObject = {
        "path": printable(one.path),
        "line": 1,
        "is_component": one.is_component,
        "is_root": result is not None,
        "overlays": _texts(printable(folder) or "." for folder in builds.tree.used_by.get(one.folder, ())),
        "builds_on": _texts(
            {
                printable(target) or "."
                for reference, target in one.uses
                if target in builds.tree.every and reference.use in (Use.RESOURCE, Use.COMPONENT)
            }
        ),
        "patches": sum(len(held) for field in _PATCHES if isinstance(held := value.get(field), list)),
        "image_overrides": [_override(image) for image in mappings(value.get("images"))[:_MOST]],
        "remote": _texts(_remote(one)),
    }
    namespace = text(value.get("namespace"))
    if namespace:
        item["namespace"] = printable(namespace)[:200]
    if result is not None:
        item |= _result(result)
    return item


_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")


def _result(result: RootResult) -> JsonObject:
    """Return what kubectl said of a root. `built` is left out where it could not be asked."""
    if result.objects is None:
        if not result.refused or result.gap is None:
            return {}
        return {"built": False, "message": printable(result.gap.reason)[:400]}
    images = sorted({image for one in result.objects for image in _images(one)})
    return {
        "built": True,
        "objects": len(result.objects),
        "bytes": result.size,
        "kinds": dict(sorted(Counter(one.kind for one in result.objects).items())),
        "images": _texts(images),
        "unpinned_images": _texts(image for image in images if _is_unpinned(image)),
    }


def _texts(values: Iterable[str]) -> list[Json]:
    return [printable(text)[:300] for text in sorted(values)[:_MOST]]


def _images(one: ClusterObject) -> Iterator[str]:
    """Yield the images of the containers in an object, wherever its pods are described."""
    waiting: list[Json] = [one.value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            for field in _CONTAINERS:
                for container in mappings(value.get(field)):
                    image = container.get("image")
                    if isinstance(image, str) and image:
                        yield image


def _is_unpinned(image: str) -> bool:
    name = image_name(image)
    return name is None or name.latest


def _override(image: JsonObject) -> JsonObject:
    wanted = (("name", "name"), ("new_name", "newName"), ("new_tag", "newTag"), ("digest", "digest"))
    return {key: printable(found)[:300] for key, field in wanted if (found := text(image.get(field)))}


def _remote(one: Kustomization) -> Iterator[str]:
    yield from (reference for reference in texts_in(one.value) if is_elsewhere(reference))


def _environment(root: Kustomization) -> str:
    """Return what an overlay is for: the name of its folder."""
    return printable(root.folder.rpartition("/")[2]) or "."
