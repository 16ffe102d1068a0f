"""Something that a step does, and what the actions of others do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.collect.ci.known_actions import acts_of_action
from gate.collect.ci.known_commands import SCANS
from gate.collect.ci.own_runs import BY, is_gate_action, of_action
from gate.collect.ci.scopes import is_everything
from gate.model.json import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a step does.

    `what` is a class of scanner (`known_commands.SCANS`) or one of tests, coverage, lint, build_image, push_image,
    deploy, rollback, load_test, smoke_test, sign, sbom, release, gate. `by` is the tool. `line` counts from 0 in the
    script. `told` says why it cannot fail whatever it finds, None where it can.
    """

    what: str
    by: str
    line: int = 0
    told: str | None = None

    @property
    def is_scan(self) -> bool:
        """Whether it looks for problems."""
        return self.what in SCANS


def gate_acts(found: Iterable[tuple[str, str | None]]) -> Iterator[Act]:
    """Yield what a run of this gate does, of (what, why it cannot fail)."""
    for what, told in found:
        yield Act(what, BY, 0, told)


_OFF = ("soft_fail", "soft-fail", "no-fail", "no_fail", "warn-only", "warn_only", "exit-zero", "no-exit-codes")
_ON = ("fail-build", "fail-on-vuln", "fail_build", "fail-on-findings", "fail-on-error")


def acts_of_uses(name: str, given: Json) -> Iterator[Act]:
    """Yield what an action does. `name` is owner/name[/path], `given` its `with`."""
    inputs: JsonObject = given if isinstance(given, dict) else {}
    lower = name.lower()
    if lower.startswith("aquasecurity/trivy-action"):
        yield from _trivy_action(inputs)
        return
    if is_gate_action(lower):
        yield from gate_acts(of_action(given))
    for what, by in acts_of_action(name):
        yield Act(what, by, 0, _input_cannot_fail(inputs) if what in SCANS else None)
    if lower == "docker/build-push-action":
        if _text(inputs.get("push")) not in ("", "false"):
            yield Act("push_image", "docker/build-push-action")
        if _text(inputs.get("sbom")) not in ("", "false"):
            yield Act("sbom", "docker/build-push-action")


def _trivy_action(inputs: JsonObject) -> Iterator[Act]:
    if any(is_everything(_text(inputs.get(key))) for key in ("skip-dirs", "skip-files")):
        return  # it is told to look at nothing
    kind = _text(inputs.get("scan-type")) or "image"
    told = _input_cannot_fail(inputs)
    if told is None and not _text(inputs.get("exit-code")):
        told = "no exit-code, which is 0 by default"
    if _text(inputs.get("format")) in ("cyclonedx", "spdx", "spdx-json"):
        yield Act("sbom", "trivy")
    if kind in ("image", "fs", "filesystem", "repo", "rootfs", "sbom", "config"):
        what = {"image": "image", "config": "iac"}.get(kind, "dependency")
        scanners = _text(inputs.get("scanners"))
        if what == "iac" or not scanners or "vuln" in scanners or "$" in scanners:
            yield Act(what, "trivy", 0, told)
    if "secret" in _text(inputs.get("scanners")):
        yield Act("secret", "trivy", 0, told)


def _input_cannot_fail(inputs: JsonObject) -> str | None:
    for key in _OFF:
        if _text(inputs.get(key)) == "true":
            return f"{key}: true"
    for key in _ON:
        if _text(inputs.get(key)) == "false":
            return f"{key}: false"
    for key in ("exit-code", "exit_code"):
        if _text(inputs.get(key)) == "0":
            return f"{key}: 0"
    for key in ("fail-on", "fail_on", "fail-on-severity"):
        if _text(inputs.get(key)) in ("none", "false"):
            return f"{key}: none"
    return None


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else ""
