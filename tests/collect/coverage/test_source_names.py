from __future__ import annotations

import pytest

from gate.collect.coverage.source_names import is_declaration, is_test, suffix


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "pkg/test_a.py",
        "pkg/a_test.go",
        "conftest.py",
        "src/__tests__/a.js",
        "src/a.test.tsx",
        "src/a.spec.ts",
        "a/src/test/java/com/x/Thing.java",
        "x/PaymentTest.java",
        "x/PaymentIT.java",
        "x/TestPayment.java",
        "spec/models/a.rb",
        "lib/a_spec.rb",
        "src/AccountTest.php",
        "Shop.Tests/AccountTests.cs",
        "ui/Button.stories.tsx",
    ],
)
def test_names_of_tests(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["src/a.py", "src/latest.py", "src/contest.go", "src/Testimony.java", "src/attest/a.py", "testable.js"]
)
def test_names_of_no_tests(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    ("path", "expected"), [("a/b.PY", ".py"), ("a.d/b", ""), (".bashrc", ""), ("a.test.ts", ".ts"), ("a", "")]
)
def test_the_suffix(path: str, expected: str) -> None:
    assert suffix(path) == expected


def test_declarations() -> None:
    assert is_declaration("a/b.d.ts")
    assert is_declaration("a.pyi")
    assert not is_declaration("a.ts")
