"""Names of images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.image_name import image_name

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("redis", ("docker.io", "library/redis", None, None)),
        ("redis:7", ("docker.io", "library/redis", "7", None)),
        ("shop/api:1", ("docker.io", "shop/api", "1", None)),
        ("ghcr.io/shop/api", ("ghcr.io", "shop/api", None, None)),
        ("localhost/api:x", ("localhost", "api", "x", None)),
        ("localhost:5000/api", ("localhost:5000", "api", None, None)),
        (f"a.b/c/d:1@{DIGEST}", ("a.b", "c/d", "1", DIGEST)),
        (f"redis@{DIGEST}", ("docker.io", "library/redis", None, DIGEST)),
    ],
)
def test_parts(text: str, parts: tuple[str, ...]) -> None:
    name = image_name(text)
    assert name is not None
    assert (name.registry, name.repository, name.tag, name.digest) == parts
    assert name.latest == (name.digest is None and name.tag in (None, "latest"))
    assert name.facts()["pinned"] == (name.digest is not None)


@pytest.mark.parametrize("text", ["", "a b", "x:${TAG}", "x:", ":7", "x@sha256:short", "{{ .x }}", "a/"])
def test_what_is_no_name(text: str) -> None:
    assert image_name(text) is None


@given(st.text("ab./:@-_0$ ", max_size=40))
def test_nothing_makes_it_raise(text: str) -> None:
    name = image_name(text)
    assert name is None or name.repository
