"""SPDX expressions, and what is none."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.licenses.expressions import (
    MAX_DEPTH,
    MAX_IDS,
    MAX_LENGTH,
    Expression,
    Group,
    Leaf,
    leaves,
    parse,
    together,
    unknown,
    written,
)
from gate.collect.licenses.names import NAMES, VAGUE
from gate.collect.licenses.spdx_ids import spdx_ids

IDS = ("MIT", "ISC", "GPL-3.0-only", "Apache-2.0", "LicenseRef-own")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", "MIT"),
        (" mit ", "MIT"),
        ("x11", "X11"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("AGPL-3.0", "AGPL-3.0-only"),
        ("GFDL-1.3", "GFDL-1.3-only"),
        ("Apache-2.0+", "Apache-2.0+"),
        ("(MIT OR GPL-3.0-or-later)", "GPL-3.0-or-later OR MIT"),
        ("MIT or apache-2.0", "Apache-2.0 OR MIT"),
        ("MIT AND (BSD-3-Clause OR ISC) AND MIT", "(BSD-3-Clause OR ISC) AND MIT"),
        ("MIT OR ISC AND Zlib", "(ISC AND Zlib) OR MIT"),
        ("MIT OR (ISC OR Zlib)", "ISC OR MIT OR Zlib"),
        ("GPL-2.0 WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("gpl-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("MIT OR GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0 OR MIT"),
        ("eCos-2.0", "GPL-2.0-or-later WITH eCos-exception-2.0"),
        ("StandardML-NJ", "SMLNJ"),
        ("MIT License", "MIT"),
        ("Apache License,  Version 2.0", "Apache-2.0"),
        ("License :: OSI Approved :: MIT License", "MIT"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ],
)
def test_what_is_known(text: str, expected: str) -> None:
    expression = parse(text)
    assert written(expression) == expected
    assert all(leaf.known for leaf in leaves(expression))


@pytest.mark.parametrize(
    "text",
    [
        "BSD",
        "BSD License",
        "GPL",
        "Apache Software License",
        "UNLICENSED",
        "SEE LICENSE IN LICENSE.txt",
        "MIT*",
        "MIT/X11",
        "MIT, ISC",
        "Public Domain",
        "MIT OR",
        "MIT WITH MIT",
        "Classpath-exception-2.0",
        "MIT OR Classpath-exception-2.0",
        "MIT WITH Classpath-exception-2.0 WITH Classpath-exception-2.0",
        "MIT Or ISC",
        "NOT MIT",
        "()",
        "(MIT",
        "MIT)",
        "AND",
        "",
        "\u041cIT",  # a Cyrillic letter
        "blessin\u0261",
        "\u212aazlib",
        "M\u0130T",
        "ISC\u200b OR MIT",
        "MIT\x00",
        "(" * 1000 + "MIT" + ")" * 1000,
        "A" * 1_000_000,
        " OR ".join(["MIT"] * 2 * MAX_IDS),
        "MIT" + " " * MAX_LENGTH + "OR ISC",
        "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software",
    ],
)
def test_what_is_no_expression_is_one_unknown_leaf(text: str) -> None:
    expression = parse(text)
    assert isinstance(expression, Leaf)
    assert not expression.known
    assert not expression.custom
    assert expression.text.isprintable()
    assert 0 < len(expression.text) <= 120


def test_names_of_one_s_own_are_custom() -> None:
    assert parse("LicenseRef-Acme-1.0") == Leaf("LicenseRef-Acme-1.0", "LicenseRef-Acme-1.0", known=False, custom=True)
    assert parse("DocumentRef-x:LicenseRef-y") == Leaf(
        "DocumentRef-x:LicenseRef-y", "DocumentRef-x:LicenseRef-y", False, True
    )
    # The library knows LicenseRef-MIT-… as another name of MIT; whoever wrote it may mean anything.
    for text in ("LicenseRef-Apache", "LicenseRef-MIT-Bootstrap", "LicenseRef-scancode-mit-old-style"):
        (leaf,) = leaves(parse(text))
        assert leaf.custom


def test_a_deep_expression_is_read_to_a_bound() -> None:
    assert parse("(" * MAX_DEPTH + "MIT" + ")" * MAX_DEPTH) == Leaf("MIT", "MIT")
    assert parse("(" * (MAX_DEPTH + 1) + "MIT" + ")" * (MAX_DEPTH + 1)) != Leaf("MIT", "MIT")


def test_what_several_texts_say_holds_together() -> None:
    assert written(together(["MIT", "ISC", "MIT"])) == "ISC AND MIT"
    assert written(together(["MIT OR ISC", "GPL-3.0"])) == "GPL-3.0-only AND (ISC OR MIT)"
    assert written(together(["MIT", "who knows"])) == "MIT AND who knows"


def test_a_family_beside_its_member_adds_nothing() -> None:
    assert written(together(["BSD-3-Clause", "License :: OSI Approved :: BSD License"])) == "BSD-3-Clause"
    assert written(together(["Apache-2.0", "License :: OSI Approved"])) == "Apache-2.0"
    assert written(together(["MIT", "BSD License"])) == "BSD License AND MIT"
    assert written(together(["BSD License", "GPL"])) == "BSD License AND GPL"
    assert written(together(["BSD License"])) == "BSD License"


def test_the_names_in_words_are_sound() -> None:
    for name, id_ in NAMES.items():
        assert name == " ".join(name.lower().split())
        assert spdx_ids().license(id_) == id_, name
        assert name not in VAGUE
    for name, prefixes in VAGUE.items():
        assert written(parse(name)) == name, "a family is no licence"
        assert all(any(id_.startswith(prefix) for id_ in spdx_ids().licenses.values()) for prefix in prefixes)


def test_the_list_is_that_of_spdx() -> None:
    ids = spdx_ids()
    assert len(ids.licenses) > 600
    assert len(ids.exceptions) > 60
    assert not ids.licenses.keys() & ids.exceptions.keys()
    assert not any("licenseref" in key for key in (*ids.licenses, *ids.exceptions))
    assert all(ids.license(current) == current for current in ids.licenses.values())


def trees() -> st.SearchStrategy[str]:
    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        both = st.lists(inner, min_size=2, max_size=3)
        joined = st.tuples(both, st.sampled_from([" AND ", " OR ", "  and ", " or\n"]))
        return joined.map(lambda pair: "(" + pair[1].join(pair[0]) + ")")

    return st.recursive(st.sampled_from(IDS), more, max_leaves=8)


def holds(text: str, true: frozenset[str]) -> bool:
    """What Python says of an expression when some of its ids are true."""
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    python = [
        word if word in "()" else word.lower() if word.upper() in ("AND", "OR") else str(word in true) for word in words
    ]
    return bool(eval(" ".join(python)))


def holds_tree(expression: Expression, true: frozenset[str]) -> bool:
    if isinstance(expression, Leaf):
        return expression.text in true
    each = [holds_tree(part, true) for part in expression.parts]
    return all(each) if expression.operator == "AND" else any(each)


@given(trees(), st.booleans())
def test_a_tree_means_what_the_text_says(text: str, bare: bool) -> None:
    if bare:
        # Without parentheses AND binds more tightly, in SPDX as in Python.
        text = text.replace("(", "").replace(")", "")
    expression = parse(text)
    for chosen in product((False, True), repeat=len(IDS)):
        true = frozenset(name for name, is_true in zip(IDS, chosen, strict=True) if is_true)
        assert holds_tree(expression, true) == holds(text, true)


@given(trees())
def test_what_is_written_reads_the_same(text: str) -> None:
    expression = parse(text)
    assert parse(written(expression)) == expression
    if isinstance(expression, Group):
        assert list(map(written, expression.parts)) == sorted(set(map(written, expression.parts)))


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(["(", ")", "AND", "OR", "WITH", "MIT", "ISC+", "Classpath-exception-2.0", "x", " "])
    ).map(" ".join)
)
def test_nothing_makes_the_reader_stumble(text: str) -> None:
    for leaf in leaves(parse(text)):
        assert leaf.text
        assert leaf.text.isprintable()
        assert not leaf.known or spdx_ids().license(leaf.id) == leaf.id


def test_an_unknown_text_is_harmless() -> None:
    assert unknown("a\x1b[31m\u202eb\nc").text == "a[31mb c"
    assert unknown("\u200b").text == "(nothing that can be read)"
