"""The `evidence` section of a policy: settings per kind, written by hand, read as requests want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gate.formats.json_values import mapping
from gate.judge.policy_mistakes import KeyPath, texts_below
from gate.model.json import Json, JsonObject

_LISTS = frozenset({"allow", "archive", "deny", "discover", "exclude", "files", "headings", "paths", "reports"})
_GLOBS = _LISTS - {"allow", "deny", "headings"}


def is_list_setting(name: str) -> bool:
    """Whether a setting is written as one text or a list, and read as a list."""
    return name in _LISTS


def normal_settings(section: JsonObject) -> JsonObject:
    """Return the settings of one kind with every list written as a list."""
    result: JsonObject = {}
    for key, value in section.items():
        if key == "suites" and isinstance(value, dict):
            result[key] = {name: [item] if isinstance(item, str) else item for name, item in value.items()}
        elif key == "items" and isinstance(value, dict):
            result[key] = {
                name: normal_settings(item) if isinstance(item, dict) else item for name, item in value.items()
            }
        else:
            result[key] = [value] if key in _LISTS and isinstance(value, str) else value
    return result


def over(base: Mapping[str, JsonObject], above: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """Return the settings of each kind, those above in place of those below; maps (suites, items) are joined."""
    result = {kind: dict(section) for kind, section in base.items()}
    for kind, section in above.items():
        below = result.get(kind, {})
        joined: JsonObject = {}
        for key, value in section.items():
            under = below.get(key)
            if key == "discover" and value is True:
                joined[key] = under if under is not None else []  # the usual places are those of the profile
            else:
                joined[key] = {**under, **value} if isinstance(value, dict) and isinstance(under, dict) else value
        result[kind] = {**below, **joined}
    return result


def glob_texts(evidence: Json) -> Iterator[tuple[KeyPath, str]]:
    """Yield every glob in an `evidence` section, with its path in the policy."""
    for kind, section in mapping(evidence).items():
        for key, value in mapping(section).items():
            path: KeyPath = ("evidence", kind, key)
            if key == "items":
                for name, item in mapping(value).items():
                    yield from texts_below(mapping(item).get("paths"), (*path, name, "paths"))
            elif key in _GLOBS or key == "suites":
                yield from texts_below(value, path)
