"""Which lines a pull request touches, from GitHub's patches."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from gate.publish.changed_lines import changed_lines
from gate.publish.forge_words import ChangedFile, ChangedFiles


def of(*files: ChangedFile, complete: bool = True) -> ChangedFiles:
    return ChangedFiles(files, complete)


def lines_of(patch: str) -> frozenset[int]:
    found = changed_lines(of(ChangedFile("a.py", "modified", None, patch)))
    assert found is not None
    return found.lines["a.py"]


def test_added_and_changed_lines_are_counted_by_hunk() -> None:
    patch = "@@ -1,3 +1,4 @@ def f():\n a\n-b\n+B\n+c\n d\n@@ -10 +11 @@\n-x\n+y\n\\ No newline at end of file"
    assert lines_of(patch) == {2, 3, 11}


def test_content_that_looks_like_a_header_is_content() -> None:
    assert lines_of("@@ -0,0 +1,3 @@\n+a\n+@@ -1 +900 @@\n+b") == {1, 2, 3}
    assert lines_of("@@ -1,2 +1,3 @@\n @@ -1 +900 @@\n+b\n c") == {2}


def test_what_github_does_not_tell_is_not_known() -> None:
    found = changed_lines(
        of(
            ChangedFile("big.py", "modified"),
            ChangedFile("new.bin", "added"),
            ChangedFile("gone.py", "removed"),
            ChangedFile("moved.py", "renamed", "old.py"),
            ChangedFile("b.py", "added", None, "@@ -0,0 +1 @@\n+x"),
        )
    )
    assert found is not None
    assert found.unknown == ("big.py", "new.bin")
    assert found.lines == {"moved.py": frozenset(), "b.py": {1}}
    assert changed_lines(of(complete=False)) is None


@given(
    st.lists(st.sampled_from(["a", "+b", "-c", "@@ -1 +9 @@", "", "d"]), max_size=12),
    st.lists(st.sampled_from(["a", "+b", "-c", "@@ -1 +9 @@", "", "e"]), max_size=12),
    st.integers(0, 4),
)
def test_it_is_what_a_diff_says(old: list[str], new: list[str], context: int) -> None:
    patch = "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=context))[2:])
    matcher = difflib.SequenceMatcher(None, old, new)
    added = {n + 1 for tag, _i, _k, j, m in matcher.get_opcodes() if tag in ("insert", "replace") for n in range(j, m)}
    found = changed_lines(of(ChangedFile("a.py", "modified", None, patch)))
    assert found is not None
    assert found.lines["a.py"] == added
