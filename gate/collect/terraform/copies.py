"""The copies of Terraform files that Trivy is given, and the proof that it looked at each.

Nothing of the tree's own decides what Trivy sees: its settings and ignore files are not copied, comments that hide
findings (`#trivy:ignore:…`) are made void in place, and the source of a module that lies elsewhere is replaced by a
folder that is not there, because Trivy would fetch it. No line moves. At the end of each copy a rule of a firewall is
planted that every version of Trivy finds to be open: without a finding on those lines the file was not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gate.collect.readers.hcl import decode
from gate.collect.terraform.evaluate import evaluate
from gate.collect.terraform.parsing import ParsedFile
from gate.collect.terraform.tree import folder_of, is_local

_HIDING = re.compile(r"(?i)\b(trivy|tfsec):ignore")
_ABSENT = "./gate-not-in-this-repository"
_PLANTED = {
    "type": "ingress",
    "from_port": 22,
    "to_port": 22,
    "protocol": "tcp",
    "cidr_blocks": ["0.0.0.0/0"],
    "security_group_id": "gate",
}


@dataclass(frozen=True, slots=True)
class Copy:
    """One file as Trivy gets it. `name` is its path in the copy, `lines` how many lines are the file's own.

    `hides` is whether the file holds comments that hide findings; `plain` has them as they are.
    """

    path: str
    name: str
    data: bytes
    plain: bytes
    lines: int
    hides: bool


def copy_of(file: ParsedFile, number: int) -> Copy | None:
    """Return the copy of a file that was parsed; None where the module sources in it cannot be replaced safely."""
    text = decode(file.data)
    is_json = file.path.lower().endswith(".json")
    given = _without_sources_json(text, file) if is_json else _without_sources(text, file)
    if given is None:
        return None
    plant = _planted_json if is_json else _planted
    void = _HIDING.sub(r"\1_ignore", given)
    return Copy(
        path=file.path,
        name=_name(file.path),
        data=plant(void, number).encode(),
        plain=plant(given, number).encode(),
        lines=_lines(given.rstrip() if is_json else given),
        hides=void != given,
    )


def planted_file() -> bytes:
    """Return a file that is nothing but what is planted: the self-test."""
    return _planted("", 0).encode()


def apart(copies: Iterable[Copy]) -> list[Copy]:
    """Return copies whose folders know nothing of each other: each is a place of its own."""
    folders: dict[str, str] = {}
    moved = []
    for copy in copies:
        folder = folders.setdefault(folder_of(copy.name), f"folder-{len(folders)}")
        moved.append(replace(copy, name=f"{folder}/inside/{copy.name.rpartition('/')[2]}"))
    return moved


def remote_calls(files: Sequence[ParsedFile]) -> Iterator[tuple[ParsedFile, str, str, int | None]]:
    """Yield (file, name, source, line) of each call of a module that does not lie in this repository."""
    folders = {folder_of(file.path) for file in files}
    for file in files:
        for block in file.block.named("module") if file.block else ():
            attribute = block.attributes.get("source")
            source = evaluate(attribute.expression) if attribute else ""
            if not isinstance(source, str) or not _is_here(source, file.path, folders):
                shown = source if isinstance(source, str) and source else "an expression"
                yield file, block.labels[0] if block.labels else "", shown, block.line


def _is_here(source: str, path: str, folders: set[str]) -> bool:
    import posixpath

    if not is_local(source):
        return False
    folder = posixpath.normpath(posixpath.join(folder_of(path), source))
    return ("" if folder == "." else folder) in folders


def _name(path: str) -> str:
    """Return a name that Trivy knows: an older one passes over `.tofu`."""
    return f"{path}.tf" if path.lower().endswith(".tofu") else path


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _planted(text: str, number: int) -> str:
    body = "\n".join(f"  {name} = {json.dumps(value)}" for name, value in _PLANTED.items())
    # The empty lines keep a comment at the end of the file from being about what is planted.
    return f'{text}\n\n\nresource "aws_security_group_rule" "gate_canary_{number}" {{\n{body}\n}}\n'


def _planted_json(text: str, number: int) -> str:
    body = text.rstrip()[:-1]
    comma = "" if body.strip() == "{" else ","
    planted = json.dumps({"aws_security_group_rule": {f"gate_canary_{number}": _PLANTED}}, indent=1)
    return f'{body}\n{comma}\n"resource": {planted}\n}}\n'


def _without_sources(text: str, file: ParsedFile) -> str | None:
    """Replace the sources of modules from elsewhere, from the last to the first, so that places stay right."""
    spans = []
    for block in file.block.named("module") if file.block else ():
        attribute = block.attributes.get("source")
        source = evaluate(attribute.expression) if attribute else None
        if attribute is not None and not (isinstance(source, str) and is_local(source)):
            if not 0 < attribute.start < attribute.end <= len(text):
                return None
            spans.append((attribute.start, attribute.end))
    for start, end in sorted(spans, reverse=True):
        text = f'{text[:start]}"{_ABSENT}"{_ends(text[start:end])}{text[end:]}'
    return text


def _ends(text: str) -> str:
    return "\n" * text.count("\n")


def _without_sources_json(text: str, file: ParsedFile) -> str | None:
    def replaced(found: re.Match[str]) -> str:
        try:
            source = json.loads(found[2])
        except ValueError:
            source = ""
        return found[0] if is_local(source) else f'{found[1]}"{_ABSENT}"'

    calls = file.block.named("module") if file.block else ()
    if not calls:
        return text
    changed = _SOURCE.sub(replaced, text)
    # Every source is a text behind the plain word "source"; a key that is written with escapes is left alone above.
    return changed if len(_SOURCE.findall(text)) >= len(calls) else None


_SOURCE = re.compile(r'("source"\s*:\s*)("(?:[^"\\]|\\.)*")')
