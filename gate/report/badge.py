"""The verdict as the JSON of a badge, in the schema of Shields' endpoint badge. The gate draws no image itself."""

from __future__ import annotations

from gate.model.json import JsonObject
from gate.model.verdict import Decision, Verdict
from gate.report.json_v1 import json_text
from gate.report.options import RenderOptions

_LOOKS = {
    Decision.GO: ("GO", "brightgreen"),
    Decision.CONDITIONAL: ("CONDITIONAL", "yellow"),
    Decision.NO_GO: ("NO-GO", "red"),
}


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return `{schemaVersion, label, message, color}`; advice has no colour, so that it does not look like a gate."""
    word, color = _LOOKS[Decision.NO_GO if options.alarms else verdict.decision]
    advisory = verdict.advisory or options.advisory
    badge: JsonObject = {
        "schemaVersion": 1,
        "label": "readiness",
        # Not rounded up: 99.96 is not 100.
        "message": f"{'ADVISORY ' if advisory else ''}{word} {int(verdict.score)}",
        "color": "lightgrey" if advisory else color,
    }
    return json_text(badge)
