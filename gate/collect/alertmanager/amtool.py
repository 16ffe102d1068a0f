"""Running amtool on copies of configurations, in a folder of the gate's making."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from gate.collect.manifests.placeholders import placeholder_in
from gate.collect.process import Completed
from gate.collect.prometheus.promtool import folder_with
from gate.collect.prometheus.verdict_cache import VerdictCache
from gate.collect.readers.amtool_text import CheckedConfig, read_amtool
from gate.collect.scan import NotCovered, Scan, Scanner, ScanProblem, Step, ToolErrors
from gate.collect.self_test import Canary
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.collector import Context

TOOL = "amtool"
LEFT_OUT = frozenset({"templates"})
"""Members that no copy has: amtool would read the files that they name, wherever they lie on the machine it runs on."""
_EXIT_CODES = frozenset({0, 1})
_TIMEOUT = 120.0
_MEMORY = 2 * 1024**3
_GOOD = (
    b'{"route": {"receiver": "a"}, "receivers": [{"name": "a", "webhook_configs": [{"url": "http://localhost:1/"}]}]}\n'
)
_BAD = (
    b'{"route": {"receiver": "b"}, "receivers": [{"name": "a", "webhook_configs": [{"url": "http://localhost:1/"}]}]}\n'
)
_NEWER = re.compile(r"field (?P<field>\w+) not found in type")
_NEWER_FIELDS = frozenset(
    {"msteams_configs", "msteamsv2_configs", "jira_configs", "rocketchat_configs", "incidentio_configs"}
    | {"mattermost_configs", "webex_configs", "discord_configs", "telegram_configs", "url_file", "webhook_url_file"}
    | {"http_headers", "proxy_from_environment", "proxy_connect_header", "no_proxy", "smtp_tls_config", "threading"}
    | {"smtp_force_implicit_tls", "force_implicit_tls", "smtp_auth_secret_file", "auth_secret_file"}
    | {"update_message", "bot_token_file", "chat_id_file", "message_thread_id", "jira_api_url", "rocketchat_token"}
    | {"rocketchat_api_url", "rocketchat_token_file", "rocketchat_token_id", "rocketchat_token_id_file"}
    | {"slack_app_token", "slack_app_token_file", "slack_app_url", "app_token", "app_token_file", "app_url"}
    | {"victorops_api_key_file", "opsgenie_api_key_file", "service_key_file", "routing_key_file", "timeout"}
    | {"wechat_api_secret_file", "telegram_bot_token", "telegram_bot_token_file", "mattermost_webhook_url"}
    | {"mattermost_webhook_url_file", "content", "username", "avatar_url", "summary", "html", "payload", "labels"}
)
"""Of receivers and `global`, from Alertmanager 0.26 on (its change log)."""
_ADDRESSING = re.compile(
    r"(?:url|key|file|host|token|secret|password|username|from|to|hello|interval|wait|timeout|id|arn|receiver|team)$"
)
"""Settings that are no templates of Alertmanager's own: what is open in them is not there yet."""


def check_configs(
    scanner: Scanner, copies: Sequence[bytes], cache: VerdictCache | None = None
) -> tuple[str, tuple[CheckedConfig, ...]]:
    """Return amtool's version and its verdict on each configuration. Raises ScanProblem.

    `cache` is one of `amtool_cache`. All that is not known from there is one run.
    """
    version = scanner.find(TOOL).version
    known = [None if cache is None else _kept(cache, copy) for copy in copies]
    left = [copy for copy, found in zip(copies, known, strict=True) if found is None]
    told = iter(_run(scanner, left, amtool_canary(scanner)) if left else ())
    verdicts = tuple(next(told) if found is None else found for found in known)
    for copy, found, verdict in zip(copies, known, verdicts, strict=True):
        if cache is not None and found is None and verdict.name not in verdict.reason:
            cache.put(copy, [verdict.accepted, verdict.reason, verdict.receivers])
    return version, verdicts


def amtool_cache(context: Context) -> VerdictCache:
    """Return what is kept of this amtool, once it has passed its self-test in this run. Raises ScanProblem."""
    tool, canary = context.scanner.find(TOOL), amtool_canary(context.scanner)
    context.self_tests.require(canary, tool)
    return VerdictCache(context.cache, TOOL, tool.version, canary.identity)


def _kept(cache: VerdictCache, copy: bytes) -> CheckedConfig | None:
    # As in a run: of one that is taken the number of receivers is told.
    row = cache.get(copy, _Row, lambda row: not row.accepted or row.receivers is not None)
    return None if row is None else CheckedConfig("", row.accepted, row.reason, row.receivers)


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    accepted: bool
    reason: str
    receivers: int | None


def amtool_canary(scanner: Scanner) -> Canary:
    """Return amtool's self-test: a configuration that it must take, and one with a receiver that is not there."""

    def test() -> str:
        checked = _run(scanner, (_GOOD, _BAD), None)
        if [one.accepted for one in checked] != [True, False]:
            raise ScanProblem(TOOL, "does not refuse a route to a receiver that is not there", Step.CANARY)
        return "a route to a receiver that is not there"

    return Canary(TOOL, "a planted route to nowhere", sha256(_GOOD + _BAD).hexdigest(), test)


def newer_field(reason: str, value: JsonObject) -> str | None:
    """Return the setting that a later amtool knows, and that made this one refuse; None for any other complaint."""
    found = _NEWER.search(reason)
    if found is not None:
        return found["field"] if found["field"] in _NEWER_FIELDS else None
    # A global setting that an amtool does not know makes it miss the receiver's own first.
    every = value.get("global")
    return next((key for key in every if key in _NEWER_FIELDS), None) if isinstance(every, dict) else None


def open_setting(value: Json) -> str | None:
    """Return a placeholder in an address, a key or a time of a configuration, None where there is none."""
    waiting: list[tuple[str, Json]] = [("", value)]
    while waiting:
        key, item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.items()
        elif isinstance(item, list):
            waiting += [(key, each) for each in item]
        elif isinstance(item, str) and (found := placeholder_in(item)):
            own = found.startswith(("{{", "<", "$")) and not found.startswith(("${", "$("))
            if not own or _ADDRESSING.search(key):
                return found
    return None


def _run(scanner: Scanner, copies: Sequence[bytes], canary: Canary | None) -> tuple[CheckedConfig, ...]:
    """Raises ScanProblem, also where the copies cannot be written."""
    files = {f"alertmanager-{index:04d}.json": data for index, data in enumerate(copies)}
    try:
        with folder_with(files) as folder:
            scanned = scanner.run(
                Scan(
                    tool=TOOL,
                    arguments=("check-config", *files),
                    read=read_amtool,
                    check=_check(tuple(files)),
                    exit_codes=_EXIT_CODES,
                    canary=canary,
                    cwd=folder,
                    timeout=_TIMEOUT,
                    memory=_MEMORY,
                    target=f"{len(files):,} copies" if canary else "its canary",
                )
            )
    except OSError as error:
        reason = f"was not run: the configurations could not be copied ({os.strerror(error.errno or 0)})"
        raise ScanProblem(TOOL, reason, Step.RAN) from None
    return scanned.report


def _check(names: tuple[str, ...]) -> Callable[[tuple[CheckedConfig, ...], Completed], str]:
    def check(checked: tuple[CheckedConfig, ...], completed: Completed) -> str:
        if tuple(one.name for one in checked) != names:
            raise NotCovered(f"looked at {len(checked):,} configurations; it was given {len(names):,} others")
        refused = sum(not one.accepted for one in checked)
        if bool(refused) != (completed.exit_code == 1):
            raise ToolErrors(f"contradicts itself: it refuses {refused:,}, and ends with {completed.exit_code}")
        if any(one.accepted and one.receivers is None for one in checked):
            raise NotCovered("does not say how many receivers it found")
        return f"{len(checked):,} configurations"

    return check
