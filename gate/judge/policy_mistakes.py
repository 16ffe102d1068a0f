"""Mistakes of a file that a person wrote, gathered until all are known, in words that say what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeAlias, cast

from gate.errors import Mistake
from gate.formats.globs import GlobError, matches
from gate.formats.strict_yaml import Document
from gate.judge.json_words import words
from gate.judge.schema import shipped_validator
from gate.judge.schema_words import explain
from gate.model.json import Json
from gate.model.kinds import KINDS

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

KeyPath: TypeAlias = tuple[str | int, ...]

_CALLED = {
    "extends": "profile",
    "evidence": "kind of evidence",
    "expects": "kind of evidence",
    "recollect": "kind of evidence",
    "required": "channel",
    "comment": "way to comment",
    "changed_workflows": "way to take changed workflows",
}


class Gathered:
    """The mistakes of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._misshapen: list[KeyPath] = []
        self.mistakes: list[Mistake] = []

    def add(self, path: KeyPath, text: str, *, at_value: bool = False) -> None:
        """Note a mistake at a key, or at its value."""
        self.mistakes.append(self._document.mistake(path, text, at_value=at_value))

    def check_shape(self, schema_name: str, skip: Iterable[KeyPath] = ()) -> None:
        """Hold the document against a shipped schema; what lies below a path in `skip` is told by others."""
        for path, text, at_value in shape_mistakes(self._document.value, schema_name, skip):
            self._misshapen.append(path)
            self.add(path, text, at_value=at_value)

    def is_sound(self, path: KeyPath) -> bool:
        """Whether `check_shape` found nothing wrong at the path, above it or below it."""
        return not any(path[: len(each)] == each or each[: len(path)] == path for each in self._misshapen)


def shape_mistakes(value: Json, schema_name: str, skip: Iterable[KeyPath] = ()) -> Iterator[tuple[KeyPath, str, bool]]:
    """Yield (path, sentence, whether it is about the value there and not the key) for what a shipped schema refuses."""
    skipped = tuple(skip)
    for error in shipped_validator(schema_name).iter_errors(value):
        path = cast(KeyPath, tuple(error.absolute_path))
        if not any(path[: len(each)] == each for each in skipped):
            where, text = _shape_mistake(path, error)
            yield where, text, where == path and error.validator != "required"


def did_you_mean(name: str, known: Iterable[str], *, all_named: int = 12) -> str:
    """Return " Did you mean X?" for the nearest name, else " There are: …." when they are few, else ""."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5) or get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    if near:
        return f" Did you mean {near[0]}?"
    return f" There are: {', '.join(names)}." if 0 < len(names) <= all_named else ""


def no_such_criterion(id_: str, known: Iterable[str]) -> str:
    """Return that there is no criterion of an id, and the nearest that there is."""
    near = did_you_mean(id_, known, all_named=0)
    return f'There is no criterion "{id_}".{near or " `gate criteria` lists those of the catalogue."}'


def glob_mistake(pattern: str, *, is_path: bool = True) -> str | None:
    """Return what is wrong with a glob; one on paths stays within the repository."""
    try:
        matches(pattern, "")
    except GlobError as error:
        return f"{error}."
    return folder_mistake(pattern) if is_path else None


def folder_mistake(path: str) -> str | None:
    """Return why a path is not one within the repository."""
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path:
        return f"{words(path)} is not a path relative to the repository's root, with / between folders."
    if ".." in PurePosixPath(path).parts:
        return f"{words(path)} leads out of its folder; a path has no .. in it."
    return None


def texts_below(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text at and below a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts_below(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_below(item, (*path, index))


def _shape_mistake(path: KeyPath, error: ValidationError) -> tuple[KeyPath, str]:
    """Return where an error of the schema is told, and in which words."""
    name = error.message
    schema = error.schema if isinstance(error.schema, dict) else {}
    properties = schema.get("properties", {})
    match error.validator:
        case "additionalProperties":
            return (*path, name), _no_such_key(path, name, properties)
        case "required":
            about = properties.get(name, {}).get("description", "")
            return path, f'"{name}" is missing. {about}'.rstrip()
        case "enum":
            return path, _no_such_value(path, cast(Json, error.instance), cast("list[Json]", error.validator_value))
        case "pattern" if "description" in schema:
            return path, f"{schema['description']} Found {words(cast(Json, error.instance))}."
        case _:
            hint = " There is nothing behind the colon." if error.instance is None else ""
            return path, f"Expected {explain(error).wanted}, found {words(cast(Json, error.instance))}.{hint}"


def _no_such_key(path: KeyPath, name: str, known: Iterable[str]) -> str:
    if path == ("evidence",):
        if name in KINDS:
            return f'There is nothing to set for "{name}" evidence in this version.'
        return f'There is no kind of evidence "{name}" to set.{did_you_mean(name, known)}'
    return f'There is no key "{name}" here.{did_you_mean(name, known, all_named=20)}'


def _no_such_value(path: KeyPath, value: Json, known: list[Json]) -> str:
    keys = [step for step in path if isinstance(step, str)]
    called = _CALLED.get(keys[-1], keys[-1]) if keys else "value"
    names = [item if isinstance(item, str) else words(item) for item in known]
    if not isinstance(value, str) or not all(isinstance(item, str) for item in known):
        return f"{words(value)} is no {called}.{did_you_mean('', names)}"
    return f'There is no {called} "{value}".{did_you_mean(value, names, all_named=40)}'
