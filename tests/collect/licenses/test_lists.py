"""What the lists of a policy make of an expression."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.licenses.expressions import Expression, Leaf, leaves, parse, together
from gate.collect.licenses.lists import Lists, Standing, read_lists
from tests.collect.licenses.test_expressions import trees

ALLOW = ("MIT", "Apache-2.0", "BSD-*", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-Acme")
DENY = ("AGPL-*", "GPL-2.0", "sspl-1.0", "LicenseRef-Evil-*")


def lists(allow: tuple[str, ...] = ALLOW, deny: tuple[str, ...] = DENY) -> Lists:
    read, mistakes = read_lists(allow, deny)
    assert mistakes == {"allow": [], "deny": []}
    return read


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("MIT", Standing.ALLOWED),
        ("bsd-3-clause", Standing.ALLOWED),
        ("0BSD", Standing.NOT_ALLOWED),
        ("AGPL-3.0", Standing.DENIED),
        ("AGPL-1.0-or-later", Standing.DENIED),
        ("GPL-2.0-only", Standing.DENIED),
        ("GPL-2.0-or-later", Standing.NOT_ALLOWED),
        ("SSPL-1.0", Standing.DENIED),
        ("LicenseRef-Acme", Standing.ALLOWED),
        ("LicenseRef-Evil-2", Standing.DENIED),
        ("LicenseRef-Other", Standing.UNKNOWN),
        ("who knows", Standing.UNKNOWN),
        ("Apache-2.0+", Standing.ALLOWED),
        # One alternative is enough.
        ("MIT OR AGPL-3.0-only", Standing.ALLOWED),
        ("MIT OR LicenseRef-Other", Standing.ALLOWED),
        ("AGPL-3.0-only OR SSPL-1.0", Standing.DENIED),
        ("AGPL-3.0-only OR ISC", Standing.NOT_ALLOWED),
        ("AGPL-3.0-only OR LicenseRef-Other", Standing.UNKNOWN),
        # All that hold must hold.
        ("MIT AND Apache-2.0", Standing.ALLOWED),
        ("MIT AND ISC", Standing.NOT_ALLOWED),
        ("MIT AND AGPL-3.0-only", Standing.DENIED),
        ("LicenseRef-Other AND AGPL-3.0-only", Standing.DENIED),
        ("MIT AND LicenseRef-Other", Standing.UNKNOWN),
        ("(MIT OR AGPL-3.0-only) AND (SSPL-1.0 OR Apache-2.0)", Standing.ALLOWED),
        ("(MIT AND AGPL-3.0-only) OR SSPL-1.0", Standing.DENIED),
        # Exceptions: the pair that is named goes before the licence alone.
        ("GPL-2.0 WITH Classpath-exception-2.0", Standing.ALLOWED),
        ("GPL-2.0 WITH GCC-exception-2.0", Standing.DENIED),
        ("Apache-2.0 WITH LLVM-exception", Standing.ALLOWED),
        ("GPL-3.0 WITH GCC-exception-3.1", Standing.NOT_ALLOWED),
    ],
)
def test_standing(text: str, standing: Standing) -> None:
    assert lists().standing(parse(text)) is standing


def test_a_licence_on_both_lists_is_denied() -> None:
    assert lists(("MIT",), ("MIT",)).standing(parse("MIT")) is Standing.DENIED


def test_a_pair_may_be_denied_where_its_licence_is_allowed() -> None:
    read = lists(("GPL-2.0-only",), ("GPL-2.0 WITH GCC-exception-2.0",))
    assert read.standing(parse("GPL-2.0")) is Standing.ALLOWED
    assert read.standing(parse("GPL-2.0 WITH GCC-exception-2.0")) is Standing.DENIED
    assert read.standing(parse("GPL-2.0 WITH Bison-exception-2.2")) is Standing.ALLOWED


def test_a_wide_glob_knows_nothing_that_is_not_known() -> None:
    read = lists(("*",), ("*GPL*",))
    assert read.standing(parse("whatever you want")) is Standing.UNKNOWN
    assert read.standing(parse("GPL, or so")) is Standing.UNKNOWN
    assert read.standing(parse("LGPL-3.0")) is Standing.DENIED
    assert read.standing(parse("ISC")) is Standing.ALLOWED


def test_without_lists_nothing_is_allowed_or_denied() -> None:
    read = lists((), ())
    assert read.standing(parse("MIT")) is Standing.NOT_ALLOWED
    assert read.standing(parse("what")) is Standing.UNKNOWN


def test_what_is_denied_is_told_by_name() -> None:
    assert lists().denied_ids(parse("MIT AND AGPL-3.0 AND SSPL-1.0")) == ("AGPL-3.0-only", "SSPL-1.0")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("AGPL-3", "names no licence that SPDX knows; did you mean AGPL-3.0"),
        ("Apache2", "did you mean Apache-2.0"),
        ("MIT OR ISC", "names more than one licence"),
        ("GPL-9*", "matches no licence"),
        ("[", "is not a glob"),
        ("BSD License", "names no licence"),
        ("\ud800*", "is not a glob"),
        ("", "names no licence"),
    ],
)
def test_an_entry_that_names_nothing_is_a_mistake(entry: str, reason: str) -> None:
    read, mistakes = read_lists((), (entry, "MIT"))
    (mistake,) = mistakes["deny"]
    assert reason in mistake.reason
    assert read.standing(parse("MIT")) is Standing.DENIED


LEAVES = {
    "MIT": "allowed",
    "ISC": "other",
    "GPL-3.0-only": "denied",
    "Apache-2.0": "other",
    "LicenseRef-own": "unknown",
}


def alternatives(expression: Expression) -> list[frozenset[str]]:
    """Every set of licences that satisfies an expression, laid out in full."""
    if isinstance(expression, Leaf):
        return [frozenset({expression.text})]
    each = [alternatives(part) for part in expression.parts]
    if expression.operator == "OR":
        return [choice for part in each for choice in part]
    return [frozenset().union(*choice) for choice in product(*each)]


@given(trees(), st.permutations(list(LEAVES.values())))
def test_standing_is_what_laying_out_every_alternative_says(text: str, kinds: list[str]) -> None:
    kind = dict(zip(LEAVES, kinds, strict=True))
    # Any licence can be put on a list; only the custom one can be unknown, so the word is exchanged with it.
    for name in [name for name, what in kind.items() if what == "unknown" and name != "LicenseRef-own"]:
        kind[name], kind["LicenseRef-own"] = kind["LicenseRef-own"], "unknown"
    if kind["LicenseRef-own"] == "other":
        kind["LicenseRef-own"] = "unknown"
    read = lists(
        tuple(name for name, what in kind.items() if what == "allowed"),
        tuple(name for name, what in kind.items() if what == "denied"),
    )
    expression = parse(text)
    ways = [{kind[name] for name in way} for way in alternatives(expression)]
    free = [way for way in ways if "denied" not in way]
    standing = read.standing(expression)
    assert (standing is Standing.DENIED) == (not free)
    assert (standing is Standing.ALLOWED) == any(way == {"allowed"} for way in ways)
    if free and standing is not Standing.ALLOWED:
        assert (standing is Standing.UNKNOWN) == all("unknown" in way for way in free)


@given(trees(), trees())
def test_more_licences_that_hold_make_nothing_better(one: str, other: str) -> None:
    read = lists(("MIT", "ISC"), ("GPL-3.0-only",))
    both = together([one, other])
    assert read.standing(both) <= min(read.standing(parse(one)), read.standing(parse(other)))
    assert {leaf.text for leaf in leaves(both)} == {leaf.text for text in (one, other) for leaf in leaves(parse(text))}
