"""What promtool says of rules and configurations. Pure.

Its answer is text: on stdout "Checking FILE" for each file, below it "SUCCESS: N rules found" or, of a configuration,
"SUCCESS: FILE is valid prometheus config file syntax"; on stderr "FAILED:" and what is wrong. As `promtool check rules`
and `promtool check config --syntax-only` of 2.42 and of 3.x write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

_CHECKING = re.compile(r"^Checking (?P<file>\S+)$")
_RULES = re.compile(r"^\s+SUCCESS: (?P<count>\d+) rules found$")
_CONFIG = re.compile(r"^\s+SUCCESS: (?P<file>\S+) is valid prometheus config file syntax$")
_COMPLAINT = re.compile(r"^(?P<file>[\w./-]+?\.json): (?P<rest>.*)$")
_PLACE = re.compile(r"^(?P<line>\d+):\d+: ")
_LINE = re.compile(r"\bline (?P<line>\d+): ")
_NUMBER_LIMIT = 9


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that promtool looked at. `rules` is how many it found; None where it does not say, or holds none."""

    name: str
    accepted: bool
    rules: int | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong: `line` is in the file that promtool got, from 1; None where it does not say."""

    file: str
    line: int | None
    text: str


def read_checked(stdout: bytes) -> tuple[CheckedFile, ...]:
    """Return the files that were looked at, in order. Raises ReportError."""
    try:
        lines = stdout.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise ReportError("holds bytes that are not UTF-8") from None
    found: list[CheckedFile] = []
    for number, line in enumerate(lines, 1):
        checking = _CHECKING.match(line)
        if checking is not None:
            found.append(CheckedFile(checking["file"], False))
            continue
        rules, config = _RULES.match(line), _CONFIG.match(line)
        if rules is None and config is None:
            if line.strip() and not line.lstrip().startswith(("SUCCESS:", "FAILED:")):
                raise ReportError("holds a line that promtool does not write", number)
            continue
        if not found or found[-1].accepted:
            raise ReportError("says that a file is right without naming it first", number)
        count = int(rules["count"]) if rules is not None and len(rules["count"]) <= _NUMBER_LIMIT else None
        found[-1] = CheckedFile(found[-1].name, True, count)
    if not found:
        raise ReportError("names no file that was looked at")
    return tuple(found)


def read_complaints(stderr: str) -> tuple[Complaint, ...]:
    """Return what promtool complains of, in order; what belongs to no file has "" for one."""
    found: list[Complaint] = []
    for raw in stderr.splitlines():
        line = raw.strip().removeprefix("FAILED:").strip()
        if not line:
            continue
        named = _COMPLAINT.match(line)
        if named is None and found and raw.startswith((" ", "\t")) and not raw.lstrip().startswith("FAILED"):
            last = found.pop()
            place = _LINE.search(line)
            at = last.line or (int(place["line"]) if place and len(place["line"]) <= _NUMBER_LIMIT else None)
            found.append(Complaint(last.file, at, f"{last.text} {_without_place(line)}".strip()))
            continue
        file, rest = (named["file"], named["rest"]) if named else ("", line)
        found.append(_complaint(file, rest))
    return tuple(found)


def _complaint(file: str, rest: str) -> Complaint:
    place = _PLACE.match(rest)
    if place is not None:
        rest = rest[place.end() :]
    place = place or _LINE.search(rest)
    line = int(place["line"]) if place is not None and len(place["line"]) <= _NUMBER_LIMIT else None
    return Complaint(file, line, _without_place(rest))


def _without_place(text: str) -> str:
    """Return a complaint without lines and names of the gate's own copy."""
    text = re.sub(r"parsing YAML file \S+?\.json: ", "", text)
    return _LINE.sub("", text.removeprefix("yaml: unmarshal errors:").removeprefix("yaml: ")).strip()
