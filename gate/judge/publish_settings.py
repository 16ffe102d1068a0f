"""The sections of a policy that say where its verdict goes: `publish`, `advisory`, `trust`."""

from __future__ import annotations

from gate.model.json import Json, JsonObject
from gate.model.policy import CommentMode, PublishSettings

CHANNELS = ("check_run", "status", "comment", "summary", "sarif")


def publish_settings(section: JsonObject) -> PublishSettings:
    """Return what a policy's `publish` section says; the section fits schemas/policy.schema.json."""
    usual = PublishSettings()
    required = section.get("required")
    return PublishSettings(
        name=str(section.get("name", usual.name)),
        check_run=section.get("check_run", usual.check_run) is True,
        status=section.get("status", usual.status) is True,
        comment=_mode(section.get("comment", True)),
        summary=section.get("summary", usual.summary) is True,
        sarif=section.get("sarif", usual.sarif) is True,
        required=tuple(str(item) for item in required) if isinstance(required, list) else (),
    )


def not_on(settings: PublishSettings) -> tuple[str, ...]:
    """Return the channels that are required and switched off: a contradiction in the policy."""
    on = {name for name in CHANNELS if getattr(settings, name) not in (False, CommentMode.NEVER)}
    return tuple(name for name in settings.required if name not in on)


def _mode(value: Json) -> CommentMode:
    if value == CommentMode.ON_PROBLEMS:
        return CommentMode.ON_PROBLEMS
    return CommentMode.ALWAYS if value is True else CommentMode.NEVER
