"""Cutting a text of sections to a number of bytes without breaking any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True, slots=True)
class Section:
    """Some items under a heading.

    `render` gets the items that are kept and how many were left out, and returns a whole piece of Markdown, "" for
    nothing. `cut` says when it is shortened: the lowest first.
    """

    items: tuple[str, ...]
    render: Callable[[Sequence[str], int], str]
    cut: int

    def text(self, kept: int) -> str:
        """Return the section with its first `kept` items."""
        return self.render(self.items[:kept], len(self.items) - kept)


def fit(head: str, sections: Sequence[Section], budget: int) -> str:
    """Return head and sections in at most `budget` UTF-8 bytes, as long as the head alone fits.

    Sections are shortened in the order of `cut`, each as little as will do; one that is too much with no item at all is
    dropped. What blocks has the highest `cut`, so it goes last.
    """
    kept = [len(section.items) for section in sections]
    dropped: set[int] = set()

    def whole() -> str:
        parts = [head, *(s.text(kept[i]) for i, s in enumerate(sections) if i not in dropped)]
        return "\n\n".join(part for part in parts if part) + "\n"

    for index in sorted(range(len(sections)), key=lambda i: sections[i].cut):
        if _size(whole()) <= budget:
            break
        kept[index] = _most(partial(_fits_with, whole, kept, index, budget), kept[index])
        if _size(whole()) > budget:
            dropped.add(index)
    return whole()


def _fits_with(whole: Callable[[], str], kept: list[int], index: int, budget: int, count: int) -> bool:
    before = kept[index]
    kept[index] = count
    try:
        return _size(whole()) <= budget
    finally:
        kept[index] = before


def _most(fits: Callable[[int], bool], highest: int) -> int:
    """Return the largest count that fits, 0 when none does: by bisection, as more items never take fewer bytes."""
    low, high = 0, highest
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _size(text: str) -> int:
    return len(text.encode())
