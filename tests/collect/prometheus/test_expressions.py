from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.prometheus.conditions import Absence, Condition, alternatives, constant
from gate.collect.prometheus.expressions import Expressions, Language
from gate.collect.prometheus.selectors import full_match, series_of, walk

PIECES = st.sampled_from(
    [
        "up",
        "sum",
        "(",
        ")",
        "{",
        "}",
        "[5m]",
        'code=~"5.."',
        ">",
        "<",
        "0.5",
        "/",
        "*",
        "-",
        "and",
        "or",
        "unless",
        "rate",
        ",",
    ]
)


def conditions(text: str) -> list[tuple[str, float]]:
    tree = Expressions().read(text).tree
    assert tree is not None, text
    found = [each for side in alternatives(tree) for each in side]
    return [(each.operator, each.threshold) for each in found if isinstance(each, Condition)]


@given(st.lists(PIECES, max_size=30))
def test_any_text_is_read_without_an_error(pieces: list[str]) -> None:
    read = Expressions().read(" ".join(pieces))
    if read.tree is None:
        assert read.error or read.unchecked or read.language is Language.LOGQL
    else:
        alternatives(read.tree)
        series_of(read.tree)
        assert list(walk(read.tree))


@pytest.mark.parametrize(
    "text",
    ["(" * 5_000 + "a" + ")" * 5_000, "a" + "+a" * 20_000, "-" * 20_000 + "a", "sum(" * 3_000, "a" * 30_000],
    ids=["parentheses", "sums", "signs", "calls", "long"],
)
def test_what_would_overflow_the_parser_is_not_given_to_it(text: str) -> None:
    read = Expressions().read(text)
    assert read.tree is None
    assert read.error is None
    assert "larger than what is parsed" in (read.unchecked or "")


def test_the_deepest_that_is_parsed_can_be_walked() -> None:
    for text in ("(" * 290 + "a" + ")" * 290 + " > 1", "-" * 290 + "a > 1", "1+" * 145 + "a > 1", "a" + " or a" * 290):
        read = Expressions().read(text)
        assert read.tree is not None, text[:20]
        alternatives(read.tree)
        series_of(read.tree)


def test_all_expressions_of_a_tree_share_one_bound() -> None:
    expressions = Expressions(left=100)
    assert expressions.read("a + b + c").tree is not None
    assert expressions.read("+".join("abcdefghijklmn")).unchecked == (
        "was not parsed: the expressions of this tree take too long together"
    )
    assert expressions.read("a + b + c").tree is not None, "what is known is not parsed again"


@pytest.mark.parametrize(
    "text",
    [
        'sum(rate({app="x"} |= "error" [5m])) > 1',
        '{app="x"} | json | level="error"',
        'count_over_time({app="x"} !~ "a" [5m]) > 0',
    ],
)
def test_logql_is_no_mistake_in_promql(text: str) -> None:
    read = Expressions().read(text)
    assert (read.language, read.error, read.unchecked) == (Language.LOGQL, None, None)


@pytest.mark.parametrize(
    "text", ["up > ${LIMIT}", "up{job='{{ .Values.job }}'} > {{ .limit }}", "rate(a[$__interval])", "a > <limit>"]
)
def test_placeholders_are_unchecked_not_wrong(text: str) -> None:
    read = Expressions().read(text)
    assert read.error is None
    assert "fills in later" in (read.unchecked or "")


@pytest.mark.parametrize("text", ["up ==", "", "sum(up", "up{job=~'a}", "rate(up[5x])"])
def test_what_is_no_promql_is_an_error(text: str) -> None:
    read = Expressions().read(text)
    assert read.error
    assert read.tree is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a > 5", [(">", 5)]),
        ("5 < a", [(">", 5)]),
        ("a > bool (14.4 * 0.001)", [(">", 0.0144)]),
        ("100 * a / b > 5", [(">", 0.05)]),
        ("a / b * 100 > 5", [(">", 0.05)]),
        ("sum(a * 100) / sum(b) > 5", [(">", 0.05)]),
        ("a / (b * 100) > 0.05", [(">", 5)]),
        ("1 - a / b > 0.05", [("<", 0.95)]),
        ("(1 - a / b) * 100 > 5", [("<", 0.95)]),
        ("-a > -5", [("<", 5)]),
        ("a - 3 >= 2 ^ 3 % 5", [(">=", 6)]),
        ("a / 0 > 1", [(">", 1)]),
        ("a > 1 and b < 2 unless c == 3", [(">", 1), ("<", 2), ("==", 3)]),
        ("a > 1 or b > 2", [(">", 1), (">", 2)]),
        ("a > b", []),
        ("a > scalar(vector(3))", [(">", 3)]),
        ("a > Inf", []),
        ("a > 1 / 0", []),
        ("absent(up)", []),
    ],
)
def test_conditions(text: str, wanted: list[tuple[str, float]]) -> None:
    found = conditions(text)
    assert [operator for operator, _number in found] == [operator for operator, _number in wanted]
    assert [number for _operator, number in found] == pytest.approx([number for _operator, number in wanted])


def test_what_stands_behind_unless_is_negated() -> None:
    tree = Expressions().read("a > 1 unless (b > 2 or absent(c))").tree
    assert tree is not None
    ((first, second, third),) = alternatives(tree)
    assert [first.negated, second.negated, third.negated] == [False, True, True]
    assert isinstance(third, Absence)


def test_sides_of_or_are_alternatives() -> None:
    tree = Expressions().read("(a > 1 and b > 1) or (c > 2)").tree
    assert tree is not None
    assert [len(side) for side in alternatives(tree)] == [2, 1]


@given(st.floats(min_value=-1e6, max_value=1e6), st.floats(min_value=0.001, max_value=1e6))
def test_constants_are_folded(left: float, right: float) -> None:
    tree = Expressions().read(f"a > {left!r} * {right!r}").tree
    assert tree is not None
    ((only,),) = alternatives(tree)
    assert isinstance(only, Condition)
    assert only.threshold == pytest.approx(left * right)


@pytest.mark.parametrize("text", ["1 / 0", "10 ^ 10000", "0 % 0", "(-8) ^ 0.5"])
def test_what_has_no_value_has_none(text: str) -> None:
    tree = Expressions().read(text).tree
    assert tree is not None
    assert constant(tree) is None


def test_patterns_that_do_not_compile_settle_nothing() -> None:
    assert full_match("5..", "500") is True
    assert full_match("5..", "5000") is False
    assert full_match("(", "a") is None
    assert full_match("a" * 600, "a") is None


def test_recordings_are_followed_and_never_in_a_circle() -> None:
    expressions = Expressions()
    trees = {
        name: expressions.read(text).tree
        for name, text in {"a:b": "rate(x[5m])", "c:d": "c:d + a:b", "top": "c:d"}.items()
    }
    recordings = {name: [tree] for name, tree in trees.items() if tree is not None}
    tree = expressions.read("top > 1").tree
    assert tree is not None
    assert [(series.metric, series.window) for series in series_of(tree, recordings)] == [("c:d", None), ("x", 300.0)]


def test_recordings_that_multiply_end() -> None:
    expressions = Expressions()
    recordings = {}
    for number in range(9):
        tree = expressions.read(" + ".join([f"r:{number + 1}"] * 90)).tree
        assert tree is not None
        recordings[f"r:{number}"] = [tree]
    tree = expressions.read("r:0").tree
    assert tree is not None
    assert len(series_of(tree, recordings)) == 200
