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
MAX_IDS = 500
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
    expression = None if tokens is None else _read(tokens)
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
        ids += token not in ("(", ")")
        word = _word(token)
        if word is None or depth > MAX_DEPTH or ids > 2 * MAX_IDS:
            return None
        tokens.append(word)
    return tokens


def _word(token: str) -> str | None:
    if token in ("(", ")"):
        return token
    if token.upper() in _OPERATORS and token in (token.upper(), token.lower()):
        return token.upper()
    form = current_form(token)
    if form is not None:
        return f"({form})"
    leaf = _single(token)
    return leaf.text if leaf is not None else spdx_ids().exception(token)


class _Parser(Protocol):
    def parse(self, expression: str, *, strict: bool, simple: bool) -> object: ...


@lru_cache(maxsize=1)
def _parser() -> _Parser:
    """The parser: it must know the exceptions, so that it refuses them in the place of a licence."""
    from license_expression import LicenseSymbol, Licensing  # type: ignore[import-untyped]

    ids = spdx_ids()
    symbols = [LicenseSymbol(key) for key in sorted(set(ids.licenses.values()))]
    symbols += [LicenseSymbol(key, is_exception=True) for key in sorted(set(ids.exceptions.values()))]
    return cast(_Parser, Licensing(symbols))


def _read(tokens: Sequence[str]) -> Expression | None:
    from boolean.boolean import ParseError  # type: ignore[import-untyped]
    from license_expression import ExpressionError

    try:
        tree = _parser().parse(" ".join(tokens), strict=True, simple=True)
    except (ExpressionError, ParseError, ValueError, IndexError, TypeError, AttributeError):
        # The last three are what it ends with on "()" and the like.
        return None
    return None if tree is None else _expression(tree)


def _expression(tree: object) -> Expression | None:
    from license_expression import AND, OR, LicenseSymbol, LicenseWithExceptionSymbol

    if isinstance(tree, LicenseWithExceptionSymbol):
        return _pair(str(tree.license_symbol.key), str(tree.exception_symbol.key))
    if isinstance(tree, LicenseSymbol):
        return _single(str(tree.key))
    if isinstance(tree, AND | OR):
        parts = [_expression(part) for part in tree.args]
        whole = [part for part in parts if part is not None]
        return joined("AND" if isinstance(tree, AND) else "OR", whole) if len(whole) == len(parts) else None
    return None


def _pair(license_: str, exception: str) -> Leaf | None:
    leaf, known = _single(license_), spdx_ids().exception(exception)
    if leaf is None or known is None:
        return None
    text = f"{leaf.text} WITH {known}"
    return Leaf(text, leaf.id, leaf.known, leaf.custom)
