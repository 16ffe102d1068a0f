"""What each place where Terraform is run relies on: its state, its own version, its providers and modules.

Constraints: https://developer.hashicorp.com/terraform/language/expressions/version-constraints. Module sources:
https://developer.hashicorp.com/terraform/language/modules/sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gate.collect.disk import printable
from gate.collect.terraform.evaluate import Unknown, Value, evaluate
from gate.collect.terraform.items import named, told
from gate.collect.terraform.tree import Module, Placed, body_of, flag_of, is_local, text_of
from gate.model.json import Json, JsonObject

_REMOTE_LOCKED = {
    "azurerm": True,
    "consul": True,
    "cos": True,
    "gcs": True,
    "http": None,
    "kubernetes": True,
    "oss": None,
    "pg": True,
    "remote": True,
    "s3": None,
}
"""Backend → whether it locks the state by itself; None where that depends on its settings."""
_ALWAYS_ENCRYPTED = frozenset({"azurerm", "gcs", "remote", "cloud"})
_BOUND = re.compile(r"^(?:~>|=|<=|<|[0-9v])")
_BRANCHES = frozenset({"main", "master", "develop", "development", "dev", "trunk", "head", "latest", "stable"})
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REGISTRY = re.compile(r"(?:[\w.-]+\.[a-z]+(?::\d+)?/)?[\w-]+/[\w-]+/[\w-]+(?://.*)?")
_ALIASES = {"google-beta": "google"}

Body = Mapping[str, Value]


def is_bounded(constraint: str) -> bool:
    """Whether a constraint names a newest version: "~> 5.0", "1.5.7", ">= 1.5, < 2.0"; not ">= 1.5"."""
    return any(_BOUND.match(part.strip()) for part in constraint.split(","))


def roots(modules: Sequence[Module]) -> list[Json]:
    """Return the folders where Terraform is run: where each keeps its state, and for which Terraform it is written."""
    return [_root(module) for module in modules]


def _root(module: Module) -> JsonObject:
    blocks = module.named("terraform")
    state = next(((placed, inner) for placed in blocks for inner in placed.block.blocks if inner.type in _STATES), None)
    version = next((placed for placed in blocks if "required_version" in placed.block.attributes), None)
    first = state[0] if state else version or module.blocks[0]
    line = state[1].line if state else first.block.line
    root = named("root module", printable(module.folder) or ".", first.path, line)
    if state is None:
        root |= {"backend": "local", "remote_state": False, "state_encrypted": False, "state_locked": False}
    else:
        inner = state[1]
        kind = inner.labels[0] if inner.labels else inner.type
        root = told(root, **_state(kind, body_of(inner, module)))
    constraint = None if version is None else version.block.attributes["required_version"]
    written = None if constraint is None else evaluate(constraint.expression)
    if constraint is None:
        root["version_pinned"] = False
    elif isinstance(written, str):
        root |= {"required_version": written, "version_pinned": is_bounded(written)}
    return root


_STATES = ("backend", "cloud")


def _state(kind: str, body: Body) -> JsonObject:
    if kind == "cloud":
        return {"backend": kind, "remote_state": True, "state_encrypted": True, "state_locked": True}
    return {
        "backend": kind,
        "remote_state": kind != "local",
        "state_encrypted": _encrypted(kind, body),
        "state_locked": _locked(kind, body),
    }


def _encrypted(kind: str, body: Body) -> bool | None:
    if kind in _ALWAYS_ENCRYPTED:
        return True
    if kind == "s3":
        said = flag_of(body.get("encrypt"))
        return said if "encrypt" in body else None if _is_partial(body) else False
    return False if kind == "local" else None


def _locked(kind: str, body: Body) -> bool | None:
    if kind == "local":
        return False
    if kind == "http":
        return body.get("lock_address") is not None
    if kind != "s3":
        return _REMOTE_LOCKED.get(kind)
    table, file = body.get("dynamodb_table"), flag_of(body.get("use_lockfile"))
    if text_of(table) is not None or file is True:
        return True
    unsaid = isinstance(table, Unknown) or isinstance(body.get("use_lockfile"), Unknown) or _is_partial(body)
    return None if unsaid else False


def _is_partial(body: Body) -> bool:
    """Whether the rest of the settings comes from `terraform init -backend-config`, which is not in the tree."""
    return body.get("bucket") is None


def providers(modules: Sequence[Module], all_roots: Sequence[Module]) -> list[Json]:
    """Return the providers that each folder names or uses, and whether their versions are bounded."""
    found: list[Json] = []
    for module in modules:
        root = module in all_roots
        declared = set()
        for placed, name, value, line in _required(module):
            declared.add(name)
            body = value if isinstance(value, dict) else {"version": value}
            item = named("provider", name, placed.path, line) | {"root": root, "pinned": False}
            for key in ("source", "version"):
                text = text_of(body.get(key))
                if text is not None:
                    item[key] = text
            version = body.get("version")
            if isinstance(version, str):
                item["pinned"] = is_bounded(version)
            found.append(_by_lock(item, module))
        for name, placed in _used(module).items():
            if name not in declared and name != "terraform":
                item = named("provider", name, placed.path, placed.block.line) | {"root": root, "pinned": False}
                found.append(_by_lock(item, module))
    return found


def _by_lock(item: JsonObject, module: Module) -> JsonObject:
    """A lock file that is tracked beside the root module names the exact version of every provider."""
    return item | {"pinned": True, "locked": True} if module.locked else item


def _required(module: Module) -> Iterator[tuple[Placed, str, Value, int | None]]:
    for placed in module.named("terraform"):
        for inner in placed.block.named("required_providers"):
            for name, attribute in inner.attributes.items():
                yield placed, name, evaluate(attribute.expression), attribute.line


def _used(module: Module) -> dict[str, Placed]:
    """Return the providers of the resources by the first part of their types, and where each is used first."""
    found: dict[str, Placed] = {}
    for placed in module.named("resource", "data"):
        labels = placed.block.labels
        if labels:
            chosen = placed.block.attributes.get("provider")
            name = labels[0].partition("_")[0]
            match chosen.expression if chosen else None:
                case [".", [str(said), *_]]:
                    name = said
            found.setdefault(_ALIASES.get(name, name), placed)
    return found


def module_calls(modules: Sequence[Module], all_roots: Sequence[Module]) -> list[Json]:
    """Return the calls of modules: where each comes from, and whether what comes can change by itself."""
    found: list[Json] = []
    for module in modules:
        for placed in module.named("module"):
            block = placed.block
            name = block.labels[0] if block.labels else ""
            item = named("module", name, placed.path, block.line) | {"root": module in all_roots}
            attribute = block.attributes.get("source")
            source = evaluate(attribute.expression) if attribute else ""
            if isinstance(source, str):
                version = block.attributes.get("version")
                item |= _source(source, evaluate(version.expression) if version else None)
            found.append(item)
    return found


def _source(source: str, version: Value) -> JsonObject:
    item: JsonObject = {"source": source[:500]}
    if is_local(source):
        return item | {"from": "local", "pinned": True}
    reference = re.search(r"[?&]ref=([^&]+)", source)
    if reference is not None:
        ref = reference[1]
        item |= {"from": "git", "ref": ref, "commit": bool(_COMMIT.fullmatch(ref))}
        return item | {"pinned": ref.lower() not in _BRANCHES and not ref.startswith("refs/heads/")}
    if _REGISTRY.fullmatch(source) and not source.startswith(("github.com/", "bitbucket.org/", "git.")):
        item |= {"from": "registry"}
        if isinstance(version, str):
            return item | {"version": version, "pinned": is_bounded(version)}
        return item | {"pinned": False}
    if source.startswith(("http://", "https://", "s3::", "gcs::")):
        checked = "checksum=" in source
        return item | {"from": "archive", "pinned": checked}
    return item | {"from": "git", "pinned": False}
