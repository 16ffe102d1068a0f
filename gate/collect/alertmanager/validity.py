"""Whether Alertmanager would load the configurations: amtool's word, and what stands in its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from gate.collect.alertmanager.config import AlertmanagerConfig
from gate.collect.disk import printable
from gate.collect.manifests.placeholders import masked
from gate.collect.prometheus.copies import as_json
from gate.collect.scan_problem import ScanProblem, Step
from gate.formats.plain import one_line
from gate.model.evidence import Gap
from gate.model.finding import Finding

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.readers.amtool_text import CheckedConfig

FACTS = ("valid", "invalid", "config_items")
INVALID, UNDEFINED = "alertmanager.invalid", "alertmanager.undefined-receiver"
_MOST_CONFIGS = 100


@dataclass(slots=True)
class Validity:
    """How each configuration stands, in their order: valid, invalid, unchecked, or object (no matter for amtool)."""

    states: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    version: str | None = None
    cached: str = ""


def check_validity(context: Context, configs: Sequence[AlertmanagerConfig]) -> Validity:
    """Check the configurations with amtool, and the receivers that their routes name by the gate itself."""
    validity = Validity()
    verdicts = _verdicts(context, configs, validity)
    for index, config in enumerate(configs):
        undefined = [(name, line) for name, line in config.undefined if name]
        for name, line in undefined:
            text = f'the route goes to "{one_line(name, 80)}", and there is no such receiver'
            validity.findings.append(_finding(UNDEFINED, text, config.path, line))
        verdict = verdicts.get(index)
        if undefined:
            validity.states.append("invalid")
        elif config.is_object:
            validity.states.append("object")
        else:
            validity.states.append("unchecked" if verdict is None else _settle(validity, config, verdict))
    return validity


def _verdicts(context: Context, configs: Sequence[AlertmanagerConfig], validity: Validity) -> dict[int, CheckedConfig]:
    from gate.collect.alertmanager.amtool import LEFT_OUT, amtool_cache, check_configs

    whole = [index for index, config in enumerate(configs) if not config.is_object]
    for index in whole[_MOST_CONFIGS:]:
        shown = printable(configs[index].path)
        reason = f"is one of {len(whole):,} configurations, of which {_MOST_CONFIGS:,} are checked"
        validity.gaps.append(Gap(shown, reason, shown, configs[index].line, FACTS))
    whole = whole[:_MOST_CONFIGS]
    if not whole:
        return {}
    copies = [as_json({k: v for k, v in configs[index].value.items() if k not in LEFT_OUT}) for index in whole]
    try:
        cache = amtool_cache(context)
        validity.version, checked = check_configs(context.scanner, copies, cache)
        validity.cached = cache.cached
    except ScanProblem as problem:
        do = ". Install amtool, or run the gate's image, which has it" if problem.step is Step.FOUND else ""
        validity.gaps.append(Gap("amtool", f"the configurations were not checked: {problem}{do}", facts=FACTS))
        return {}
    return dict(zip(whole, checked, strict=True))


def _settle(validity: Validity, config: AlertmanagerConfig, verdict: CheckedConfig) -> str:
    from gate.collect.alertmanager.amtool import newer_field, open_setting

    if verdict.accepted:
        return "valid"
    newer, found = newer_field(verdict.reason, config.value), open_setting(config.value)
    if newer is None and found is None:
        text = one_line(masked(verdict.reason), 300)
        validity.findings.append(_finding(INVALID, text, config.path, config.line))
        return "invalid"
    shown = printable(config.path)
    why = f"it holds {one_line(found, 60)}, which something fills in later" if found else f"it has {newer}"
    told = f"amtool {validity.version} could not check it: {why}{'' if found else ', which only a later one knows'}"
    validity.gaps.append(Gap(shown, told, shown, config.line, FACTS))
    return "unchecked"


def _finding(rule: str, message: str, path: str, line: int) -> Finding:
    shown = printable(path)
    identity = sha256(f"{rule}\0{shown}\0{message}".encode("utf-8", "replace")).hexdigest()
    return Finding(rule, "high", message, "amtool" if rule == INVALID else "gate", shown, line, identity)
