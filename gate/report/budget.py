"""Cutting a text of sections to a number of bytes without breaking any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """Some items under a heading.

    `render` gets the items that are kept and how many were left out, and returns a whole piece of Markdown. `cut` says
    when it is shortened: the lowest first. `name` is what it is called when it had to go ("What passed (28)"). Sections
    with the same `fold` stand behind one fold of that title, where the first of them stands.
    """

    name: str
    items: tuple[str, ...]
    render: Callable[[Sequence[str], int], str]
    cut: int
    fold: str = ""

    def text(self, kept: int) -> str:
        """Return the section with its first `kept` items, "" for none."""
        return self.render(self.items[:kept], len(self.items) - kept) if kept else ""


def fit(heads: Sequence[str], sections: Sequence[Section], budget: int) -> str:
    """Return a head and the sections in at most `budget` UTF-8 bytes.

    Sections are shortened in the order of `cut`, each as little as will do, and those of which nothing is left are
    named at the end. Where a head alone is too much, the next one is tried; the last is returned however long it is.
    """
    full = [section for section in sections if section.items]
    for head in heads:
        text = _fitted(head, full, budget)
        if _size(text) <= budget:
            return text
    return heads[-1] + "\n"


def _fitted(head: str, sections: Sequence[Section], budget: int) -> str:
    kept = [len(section.items) for section in sections]
    for index in sorted(range(len(sections)), key=lambda i: sections[i].cut):
        if _size(_text(head, sections, kept)) <= budget:
            break
        kept[index] = _most(head, sections, kept, index, budget)
    return _text(head, sections, kept)


def _text(head: str, sections: Sequence[Section], kept: Sequence[int]) -> str:
    parts: dict[tuple[str, int], list[str]] = {}
    for index, (section, count) in enumerate(zip(sections, kept, strict=True)):
        if count:
            parts.setdefault((section.fold, 0 if section.fold else index), []).append(section.text(count))
    blocks = [head, *(_folded(fold, texts) for (fold, _index), texts in parts.items())]
    gone = [section.name for section, count in zip(sections, kept, strict=True) if not count]
    if gone:
        blocks.append(f"<sub>Left out for want of room: {', '.join(gone)}. The JSON report has everything.</sub>")
    return "\n\n".join(blocks) + "\n"


def _folded(title: str, texts: Sequence[str]) -> str:
    body = "\n\n".join(texts)
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>" if title else body


def _most(head: str, sections: Sequence[Section], kept: Sequence[int], index: int, budget: int) -> int:
    """Return the largest count of items of one section that fits, 0 when none does, by bisection."""
    low, high = 0, kept[index]
    while low < high:
        middle = (low + high + 1) // 2
        if _size(_text(head, sections, [*kept[:index], middle, *kept[index + 1 :]])) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def _size(text: str) -> int:
    return len(text.encode())
