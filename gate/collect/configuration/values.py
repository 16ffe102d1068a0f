"""What is told of a setting: text, number, amount, time; of a secret only what sort of value it has. Pure.

Amounts are quantities of Kubernetes ("512Mi"), times those of Go and Prometheus ("1h30m"), of ISO 8601 ("PT30S") and
with words ("30 seconds"). A bare number is a time where its key says in which unit (`timeout_ms`, `retention_days`).
"""

from __future__ import annotations

import math
import re

from gate.collect.configuration.keys import Setting, snake
from gate.collect.kubernetes.environment import is_secret_name
from gate.collect.manifests.placeholders import is_sample, placeholder_in
from gate.formats.quantities import duration, quantity
from gate.model.json import JsonObject

_LONGEST = 200
_DEFAULT = re.compile(r"\$\{[A-Za-z_][\w.-]{0,200}:-?([^${}]{0,200})\}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?")
_RATE = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s{0,3}(?:r|req|requests?|rps|rpm)?\s{0,3}(?:/|per)\s{0,3}[a-z]{1,10}", re.I
)
_WORDS = re.compile(
    r"([0-9]{1,12}(?:\.[0-9]{1,9})?)[ _-]{0,3}(millis(?:econds?)?|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?)",
    re.I,
)
_ISO = re.compile(r"P(?:([0-9]{1,9})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?")
_ISO_SECONDS = (86_400, 3_600, 60, 1)
_UNITS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("ms", "msec", "msecs", "millis", "milliseconds"), 0.001),
    (("s", "sec", "secs", "second", "seconds"), 1),
    (("min", "mins", "minute", "minutes"), 60),
    (("hour", "hours", "hrs"), 3_600),
    (("day", "days"), 86_400),
    (("week", "weeks"), 604_800),
)
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,200}:([^/\s@]{1,200})@", re.I)
_REFERENCES = re.compile(
    r"^(?:/|\./|file:|vault:|secret://|arn:aws:|projects/|op://|ref\+|sops:|ENC\[|!vault|\{cipher\}|\{\{)", re.I
)
_SWITCHES = frozenset(
    {"true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled", "required", "optional"}
)


def is_secret(setting: Setting) -> bool:
    """Whether a setting holds a secret, by its name or since it is a URL with a password."""
    return is_secret_name(setting.name) or (
        isinstance(setting.value, str) and _IN_URL.search(setting.value) is not None
    )


def secret_state(setting: Setting) -> str:
    """Return what stands where a secret belongs: literal, placeholder, reference, empty, or other (a switch)."""
    value = setting.value
    if value is None or value == "":
        return "empty"
    if not isinstance(value, str):
        return "other" if isinstance(value, bool) or not str(value).isdigit() or len(str(value)) < 4 else "literal"
    found = _IN_URL.search(value)
    core = found[1] if found else value.strip()
    given = _DEFAULT.fullmatch(core)
    if given is not None:
        core = given[1]  # the secret that holds where nobody sets another
    if placeholder_in(core) or is_sample(core):
        return "placeholder"
    if not core.strip("*<>-. "):
        return "empty"
    if core.lower() in _SWITCHES:
        return "other"
    return "reference" if _REFERENCES.search(core) else "literal"


def value_facts(setting: Setting) -> JsonObject:
    """Return what is told of a setting's value; see schemas/evidence/files.schema.json."""
    if is_secret(setting):
        return {"secret": secret_state(setting), "decided": True}
    value = setting.value
    if isinstance(value, str):
        value = value.strip()
        given = _DEFAULT.fullmatch(value)
        if given is not None:
            value = given[1]
        elif _is_open(value):
            return {
                "value": value[:_LONGEST],
                "text": value[:_LONGEST],
                "word": value[:_LONGEST].lower(),
                "decided": False,
            }
    written = _written(value)[:_LONGEST]
    shown = written if isinstance(value, str) else value
    item: JsonObject = {"value": shown, "text": written, "word": written.lower(), "decided": True}
    number = number_of(value)
    if number is not None:
        item["number"] = number
    amount = _amount(value)
    if amount is not None:
        item["amount"] = amount
    seconds = seconds_of(setting.name, value)
    if seconds is not None:
        item["seconds"] = seconds
    return item


def number_of(value: str | float | bool | None) -> float | None:
    """Return a number, one that is written as text, or that of a rate ("100/minute"); None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value if abs(value) < 1e300 else None
    text = value.strip()
    found = _RATE.fullmatch(text)
    if _NUMBER.fullmatch(text) or found:
        number = float(found[1] if found else text)
        return (int(number) if number.is_integer() else number) if math.isfinite(number) else None
    return None


def seconds_of(name: str, value: str | float | bool | None) -> float | None:
    """Return a time in seconds; None for what is none, or a number of which the key does not say the unit."""
    if isinstance(value, str) and number_of(value) is None:
        return _written_seconds(value.strip())
    number = number_of(value)
    if number is None or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
        return None
    last = snake(name).replace(".", "_").rpartition("_")[2]
    factor = next((factor for words, factor in _UNITS if last in words), None)
    return None if factor is None else number * factor


def _written_seconds(text: str) -> float | None:
    iso = _ISO.fullmatch(text)
    if iso is not None and any(iso.groups()):
        return sum(float(part) * factor for part, factor in zip(iso.groups(), _ISO_SECONDS, strict=True) if part)
    words = _WORDS.fullmatch(text)
    if words is not None:
        unit = words[2].lower()
        factor = next(factor for names, factor in _UNITS if unit in names)
        return float(words[1]) * factor
    try:
        return duration(text)
    except ValueError:
        return None


def _amount(value: str | float | bool | None) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        amount = quantity(value.strip() if isinstance(value, str) else value)
    except ValueError:
        return None
    return amount if abs(amount) < 1e300 else None


def _is_open(value: str) -> bool:
    """Whether a value is a placeholder. `%(message)s` among other words is the format of a log."""
    found = placeholder_in(value)
    return found is not None and (not found.startswith("%(") or found == value)


def _written(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
