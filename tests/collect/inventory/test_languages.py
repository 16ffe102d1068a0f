"""What names of files say: the language, and whether tests are looked for in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.inventory.languages import has_suffix, language_of, language_of_script
from gate.collect.inventory.names_of_tests import holds_python_tests, holds_tests


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/a.py", "Python"),
        ("A.PY", "Python"),
        ("x.d.ts", "TypeScript"),
        ("Dockerfile", "Dockerfile"),
        ("docker/Dockerfile.web", "Dockerfile"),
        ("web.Dockerfile", "Dockerfile"),
        ("Makefile", "Makefile"),
        ("BUILD", "Starlark"),
        ("build", None),
        (".py", None),
        (".bashrc", None),
        ("LICENSE", None),
        ("a.py/LICENSE", None),
        ("archive.tar.gz", None),
        ("main.tf", "HCL"),
        ("CMakeLists.txt", "CMake"),
        ("notes.txt", None),
    ],
)
def test_languages_by_name(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("start", "language"),
    [
        (b"#!/bin/sh\n", "Shell"),
        (b"#!/usr/bin/env python3.11\n", "Python"),
        (b"#! /usr/bin/env -S node --harmony\n", "JavaScript"),
        (b"#!/usr/bin/python3 -I\n", "Python"),
        (b"#!/opt/x/bash", "Shell"),
        (b"#!/usr/bin/awk -f\n", None),
        (b"#!/usr/bin/pythonista\n", None),
        (b"#!", None),
        (b"", None),
        (b"# python\n", None),
        (b"\x7fELF", None),
    ],
)
def test_languages_of_scripts(start: bytes, language: str | None) -> None:
    assert language_of_script(start) == language


def test_a_leading_dot_is_no_suffix() -> None:
    assert [has_suffix(path) for path in ("a", ".a", "a.b", "x.y/a", ".a.b")] == [False, False, True, False, True]


TESTS = """test_a.py tests/a_test.py app/tests.py x_test.go src/a.test.ts a.spec.jsx web/__tests__/a.js AppTest.java
AppIT.java TestApp.kt ATests.cs aTest.php a_spec.rb test_a.rb tests/integration.rs a_unittest.cc test_a.cpp a.bats
a.Tests.ps1 ASpec.scala ATests.swift a_test.exs test-a.R e2e/a.cy.ts"""
NO_TESTS = """a.py conftest.py tests/__init__.py tests/helper.py testing.py attest.py latest.go contest.java
Testament.md src/a.rs tests/data/a.rs web/__tests__/a.d.ts web/__tests__/a.snap Testing.txt a.ts
greatest.js Latest.cs test.txt tests/fixtures/a.json Test.md IT.txt EXIT.md"""


@pytest.mark.parametrize("path", TESTS.split())
def test_files_of_tests(path: str) -> None:
    assert holds_tests(path)


@pytest.mark.parametrize("path", NO_TESTS.split())
def test_other_files(path: str) -> None:
    assert not holds_tests(path)


def test_python_tests() -> None:
    assert [holds_python_tests(path) for path in ("a/test_a.py", "a_test.py", "a_test.go", "conftest.py")] == [
        True,
        True,
        False,
        False,
    ]


@given(st.text())
def test_any_text_is_a_name(text: str) -> None:
    assert holds_tests(text) >= holds_python_tests(text)
    assert language_of(text) is None or language_of(text + "\n") != ""


@given(st.binary())
def test_any_bytes_are_the_start_of_a_file(data: bytes) -> None:
    assert language_of_script(data) is None or data.startswith(b"#!")
