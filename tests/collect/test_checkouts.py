"""Where CI checks a repository out."""

from __future__ import annotations

import pytest

from gate.collect.checkouts import below_checkout


@pytest.mark.parametrize(
    "root",
    [
        "/github/workspace/",
        "/".join(("/home/runner", "work", "shop", "shop", "")),  # hosted by GitHub
        "/home/runner/_work/shop/shop/",
        "/Users/runner/" + "work/shop/shop/",
        "/actions-runner/_work/shop/shop/",
        "/__w/shop/shop/",
        "D:/a/shop/shop/",
        "/D:/a/shop/shop/",
        "/builds/group/shop/",
    ],
)
def test_what_lies_below_a_checkout_is_told(root: str) -> None:
    assert below_checkout(f"{root}src/app.py") == "src/app.py"


@pytest.mark.parametrize(
    "path", ["", "/", "/etc/passwd", "src/app.py", "/home/runner/_work/shop", "/x/__w/shop/shop/a"]
)
def test_anything_else_is_no_checkout(path: str) -> None:
    assert below_checkout(path) is None
