from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.coverage.coverage_paths import Miss, Written, go_module, normalise, path_map

TREE = (
    "abc.py",
    "setup.py",
    "src/pay/refunds.py",
    "src/pay/__init__.py",
    "src/ui/__init__.py",
    "services/pay/src/app.py",
    "services/orders/src/app.py",
    "core/src/main/java/com/acme/Util.java",
    "web/src/main/java/com/acme/Util.java",
    "web/src/main/java/com/acme/Page.java",
    "app/src/main/kotlin/Refund.kt",
    "tools/go.mod",
    "tools/cmd/main.go",
    "cmd/main.go",
)


def resolve(path: str, *roots: str, hint: str = "", others: tuple[str, ...] = ()) -> str | Miss:
    written = [Written(path, roots, hint), *(Written(other) for other in others)]
    modules = {"example.com/shop/tools": "tools", "example.com/shop": ""}
    return path_map(TREE, written, "/github/workspace", modules).resolve(written[0])


@pytest.mark.parametrize(
    ("path", "tracked"),
    [
        ("src/pay/refunds.py", "src/pay/refunds.py"),
        ("./src/pay/refunds.py", "src/pay/refunds.py"),
        ("src//pay/../pay/refunds.py", "src/pay/refunds.py"),
        ("src\\pay\\refunds.py", "src/pay/refunds.py"),
        ("D:\\a\\shop\\shop\\src\\pay\\refunds.py", "src/pay/refunds.py"),
        ("file:///home/runner/_work/shop/shop/src/pay/refunds.py", "src/pay/refunds.py"),
        ("/github/workspace/src/pay/refunds.py", "src/pay/refunds.py"),
        ("/home/runner/_work/shop/shop/src/pay/refunds.py", "src/pay/refunds.py"),
        ("/app/pay/refunds.py", "src/pay/refunds.py"),
        ("pay/refunds.py", "src/pay/refunds.py"),
        ("refunds.py", "src/pay/refunds.py"),
        ("com/acme/Page.java", "web/src/main/java/com/acme/Page.java"),
        ("com/acme/pay/Refund.kt", "app/src/main/kotlin/Refund.kt"),
        ("example.com/shop/tools/cmd/main.go", "tools/cmd/main.go"),
        ("example.com/shop/cmd/main.go", "cmd/main.go"),
        ("/github/workspace/abc.py", "abc.py"),
        ("services/pay/src/app.py", "services/pay/src/app.py"),
        ("/builds/x/services/pay/src/app.py", "services/pay/src/app.py"),
    ],
)
def test_the_spellings_of_a_tracked_file(path: str, tracked: str) -> None:
    assert resolve(path) == tracked


def test_a_path_is_joined_to_its_source() -> None:
    assert resolve("app.py", "/home/runner/_work/x/x/services/orders/src") == "services/orders/src/app.py"
    assert resolve("app.py", "services/pay/src") == "services/pay/src/app.py"
    assert resolve("pay/__init__.py", "/app/src", "/app/lib") == "src/pay/__init__.py"
    assert resolve("src/pay/refunds.py", ".") == "src/pay/refunds.py"


@pytest.mark.parametrize(
    ("path", "miss"),
    [
        ("src/app.py", Miss.AMBIGUOUS),
        ("__init__.py", Miss.AMBIGUOUS),
        ("com/acme/Util.java", Miss.AMBIGUOUS),
        ("nowhere.py", Miss.UNKNOWN),
        ("/usr/lib/python3/abc.py", Miss.UNKNOWN),
        ("/usr/lib/python3/site/refunds.py", Miss.UNKNOWN),
        ("lib/refunds.py", Miss.UNKNOWN),
        ("", Miss.UNKNOWN),
        ("/", Miss.UNKNOWN),
        ("../../etc/passwd", Miss.UNKNOWN),
    ],
)
def test_what_means_no_file_or_several(path: str, miss: Miss) -> None:
    assert resolve(path) is miss


def test_the_module_of_a_group_tells_namesakes_apart() -> None:
    assert resolve("com/acme/Util.java", hint="core") == "core/src/main/java/com/acme/Util.java"
    assert resolve("com/acme/Util.java", hint="elsewhere") is Miss.AMBIGUOUS


def test_a_file_at_the_top_is_known_by_the_company_it_keeps() -> None:
    others = ("/home/runner/_work/x/x/src/pay/refunds.py",)
    assert resolve("/home/runner/_work/x/x/setup.py", others=others) == "setup.py"
    assert resolve("/usr/lib/python3/setup.py", others=others) is Miss.UNKNOWN


segments = st.lists(st.sampled_from(["a", "b", "src", "x.py", "y.py"]), min_size=1, max_size=4).map("/".join)


@given(st.sets(segments, max_size=8).map(sorted), segments)
def test_what_is_tracked_means_itself_and_what_is_found_is_tracked(tree: list[str], path: str) -> None:
    found = path_map(tree, [Written(path)]).resolve(Written(path))
    if path in tree:
        assert found == path
    elif isinstance(found, str):
        assert found in tree
        assert found.rpartition("/")[2] == path.rpartition("/")[2]


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(path: str) -> None:
    once = normalise(path)
    assert normalise(once) == normalise(normalise(once))
    assert "\\" not in once
    assert "//" not in once


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("module example.com/shop\n\ngo 1.21\n", "example.com/shop"),
        ('// about\nmodule "example.com/x"\n', "example.com/x"),
        ("go 1.21\n", None),
        ("", None),
    ],
)
def test_the_module_of_a_go_mod(text: str, module: str | None) -> None:
    assert go_module(text) == module
