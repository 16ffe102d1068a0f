"""The sections of a policy that say where its verdict goes: `publish`, `advisory`, `trust`."""

from __future__ import annotations

from gate.formats.json_values import texts
from gate.model.json import Json, JsonObject
from gate.model.policy import CommentMode, PublishSettings, TrustSettings

CHANNELS = ("check_run", "status", "comment", "summary", "sarif")


def publish_settings(section: JsonObject) -> PublishSettings:
    """Return what a policy's `publish` section says; the section fits schemas/policy.schema.json."""
    usual = PublishSettings()
    return PublishSettings(
        name=str(section.get("name", usual.name)),
        check_run=section.get("check_run", usual.check_run) is True,
        status=section.get("status", usual.status) is True,
        comment=_mode(section.get("comment", True)),
        summary=section.get("summary", usual.summary) is True,
        sarif=section.get("sarif", usual.sarif) is True,
        required=texts(section.get("required")),
    )


def trust_settings(section: JsonObject) -> TrustSettings:
    """Return what a policy's `trust` section says; the section fits schemas/policy.schema.json."""
    return TrustSettings(
        data_only=section.get("data_only") is True,
        collected_by=texts(section.get("collected_by")),
        recollect=texts(section.get("recollect")),
        legs=texts(section.get("legs")),
        changed_workflows_block=section.get("changed_workflows", "block") != "tell",
    )


def not_on(settings: PublishSettings) -> tuple[str, ...]:
    """Return the channels that are required and switched off: a contradiction in the policy."""
    on = {name for name in CHANNELS if getattr(settings, name) not in (False, CommentMode.NEVER)}
    return tuple(name for name in settings.required if name not in on)


def _mode(value: Json) -> CommentMode:
    if value == CommentMode.ON_PROBLEMS:
        return CommentMode.ON_PROBLEMS
    return CommentMode.ALWAYS if value is True else CommentMode.NEVER
