"""`--evidence KIND.KEY=VALUE`: what a policy's `evidence` section says, said on the command line.

`tests.reports=out/*.xml`, repeated for more globs; `tests.suites.integration=tests/integration/**`;
`sast.bandit=false`; `docs.items.runbook.paths=ops/*.md`. A list may also be written out:
`tests.reports=[a.xml, b.xml]`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.errors import MistakesError, UserError
from gate.formats.strict_yaml import load
from gate.formats.yaml_scalars import ScalarError, resolve
from gate.judge.policy_mistakes import KeyPath, glob_mistake, shape_mistakes
from gate.judge.policy_settings import glob_texts, is_list_setting, normal_settings
from gate.model.json import Json, JsonObject

_ITEM_KEYS = ("paths", "headings")


def evidence_settings(pairs: Sequence[str]) -> dict[str, JsonObject]:
    """Return the settings per kind, as `evidence` in a policy has them. Raises UserError with every mistake."""
    evidence: JsonObject = {}
    mistakes: list[str] = []
    for pair in pairs:
        try:
            path, value = _read_pair(pair)
            _put(evidence, path, value)
        except _PairError as error:
            mistakes.append(f"--evidence {pair}: {error}")
    for where, text, _ in shape_mistakes({"version": 1, "evidence": evidence}, "policy"):
        mistakes.append(f"--evidence {_name(where)}: {text}")
    if not mistakes:
        for where, text in glob_texts(evidence):
            wrong = glob_mistake(text, is_path="suites" not in where)
            mistakes += [f"--evidence {_name(where)}: {wrong}"] if wrong is not None else []
    if mistakes:
        raise UserError("\n".join(mistakes))
    return {kind: normal_settings(section) for kind, section in evidence.items() if isinstance(section, dict)}


class _PairError(ValueError):
    pass


def _read_pair(pair: str) -> tuple[tuple[str, ...], Json]:
    name, equals, text = pair.partition("=")
    steps = name.strip().split(".")
    if not equals or len(steps) < 2 or not all(steps):
        raise _PairError("It is written KIND.KEY=VALUE, as in  tests.reports=out/*.xml")
    if not text.strip():
        raise _PairError("There is no value behind the =")
    kind, key, *rest = steps
    below: tuple[str, ...] = (".".join(rest),) if rest else ()
    if key == "items" and len(rest) > 1 and rest[-1] in _ITEM_KEYS:
        below = (".".join(rest[:-1]), rest[-1])
    return (kind, key, *below), _value((key, *below), text.strip())


def _value(keys: tuple[str, ...], text: str) -> Json:
    """Return a value as YAML reads it, but take for text what YAML could not read or what is a glob by its place."""
    is_map = keys in (("suites",), ("items",))
    if text.startswith(("[", '"', "'")) or (is_map and text.startswith("{")):
        try:
            return load(text.encode(), file="").value
        except MistakesError:
            return text
    if is_list_setting(keys[-1]) and text not in ("true", "false"):
        return text
    try:
        return resolve(text)
    except ScalarError as error:
        raise _PairError(f"{error}.") from None


def _put(evidence: JsonObject, path: tuple[str, ...], value: Json) -> None:
    """Put the value at the path; a list that is there already grows."""
    node = evidence
    for step in path[:-1]:
        below = node.setdefault(step, {})
        if not isinstance(below, dict):
            raise _PairError(f"{step} has a value already.")
        node = below
    last = path[-1]
    if last not in node:
        node[last] = value
        return
    there = node[last]
    if not (is_list_setting(last) or "suites" in path) or isinstance(there, dict) or isinstance(value, dict):
        raise _PairError("It is given twice.")
    node[last] = [*_listed(there), *_listed(value)]


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _name(path: KeyPath) -> str:
    steps = path[1:] if path[:1] == ("evidence",) else path
    return ".".join(str(step) for step in steps if isinstance(step, str)) or "KIND.KEY=VALUE"
