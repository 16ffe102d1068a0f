"""The lists of a policy, which licences are allowed and which denied, and what they make of an expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import IntEnum

from gate.collect.licenses.expressions import Expression, Leaf, leaves, parse
from gate.collect.licenses.spdx_ids import spdx_ids
from gate.formats.globs import GlobError, matches
from gate.formats.plain import one_line

_WILD = "*?[{"
_WITH = " WITH "


class Standing(IntEnum):
    """What the lists make of a licence, the worst first.

    Of licences that all hold, the worst counts; of licences to choose from, the best. So what is unknown is never
    allowed and never denied: `A OR unknown` is what A is unless A is denied, `A AND unknown` is unknown unless A is.
    """

    DENIED = 0
    UNKNOWN = 1
    NOT_ALLOWED = 2
    """known, and on neither list"""
    ALLOWED = 3


@dataclass(frozen=True, slots=True)
class _Entries:
    """One list: licences by name in small letters, and globs in small letters."""

    exact: frozenset[str]
    globs: tuple[str, ...]

    def names(self, text: str) -> bool:
        """Whether the list names this licence."""
        small = text.lower()
        return small in self.exact or any(matches(glob, small) for glob in self.globs)

    def names_pair(self, text: str) -> bool:
        """Whether the list names a licence together with its exception, by an entry that has an exception itself."""
        small = text.lower()
        return small in self.exact or any(_WITH.lower() in glob and matches(glob, small) for glob in self.globs)


@dataclass(slots=True)
class Lists:
    """Both lists; make it with `read_lists`. It keeps what it said of each licence."""

    allow: _Entries
    deny: _Entries
    _kept: dict[Leaf, Standing] = field(default_factory=dict)

    def standing(self, expression: Expression) -> Standing:
        """Return what the lists make of an expression."""
        if isinstance(expression, Leaf):
            found = self._kept.get(expression)
            if found is None:
                found = self._kept[expression] = self._of_leaf(expression)
            return found
        each = [self.standing(part) for part in expression.parts]
        return min(each) if expression.operator == "AND" else max(each)

    def denied_ids(self, expression: Expression) -> tuple[str, ...]:
        """Return the licences of an expression that are denied, each once."""
        denied = (leaf.text for leaf in leaves(expression) if self.standing(leaf) is Standing.DENIED)
        return tuple(dict.fromkeys(denied))

    def _of_leaf(self, leaf: Leaf) -> Standing:
        if not (leaf.known or leaf.custom):
            return Standing.UNKNOWN
        names = [leaf.text] if leaf.id == leaf.text else [leaf.text, leaf.id]
        if _WITH in leaf.text:
            # Who names the licence with its exception has thought of it; that goes before the licence alone.
            if self.deny.names_pair(leaf.text):
                return Standing.DENIED
            if self.allow.names_pair(leaf.text):
                return Standing.ALLOWED
        if any(map(self.deny.names, names)):
            return Standing.DENIED
        if any(map(self.allow.names, names)):
            return Standing.ALLOWED
        return Standing.NOT_ALLOWED if leaf.known else Standing.UNKNOWN


@dataclass(frozen=True, slots=True)
class ListMistake:
    """An entry that names no licence; `reason` completes a sentence that begins with the entry."""

    entry: str
    reason: str


def read_lists(allow: Sequence[str], deny: Sequence[str]) -> tuple[Lists, dict[str, list[ListMistake]]]:
    """Return the lists and, by list (`allow`, `deny`), the entries that name no licence: a typing error denies nothing.

    An entry is an id of SPDX in any case, an id with an exception, a `LicenseRef-…`, or a glob over ids (`GPL-*`).
    """
    read = {name: list(map(_entry, entries)) for name, entries in (("allow", allow), ("deny", deny))}
    lists = {name: _entries(list(found)) for name, found in read.items()}
    mistakes = {name: [item for item in found if isinstance(item, ListMistake)] for name, found in read.items()}
    return Lists(lists["allow"], lists["deny"]), mistakes


def _entries(read: Sequence[str | ListMistake]) -> _Entries:
    good = [item for item in read if isinstance(item, str)]
    globs = tuple(item for item in good if _is_glob(item))
    return _Entries(frozenset(item for item in good if not _is_glob(item)), globs)


def _is_glob(entry: str) -> bool:
    return any(char in entry for char in _WILD)


def _entry(entry: str) -> str | ListMistake:
    """Return an entry as it is compared, or what is wrong with it."""
    return _glob(entry.strip()) if _is_glob(entry) else _name(entry.strip())


def _glob(entry: str) -> str | ListMistake:
    small = entry.lower()
    try:
        named = any(matches(small, id_.lower()) for id_ in _ids())
    except (GlobError, UnicodeEncodeError):
        return ListMistake(one_line(entry, 80), "is not a glob")
    if named or small.startswith(("licenseref-", "documentref-")) or _WITH.lower() in small:
        return small
    return ListMistake(one_line(entry, 80), "matches no licence that SPDX knows")


def _name(entry: str) -> str | ListMistake:
    expression = parse(entry)
    if not isinstance(expression, Leaf):
        return ListMistake(one_line(entry, 80), "names more than one licence; give each an entry of its own")
    if expression.known or expression.custom:
        return expression.text.lower()
    near = get_close_matches(entry.lower(), spdx_ids().licenses, n=1, cutoff=0.5)
    hint = f"; did you mean {spdx_ids().licenses[near[0]]}" if near else ""
    return ListMistake(one_line(entry, 80), f"names no licence that SPDX knows{hint}")


def _ids() -> Iterator[str]:
    return iter(dict.fromkeys(spdx_ids().licenses.values()))
