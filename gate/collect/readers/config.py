"""Configuration files as JSON documents: YAML, JSON, TOML, INI and .env.

Dates and times become their ISO text, so that every document can be held against a JSON Schema. Nothing is expanded: no
variables, no includes, no interpolation.
"""

from __future__ import annotations

import configparser
import datetime
import io
import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.collect.readers.errors import ReportError
from gate.model.json import Json, JsonObject

_SUFFIXES = {
    ".yml": "yaml",
    ".yaml": "yaml",
    ".json": "json",
    ".toml": "toml",
    ".ini": "ini",
    ".cfg": "ini",
    ".conf": "ini",
    ".env": "env",
}


def format_of(path: str) -> str | None:
    """Return yaml, json, toml, ini or env by the name of the file; None for any other."""
    name = PurePosixPath(path).name
    if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
        return "env"
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


def read_config(data: bytes, format_name: str) -> Json:
    """Return the content of a file. A YAML file of several documents gives a list of them. Raises ReportError."""
    readers: dict[str, Callable[[bytes], Json]] = {
        "yaml": _yaml,
        "json": _json,
        "toml": _toml,
        "ini": _ini,
        "env": _env,
    }
    return readers[format_name](data)


@dataclass(frozen=True, slots=True)
class ConfigDocuments:
    """A file, document by document. `whole` is False where some could not be read: these are in `bad`.

    `values` of YAML have the lines of their mappings. Every file but one of YAML is a single document.
    """

    values: tuple[Json, ...]
    bad: tuple[ReportError, ...] = ()

    @property
    def content(self) -> Json:
        """The file as criteria see it: its document, or a list of those that could be read."""
        return self.values[0] if len(self.values) == 1 and not self.bad else [*self.values]


def read_documents(data: bytes, format_name: str) -> ConfigDocuments:
    """Return what a file holds. A bad document of YAML leaves those beside it. Raises ReportError if none is good.

    A YAML file of comments only has no document.
    """
    if format_name != "yaml":
        return ConfigDocuments((read_config(data, format_name),))
    from gate.formats.located_yaml import BadYaml, YamlDocument, read_parts

    parts = read_parts(data)
    good = tuple(part.value for part in parts if isinstance(part, YamlDocument))
    bad = tuple(
        ReportError(f"holds a document that is not YAML that can be read: {part.reason}", part.line)
        for part in parts
        if isinstance(part, BadYaml)
    )
    if parts and (not bad or not good):
        read_config(data, format_name)  # stricter: it refuses what has no value in JSON, such as .nan
    return ConfigDocuments(good, bad)


def _yaml(data: bytes) -> Json:
    from gate.formats.strict_yaml import YamlProblem, load_documents

    try:
        documents = load_documents(data)
    except YamlProblem as problem:
        raise ReportError(f"is not YAML that can be read: {problem.reason}", problem.line) from problem
    if not documents:
        raise ReportError("holds no YAML document")
    return documents[0] if len(documents) == 1 else documents


def _json(data: bytes) -> Json:
    from gate.formats.strict_json import JsonProblem, loads

    try:
        return loads(data)
    except JsonProblem as problem:
        raise ReportError(f"is not JSON: {problem.reason}", problem.line) from problem


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportError(f"is not UTF-8 text (byte {error.start:,})") from error


def _toml(data: bytes) -> Json:
    try:
        return _plain(tomllib.loads(_text(data)))
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"is not TOML: {error}") from error
    except RecursionError as error:
        raise ReportError("nests too deep to be read") from error


def _plain(value: object) -> Json:
    """Return a TOML value as JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ReportError("holds a number that is not finite")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ReportError(f"holds a value of the unknown type {type(value).__name__}")


def _ini(data: bytes) -> Json:
    """Return {section: {key: text}}; keys keep their case, DEFAULT is a section like any other."""
    parser = configparser.RawConfigParser(default_section="\0", strict=True, allow_no_value=True)
    parser.optionxform = str  # type: ignore[method-assign,assignment] # the documented way to keep the case
    try:
        parser.read_string(_text(data))
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        raise ReportError(f"is not INI: {str(error).splitlines()[0]}", line) from error
    document: JsonObject = {}
    for section in parser.sections():
        values: JsonObject = dict(parser.items(section))
        document[section] = values
    return document


def _env(data: bytes) -> Json:
    """Return {NAME: text}; a name without `=` is null. Variables inside values are not expanded."""
    from dotenv.parser import parse_stream

    document: JsonObject = {}
    for binding in parse_stream(io.StringIO(_text(data))):
        if binding.error:
            raise ReportError("holds a line that is no NAME=VALUE", binding.original.line)
        if binding.key is not None:
            if binding.key in document:
                raise ReportError(f"sets {binding.key} twice", binding.original.line)
            document[binding.key] = binding.value
    return document
