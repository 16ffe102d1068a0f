"""One located message beside the code, as a forge shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

AnnotationLevel: TypeAlias = Literal["notice", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """One located message. Lines count from 1; `path` is from the repository's root; `title` has at most 255 chars."""

    path: str
    line: int
    level: AnnotationLevel
    title: str
    message: str
