"""Who keeps the dependencies current: the configurations of Dependabot and Renovate. Pure.

https://docs.github.com/code-security/dependabot/working-with-dependabot/dependabot-options-reference and
https://docs.renovatebot.com/configuration-options/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from gate.collect.ci.workflow import text, texts
from gate.collect.disk import printable
from gate.model.json import Json, JsonObject

_MOST = 200


def updates_facts(path: str, value: Mapping[str, Json], line: int) -> JsonObject:
    """Return what a configuration does. `works` is False where it updates nothing; then `why_not` says why."""
    tool = "dependabot" if PurePosixPath(path).name.startswith("dependabot.") else "renovate"
    facts: JsonObject = {"kind": "configuration", "name": tool, "path": printable(path), "line": line}
    entries = _dependabot(value) if tool == "dependabot" else []
    why_not = _why_dependabot_does_not(value, entries) if tool == "dependabot" else _why_renovate_does_not(value)
    facts["works"] = why_not is None
    facts["entries"] = [*entries]
    ecosystems: list[Json] = [*sorted({str(entry["ecosystem"]) for entry in entries if "ecosystem" in entry})]
    facts["ecosystems"] = ecosystems or [*texts(value.get("enabledManagers"))[:_MOST]]
    if why_not is not None:
        facts["why_not"] = why_not
    return facts


def _dependabot(value: Mapping[str, Json]) -> list[JsonObject]:
    updates = value.get("updates")
    found: list[JsonObject] = []
    for item in updates[:_MOST] if isinstance(updates, list) else ():
        if not isinstance(item, dict) or not text(item.get("package-ecosystem")):
            continue
        entry: JsonObject = {"ecosystem": text(item["package-ecosystem"])}
        schedule = item.get("schedule")
        interval = text(schedule.get("interval")) if isinstance(schedule, dict) else ""
        if interval:
            entry["interval"] = interval
        folders: list[Json] = [*(texts(item.get("directory")) or texts(item.get("directories")))]
        entry["directories"] = folders
        found.append(entry)
    return found


def _why_dependabot_does_not(value: Mapping[str, Json], entries: list[JsonObject]) -> str | None:
    if value.get("version") != 2:
        return "it is not of version 2, the only one that Dependabot reads"
    if not entries:
        return "it names no package-ecosystem to update"
    return None if any("interval" in entry for entry in entries) else "no entry of it has a schedule"


def _why_renovate_does_not(value: Mapping[str, Json]) -> str | None:
    if value.get("enabled") is False:
        return "it is switched off (enabled: false)"
    return "no manager is enabled" if value.get("enabledManagers") == [] else None
