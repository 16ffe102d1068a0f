"""The folders of Terraform files as modules: what each declares, who calls whom, and what variables are worth.

A module is a folder. Its files are read as one; those named `override.tf` or `*_override.tf` are laid over the others
(https://developer.hashicorp.com/terraform/language/files/override). A variable of a module that is called from this
tree has the value that all its calls give it, one of a module that nobody calls has that of the files of variables, or
its default.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from gate.collect.readers.hcl_tree import Attribute, Block
from gate.collect.terraform.evaluate import NOTHING_KNOWN, UNKNOWN, Scope, Unknown, Value, evaluate
from gate.collect.terraform.parsing import ParsedFile
from gate.collect.terraform.secret_names import is_secret_name

_MAX_VALUES = 20


@dataclass(frozen=True, slots=True)
class Placed:
    """A block with the file that it stands in."""

    path: str
    block: Block


@dataclass(eq=False)
class Module:
    """One folder, relative to the workspace, "" for its root. `values` are files of variables; the last one wins."""

    folder: str
    blocks: list[Placed] = field(default_factory=list)
    values: list[Placed] = field(default_factory=list)
    calls: list[tuple[Module, Placed]] = field(default_factory=list)
    """Who calls this module."""
    locked: bool = False
    """Whether `.terraform.lock.hcl` lies beside it, which pins its providers."""
    _known: dict[tuple[str, str], Value] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)

    @property
    def scope(self) -> Scope:
        """What expressions in this folder are resolved with."""
        return Scope(self.find)

    def named(self, *types: str) -> list[Placed]:
        """The blocks of some types, each type's in the order of the files."""
        return [placed for type_ in types for placed in self._by_type.get(type_, ())]

    @cached_property
    def _by_type(self) -> dict[str, list[Placed]]:
        found: dict[str, list[Placed]] = {}
        for placed in self.blocks:
            found.setdefault(placed.block.type, []).append(placed)
        return found

    @property
    def is_root(self) -> bool:
        """Whether `terraform apply` is run here: nobody in the tree calls it, and it configures a provider or a state.

        A folder without either is a module for others: https://developer.hashicorp.com/terraform/language/modules/develop/providers
        says that those leave both to their callers.
        """
        if self.calls:
            return False
        states = (inner for placed in self.named("terraform") for inner in placed.block.blocks)
        return bool(self.named("provider")) or any(inner.type in ("backend", "cloud") for inner in states)

    def find(self, first: str, name: str, depth: int) -> Value:
        """Return what `var.NAME` or `local.NAME` is worth; anything else is not known before it is applied."""
        key = first, name
        if key in self._known:
            return self._known[key]
        if key in self._asked or first not in ("var", "local"):
            return UNKNOWN
        self._asked.add(key)
        value = self._variable(name, depth) if first == "var" else self._local(name, depth)
        self._asked.discard(key)
        self._known[key] = value
        return value

    def _local(self, name: str, depth: int) -> Value:
        attribute = self._locals.get(name)
        return UNKNOWN if attribute is None else evaluate(attribute.expression, self.scope, depth)

    @cached_property
    def _declared(self) -> dict[str, Block]:
        return {label: each.block for each in self.named("variable") for label in each.block.labels[:1]}

    @cached_property
    def _locals(self) -> dict[str, Attribute]:
        return {name: item for placed in self.named("locals") for name, item in placed.block.attributes.items()}

    def _variable(self, name: str, depth: int) -> Value:
        declared = self._declared.get(name)
        if declared is None or is_sensitive(declared):
            return UNKNOWN
        default = declared.attributes.get("default")
        otherwise: Value = UNKNOWN if default is None else evaluate(default.expression)
        if self.calls:
            return self._given(name, otherwise, depth)
        for values in reversed(self.values):
            if name in values.block.attributes:
                return evaluate(values.block.attributes[name].expression)
        return otherwise

    def _given(self, name: str, otherwise: Value, depth: int) -> Value:
        """Return what every call gives; UNKNOWN where they differ."""
        found: list[Value] = []
        for caller, call in self.calls[:_MAX_VALUES]:
            attribute = call.block.attributes.get(name)
            found.append(otherwise if attribute is None else evaluate(attribute.expression, caller.scope, depth))
        alike = len(self.calls) <= _MAX_VALUES and all(value == found[0] for value in found)
        return found[0] if alike else UNKNOWN


class Tree:
    """All modules of a workspace."""

    def __init__(self, files: Iterable[ParsedFile], values: Sequence[tuple[str | None, Placed]], locks: Iterable[str]):
        """`values` are files of variables, each with the folder that it is of; None is every one that nobody calls."""
        folders: dict[str, list[Placed]] = defaultdict(list)
        overrides: list[Placed] = []
        for file in files:
            for block in file.block.blocks if file.block else ():
                placed = Placed(file.path, block)
                overrides.append(placed) if _overrides(file.path) else folders[folder_of(file.path)].append(placed)
        for placed in overrides:
            _lay_over(folders[folder_of(placed.path)], placed)
        locked = {folder_of(path) for path in locks}
        self._modules = {
            folder: Module(
                folder,
                blocks,
                [placed for of, placed in values if of is None or of == folder],
                locked=folder in locked,
            )
            for folder, blocks in sorted(folders.items())
        }
        for module in self._modules.values():
            for call in module.named("module"):
                called = self.called(module, call)
                if called is not None and called is not module:
                    called.calls.append((module, call))

    @property
    def modules(self) -> Sequence[Module]:
        """Every folder, by name."""
        return list(self._modules.values())

    def called(self, module: Module, call: Placed) -> Module | None:
        """Return the module of this tree that a call names, None for any other."""
        attribute = call.block.attributes.get("source")
        source = evaluate(attribute.expression) if attribute else UNKNOWN
        if not isinstance(source, str) or not is_local(source):
            return None
        folder = posixpath.normpath(posixpath.join(module.folder, source))
        return self._modules.get("" if folder == "." else folder)

    @cached_property
    def roots(self) -> Sequence[Module]:
        """The folders where Terraform is run."""
        return [module for module in self._modules.values() if module.is_root]


def is_sensitive(variable: Block) -> bool:
    """Whether a variable is declared to hold a secret, or has the name of one."""
    if variable.labels and is_secret_name(variable.labels[0]):
        return True
    attribute = variable.attributes.get("sensitive")
    return attribute is not None and evaluate(attribute.expression) is not False


def is_local(source: str) -> bool:
    """Whether a module's source is a path: only these prefixes make one."""
    return source.startswith(("./", "../")) or source in (".", "..")


def folder_of(path: str) -> str:
    """Return the folder of a path, "" for the workspace's root."""
    return path.rpartition("/")[0]


def is_off(block: Block, module: Module | None = None) -> bool:
    """Whether a block is switched off: a count that is 0, or nothing to repeat it for.

    Without a module only by a literal; with it also by what its variables are worth, as far as that is known.
    """
    scope = NOTHING_KNOWN if module is None else module.scope
    count = block.attributes.get("count")
    if count is not None and whole_of(evaluate(count.expression, scope)) == 0:
        return True
    each = block.attributes.get("for_each")
    return each is not None and evaluate(each.expression, scope) in ({}, [])


def live(modules: Iterable[Module], *types: str) -> Iterator[tuple[Module, Placed]]:
    """Yield the blocks of some types that are not switched off."""
    for module in modules:
        yield from ((module, placed) for placed in module.named(*types) if not is_off(placed.block, module))


def body_of(block: Block, module: Module, depth: int = 0) -> dict[str, Value]:
    """Return what is in a block: attributes by name, nested blocks by type as a list of objects.

    What a `dynamic` block makes is there once, as far as its content is known, followed by UNKNOWN: how often it is
    made is not known.
    """
    found: dict[str, Value] = {
        name: evaluate(attribute.expression, module.scope) for name, attribute in block.attributes.items()
    }
    for inner in block.blocks:
        if inner.type == "dynamic" and len(inner.labels) == 1:
            made = [body_of(content, module, depth + 1) for content in inner.named("content")]
            _append(found, inner.labels[0], [*made, UNKNOWN])
        else:
            _append(found, inner.type, [body_of(inner, module, depth + 1)])
    return found


def _append(found: dict[str, Value], name: str, made: Sequence[Value]) -> None:
    known = found.get(name)
    found[name] = [*known, *made] if isinstance(known, list) else list(made)


def _overrides(path: str) -> bool:
    stem = path.rpartition("/")[2].partition(".")[0]
    return stem == "override" or stem.endswith("_override")


def _lay_over(blocks: list[Placed], over: Placed) -> None:
    """Replace the attributes, and the nested blocks of each type, of the block that this one overrides."""
    for index, base in enumerate(blocks):
        if (base.block.type, base.block.labels) == (over.block.type, over.block.labels):
            types = {inner.type for inner in over.block.blocks}
            kept = tuple(inner for inner in base.block.blocks if inner.type not in types)
            merged = replace(
                base.block,
                attributes={**base.block.attributes, **over.block.attributes},
                blocks=(*kept, *over.block.blocks),
            )
            blocks[index] = Placed(base.path, merged)
            return
    blocks.append(over)


def text_of(value: Value) -> str | None:
    """Return a text that is known and not empty."""
    return value if isinstance(value, str) and value else None


def whole_of(value: Value) -> int | None:
    """Return a whole number, written as one or as a text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag_of(value: Value) -> bool | None:
    """Return true or false, written as such or as a text; None for anything else."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else None


def objects_of(value: Value) -> list[dict[str, Value]]:
    """Return nested blocks: a list of objects, or one object as JSON's syntax writes it."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_unknown(value: Value) -> bool:
    """Whether a value, or anything in a list, is not known."""
    return isinstance(value, Unknown) or (isinstance(value, list) and any(isinstance(item, Unknown) for item in value))
