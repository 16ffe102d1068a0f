"""Which file of the tree a report means."""

from __future__ import annotations

import pytest

from gate.collect.dependencies.paths import speaks_of, tree_path

FILES = {"package-lock.json", "web/package-lock.json", "go.mod"}


@pytest.mark.parametrize(
    ("written", "scope", "meant"),
    [
        ("web/package-lock.json", "", "web/package-lock.json"),
        ("./web/../package-lock.json", "", "package-lock.json"),
        ("package-lock.json", "web", "package-lock.json"),
        ("web\\package-lock.json", "", "web/package-lock.json"),
        ("/checkout/web/package-lock.json", "", "web/package-lock.json"),
        ("file:///checkout/go.mod", "", "go.mod"),
        ("/src/go.mod", "", "go.mod"),
        ("/github/workspace/web/package-lock.json", "", "web/package-lock.json"),
        ("/home/runner/_work/shop/shop/package-lock.json", "", "package-lock.json"),
        # A name alone could be of any lock file.
        ("/tmp/other/package-lock.json", "", None),
        ("/srcx/go.mod", "", None),
        ("../package-lock.json", "", None),
        ("other/package-lock.json", "", None),
        ("", "", None),
    ],
)
def test_paths(written: str, scope: str, meant: str | None) -> None:
    assert tree_path(written, FILES, ["/checkout"], scope) == meant


def test_a_report_of_a_scope_names_files_from_there() -> None:
    assert tree_path("package-lock.json", {"web/package-lock.json"}, [], "web") == "web/package-lock.json"


def test_a_lock_file_has_to_speak_of_the_packages() -> None:
    data = b'"node_modules/@Scope/Some_Thing": {"version": "1.2.3"}'
    assert speaks_of(data, [("@scope/some-thing", "1.2.3")])
    assert not speaks_of(data, [("@scope/some-thing", "1.2.4")])
    assert not speaks_of(data, [("other", "1.2.3")])
    assert speaks_of(b"org.a:lib:1.0=runtime", [("org.a:lib", "1.0")])
    assert speaks_of(b"", [])
