"""One Dockerfile as an item of the facts, and what of it is not known before it is built."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

from gate.collect.dockerfile import habits
from gate.collect.dockerfile.base_images import Image, copied_images, image_of, is_external
from gate.collect.dockerfile.files import DockerfileRead
from gate.collect.dockerfile.final_stage import Command, Final, Healthcheck, final_stages
from gate.collect.readers.dockerfile import Dockerfile, Stage
from gate.collect.readers.dockerfile_words import UNKNOWN
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_MOST = 200
"""Entries of a list in an item."""
_LONGEST = 300
_IGNORE_FILES = (".dockerignore", ".containerignore")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Item:
    """What is told of one Dockerfile. `bases` are the images that it is built from, each with path and line."""

    facts: JsonObject
    bases: tuple[JsonObject, ...]
    gaps: tuple[Gap, ...]


def item_of(file: DockerfileRead, ignore_files: AbstractSet[str]) -> Item:
    """Return the item of a file. `ignore_files` are the paths of ignore files that leave something out."""
    dockerfile = file.content
    bases = [_base(stage) for stage in dockerfile.stages if is_external(stage)]
    copied = [_copied(reference, line) for reference, line in copied_images(dockerfile)]
    finals = final_stages(dockerfile)
    final_line = dockerfile.stages[-1].line
    names: list[Json] = [stage.name for stage in dockerfile.stages if stage.name is not None]
    facts: JsonObject = {
        "path": file.path,
        "line": final_line,
        "stages": len(dockerfile.stages),
        "stage_names": names[:_MOST],
        "bases": list(bases[:_MOST]),
        "copied_images": list(copied[:_MOST]),
        **_pins(dockerfile),
        **_of_final(finals),
        **_habits(file, ignore_files),
    }
    gaps = (*_base_gaps(file), *_final_gaps(file, facts, finals, final_line))
    placed = tuple({"path": file.path, **base} for base in bases)
    return Item(facts, placed, gaps)


def ignore_names(path: str) -> Iterator[str]:
    """Yield where an ignore file of a Dockerfile may lie: under its own name, beside it, and in the folders above.

    The build context is not told by the tree; it is the Dockerfile's folder or one above it.
    """
    yield f"{path}.dockerignore"
    folder = posixpath.dirname(path)
    while True:
        yield from (posixpath.join(folder, name) for name in _IGNORE_FILES)
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _base(stage: Stage) -> JsonObject:
    image = image_of(stage.base)
    reference = stage.written if UNKNOWN in stage.base else stage.base
    found: JsonObject = {
        "line": stage.line,
        "name": _shown(reference.partition("@")[0]),
        "stage": stage.name or str(stage.index),
    }
    if stage.variables:
        found["variables"] = list(stage.variables[:_MOST])
    found.update(_image(image))
    return found


def _copied(reference: str, line: int) -> JsonObject:
    return {"line": line, "name": _shown(reference.partition("@")[0]), **_image(image_of(reference))}


def _image(image: Image) -> JsonObject:
    """Return what is known of a reference; what is not, or is not there, is left out."""
    told: dict[str, Json] = {
        "image": None if image.image is None else _shown(image.image),
        "registry": None if image.place is None else _shown(image.place[0]),
        "repository": None if image.place is None else _shown(image.place[1]),
        "tag": None if image.tag is None else _shown(image.tag),
        "digest": image.digest,
        "pinned": image.pinned,
        "latest": image.latest,
    }
    found: JsonObject = {name: value for name, value in told.items() if value is not None}
    if image.version:
        version: JsonObject = {}
        version.update(zip(("major", "minor", "patch"), image.version, strict=False))
        found["version"] = version
    return found


def _pins(dockerfile: Dockerfile) -> JsonObject:
    """Return whether every base has a digest, and whether any means whatever is newest, as far as that is known."""
    images = [image_of(stage.base) for stage in dockerfile.stages if is_external(stage)]
    pinned = [image.pinned for image in images]
    latest = [image.latest for image in images]
    found: JsonObject = {}
    if False in pinned or None not in pinned:
        found["digest_pinned"] = False not in pinned
    if True in latest or None not in latest:
        found["latest_tag"] = True in latest
    return found


def _of_final(finals: Sequence[Final]) -> JsonObject:
    """Return what all the ways to the last stage agree on."""
    found: JsonObject = {}
    if not finals:
        return found
    if (user := _agreed(finals, lambda final: final.user)) and UNKNOWN not in user:
        found["user"] = _shown(user)
    if (non_root := _agreed(finals, lambda final: final.non_root)) is not None:
        found["non_root"] = non_root
    if (check := _agreed(finals, lambda final: final.healthcheck)) is not None:
        found["healthcheck"] = _healthcheck(check)
    for name, get in _COMMANDS.items():
        if (command := _agreed(finals, get)) is not None:
            found[name] = {"form": "exec" if command.exec_form else "shell", "line": command.line}
    commands = [get(final) for final in finals for get in _COMMANDS.values()]
    forms = [command.exec_form for command in commands if command is not None]
    if forms:
        found["exec_form"] = all(forms)
    if (workdir := _agreed(finals, lambda final: final.workdir)) and UNKNOWN not in workdir:
        found["workdir"] = _shown(workdir)
    first = finals[0]
    ports: list[Json] = list(sorted(set(first.ports))[:_MOST])
    found["exposed_ports"] = ports
    labels = list(first.labels.items())[:_MOST]
    found["labels"] = {_shown(name): _shown(value) for name, value in labels}
    return found


_COMMANDS: dict[str, Callable[[Final], Command | None]] = {
    "entrypoint": lambda final: final.entrypoint,
    "command": lambda final: final.command,
}


def _agreed(finals: Sequence[Final], get: Callable[[Final], Value | None]) -> Value | None:
    values = [get(final) for final in finals]
    return values[0] if all(value == values[0] for value in values) else None


def _healthcheck(check: Healthcheck) -> JsonObject:
    told: dict[str, Json] = {
        "line": check.line,
        "interval_seconds": check.interval,
        "timeout_seconds": check.timeout,
        "start_period_seconds": check.start_period,
        "start_interval_seconds": check.start_interval,
        "retries": check.retries,
        "form": "exec" if check.exec_form else "shell",
        "tests_nothing": check.tests_nothing,
    }
    return {name: value for name, value in told.items() if value is not None}


def _habits(file: DockerfileRead, ignore_files: AbstractSet[str]) -> JsonObject:
    dockerfile = file.content
    secrets: list[Json] = [
        {"name": _shown(secret.name), "instruction": secret.instruction, "line": secret.line}
        for secret in habits.secrets(dockerfile)
    ]
    adds: list[Json] = [
        {"url": _shown(add.url), "line": add.line, "checksum": add.checksum} for add in habits.remote_adds(dockerfile)
    ]
    ignore_file = next((path for path in ignore_names(file.path) if path in ignore_files), None)
    piped: list[Json] = list(habits.piped_downloads(dockerfile))
    copied = habits.copies_everything(dockerfile)
    found: JsonObject = {
        "secrets": secrets[:_MOST],
        "remote_adds": adds[:_MOST],
        "piped_downloads": piped[:_MOST],
        "copies_everything": copied is not None and ignore_file is None,
    }
    if copied is not None:
        found["copies_context_line"] = copied
    return found if ignore_file is None else found | {"ignore_file": ignore_file}


def _base_gaps(file: DockerfileRead) -> Iterator[Gap]:
    for stage in file.content.stages:
        image = image_of(stage.base)
        if is_external(stage) and not image.known:
            facts = ["digest_pinned", "latest_tag", "pinned", "latest", "tag", "version"]
            if image.image is None:
                facts += ["bases", "image", "registry", "repository"]
            yield Gap(file.path, _unset(stage), file.path, stage.line, tuple(facts))


def _unset(stage: Stage) -> str:
    names = ", ".join(stage.variables[:3]) or "a variable"
    return f"is built from “{_shown(stage.written)}”, and {names} is set when it is built: give the ARG a default"


def _final_gaps(file: DockerfileRead, facts: JsonObject, finals: Sequence[Final], line: int) -> Iterator[Gap]:
    if "non_root" not in facts:
        where = next((final.user_line for final in finals if final.user_line is not None), line)
        told = "names a user that is set" if _user_told(finals) else "is built on what is chosen"
        reason = f"{told} when it is built, so whether it runs as root is not known"
        yield Gap(file.path, reason, file.path, where, ("non_root", "user"))
    if "healthcheck" not in facts and (not finals or any(_may_have_check(final) for final in finals)):
        reason = "is built on what is chosen when it is built, so whether that has a HEALTHCHECK is not known"
        yield Gap(file.path, reason, file.path, line, ("healthcheck",))


def _user_told(finals: Sequence[Final]) -> bool:
    return any(final.user_line is not None for final in finals)


def _may_have_check(final: Final) -> bool:
    return final.unknown_base or final.healthcheck is not None


def _shown(text: str) -> str:
    """Return a text of the file for the facts: what is not known as "?", and not too long."""
    shown = text.replace(UNKNOWN, "?")
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
