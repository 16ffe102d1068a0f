"""SPDX licence expressions (SPDX specification, annex "SPDX license expressions"), read with `license-expression`.

What is no expression stays as it is written: a leaf that nobody knows. A tree of leaves says what one package's licence
is, and never has to be laid out into all of its combinations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias, cast

from gate.collect.licenses.names import VAGUE
from gate.collect.licenses.spdx_ids import current_form, is_custom, of_name, spdx_ids
from gate.formats.plain import one_line

MAX_LENGTH = 20_000
"""Characters of one expression."""
MAX_IDS = 1_000
"""Licences and exceptions of one expression; a licence that SPDX has given up may stand for one of each."""
MAX_DEPTH = 40
_SHOWN = 120
_SHORT = 300
_TOKEN = re.compile(r"[A-Za-z0-9.:+-]+|[()]|\s+|.", re.DOTALL)
_OPERATORS = frozenset({"AND", "OR", "WITH"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """One licence.

    `text` is how it is shown: an id as SPDX writes it, with its exception ("GPL-2.0-only WITH Classpath-exception-2.0")
    or its "+"; a `LicenseRef-…`; or what somebody wrote. `id` is the licence alone. `known` says that SPDX knows it,
    `custom` that it is a `LicenseRef-…`, which only a policy's lists can know.
    """

    text: str
    id: str
    known: bool = True
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more expressions, all of which hold (AND), or of which one may be chosen (OR)."""

    operator: Literal["AND", "OR"]
    parts: tuple[Expression, ...]


Expression: TypeAlias = Leaf | Group


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the ids of an expression are put together: one id, an id WITH another (by their places), or parts."""

    operator: Literal["", "WITH", "AND", "OR"]
    ids: tuple[int, ...]
    parts: tuple[_Shape, ...] = ()


def parse(text: str) -> Expression:
    """Return the expression that a text is, or a leaf that is not known. Raises nothing."""
    plain = text.strip()
    if len(plain) > MAX_LENGTH:
        return unknown(plain)
    # Long texts are seldom the same, and a stranger must not fill the memory with them.
    return _kept(plain) if len(plain) <= _SHORT else _parsed(plain)


def unknown(text: str) -> Leaf:
    """Return the leaf of a text that is no expression; the text is made harmless and short."""
    shown = one_line(text, _SHOWN) or "(nothing that can be read)"
    return Leaf(shown, shown, known=False)


def together(texts: Sequence[str]) -> Expression:
    """Return the expression of a package of which several texts are told: all of them hold.

    The name of a family ("BSD License") beside one of its members (BSD-3-Clause) adds nothing and is left out.
    """
    found = [parse(text) for text in dict.fromkeys(texts)]
    ids = [leaf.id for expression in found for leaf in leaves(expression) if leaf.known]
    kept = [expression for expression in found if not _is_implied(expression, ids)]
    return joined("AND", kept or found)


def joined(operator: Literal["AND", "OR"], parts: Sequence[Expression]) -> Expression:
    """Return one expression of at least one: flat, without repetition, sorted by text."""
    flat: dict[str, Expression] = {}
    for part in parts:
        for each in part.parts if isinstance(part, Group) and part.operator == operator else (part,):
            flat[written(each)] = each
    ordered = tuple(flat[key] for key in sorted(flat))
    return ordered[0] if len(ordered) == 1 else Group(operator, ordered)


def written(expression: Expression) -> str:
    """Return an expression as a text that reads the same for the same licences."""
    if isinstance(expression, Leaf):
        return expression.text
    texts = [f"({written(part)})" if isinstance(part, Group) else part.text for part in expression.parts]
    return f" {expression.operator} ".join(texts)


def leaves(expression: Expression) -> Iterator[Leaf]:
    """Yield every licence that an expression names, from left to right."""
    if isinstance(expression, Leaf):
        yield expression
    else:
        for part in expression.parts:
            yield from leaves(part)


def _is_implied(expression: Expression, ids: Sequence[str]) -> bool:
    if not isinstance(expression, Leaf) or expression.known or not ids:
        return False
    name = expression.text.lower().removeprefix("license :: ").removeprefix("osi approved :: ")
    return any(id_.startswith(VAGUE.get(name, ())) for id_ in ids)


@lru_cache(maxsize=16_384)
def _kept(text: str) -> Expression:
    return _parsed(text)


def _parsed(text: str) -> Expression:
    single = _single(text)
    if single is not None:
        return single
    tokens = _tokens(text)
    expression = None if tokens is None else _flat(tokens) or _read(tokens)
    if expression is not None:
        return expression
    named = of_name(text)
    return unknown(text) if named is None else _parsed(named)


def _single(text: str) -> Leaf | None:
    """Return the leaf of one id, None when it is none of those that SPDX knows and no `LicenseRef-…`."""
    id_ = spdx_ids().license(text)
    if id_ is not None:
        return Leaf(id_, id_)
    if is_custom(text):
        return Leaf(text, text, known=False, custom=True)
    if text.endswith("+") and (id_ := spdx_ids().license(text[:-1])) is not None:
        return Leaf(f"{id_}+", id_)
    return None


def _tokens(text: str) -> list[str] | None:
    """Return the words of an expression, ids as they are written now; None when something in it is no such word."""
    tokens: list[str] = []
    depth = ids = 0
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token.isspace():
            continue
        depth += {"(": 1, ")": -1}.get(token, 0)
        ids += 2 * (token not in ("(", ")") and token.upper() not in _OPERATORS)
        word = _word(token)
        if word is None or depth > MAX_DEPTH or ids > MAX_IDS:
            return None
        tokens += word
    return tokens


def _word(token: str) -> list[str] | None:
    if token in ("(", ")"):
        return [token]
    if token.upper() in _OPERATORS and token in (token.upper(), token.lower()):
        return [token.upper()]
    form = current_form(token)
    if form is not None:
        return ["(", *form.split(), ")"]
    leaf = _single(token)
    text = leaf.text if leaf is not None else spdx_ids().exception(token)
    return None if text is None else [text]


class _Parser(Protocol):
    def parse(self, expression: str, *, strict: bool, simple: bool) -> object: ...


@lru_cache(maxsize=1)
def _parser() -> _Parser:
    """The parser, for licences L0, L1, … and exceptions E0, E1, …: it refuses one in the place of the other."""
    from license_expression import LicenseSymbol, Licensing  # type: ignore[import-untyped]

    licenses = [LicenseSymbol(f"L{number}") for number in range(MAX_IDS)]
    exceptions = [LicenseSymbol(f"E{number}", is_exception=True) for number in range(MAX_IDS)]
    return cast(_Parser, Licensing([*licenses, *exceptions]))


def _flat(tokens: Sequence[str]) -> Expression | None:
    """Return the expression of ids with one operator between them, as most are; None for any other."""
    operators = set(tokens[1::2])
    if len(tokens) % 2 == 0 or len(tokens) < 3 or operators not in ({"AND"}, {"OR"}):
        return None
    found = [_single(token) for token in tokens[::2]]
    whole = [leaf for leaf in found if leaf is not None]
    return joined("AND" if "AND" in operators else "OR", whole) if len(whole) == len(found) else None


def _read(tokens: Sequence[str]) -> Expression | None:
    """Return the expression of any tokens. The parser sees only how they are put together, which is often the same."""
    words: list[str] = []
    ids: list[str] = []
    for token in tokens:
        if token in _OPERATORS or token in ("(", ")"):
            words.append(token)
            continue
        words.append(f"{'E' if words[-1:] == ['WITH'] else 'L'}{len(ids)}")
        ids.append(token)
    text = " ".join(words)
    shape = _kept_shape(text) if len(text) <= _SHORT else _shape(text)
    return None if shape is None else _filled(shape, ids)


@lru_cache(maxsize=4_096)
def _kept_shape(text: str) -> _Shape | None:
    return _shape(text)


def _shape(text: str) -> _Shape | None:
    from boolean.boolean import ParseError  # type: ignore[import-untyped]
    from license_expression import ExpressionError

    try:
        tree = _parser().parse(text, strict=True, simple=True)
    except (ExpressionError, ParseError, ValueError, IndexError, TypeError, AttributeError):
        # The last three are what it ends with on "()" and the like.
        return None
    return None if tree is None else _shape_of(tree)


def _shape_of(tree: object) -> _Shape | None:
    from license_expression import AND, OR, LicenseSymbol, LicenseWithExceptionSymbol

    if isinstance(tree, LicenseWithExceptionSymbol):
        return _Shape("WITH", (_index(tree.license_symbol.key), _index(tree.exception_symbol.key)))
    if isinstance(tree, LicenseSymbol):
        return _Shape("", (_index(tree.key),))
    if not isinstance(tree, AND | OR):
        return None
    parts = [_shape_of(part) for part in tree.args]
    whole = tuple(part for part in parts if part is not None)
    return _Shape("AND" if isinstance(tree, AND) else "OR", (), whole) if len(whole) == len(parts) else None


def _index(key: object) -> int:
    return int(str(key)[1:])


def _filled(shape: _Shape, ids: Sequence[str]) -> Expression | None:
    """Return the expression of a shape, None where an exception stands in the place of a licence or the reverse."""
    if shape.operator == "":
        return _single(ids[shape.ids[0]])
    if shape.operator == "WITH":
        return _pair(ids[shape.ids[0]], ids[shape.ids[1]])
    parts = [_filled(part, ids) for part in shape.parts]
    whole = [part for part in parts if part is not None]
    return joined(shape.operator, whole) if len(whole) == len(parts) else None


def _pair(license_: str, exception: str) -> Leaf | None:
    leaf, known = _single(license_), spdx_ids().exception(exception)
    if leaf is None or known is None:
        return None
    text = f"{leaf.text} WITH {known}"
    return Leaf(text, leaf.id, leaf.known, leaf.custom)
