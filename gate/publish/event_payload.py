"""Values of an event's payload by their keys: of the type that GitHub promises, or a clear refusal."""

from __future__ import annotations

from gate.errors import UserError
from gate.model.json import Json, JsonObject
from gate.publish.forge_json import is_sha


class Payload:
    """The content of GITHUB_EVENT_PATH. `event` is what sentences call it. Methods raise UserError, naming the key."""

    def __init__(self, event: str, content: JsonObject) -> None:
        self._name = event
        self._content = content

    def has(self, *keys: str) -> bool:
        """Whether there is something at a path of keys."""
        return self._value(keys) is not None

    def text(self, *keys: str, absent: str | None = None) -> str:
        """Return a text; `absent` where there is none and that may be."""
        value = self._value(keys)
        if isinstance(value, str):
            return value
        if absent is None:
            raise self._incomplete(keys)
        return absent

    def number(self, *keys: str) -> int:
        """Return a number that is not negative."""
        value = self.number_or_none(*keys)
        if value is None:
            raise self._incomplete(keys)
        return value

    def number_or_none(self, *keys: str) -> int | None:
        """Return a number that is not negative, None where there is none."""
        value = self._value(keys)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def sha(self, *keys: str) -> str:
        """Return a commit's full id."""
        text = self.text(*keys)
        if not is_sha(text):
            raise UserError(f"The event's file says {'.'.join(keys)} = {text[:80]!r}; a commit's id was expected.")
        return text

    def _value(self, keys: tuple[str, ...]) -> Json:
        value: Json = self._content
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _incomplete(self, keys: tuple[str, ...]) -> UserError:
        return UserError(
            f"The file of the event {self._name} (GITHUB_EVENT_PATH) has no {'.'.join(keys)}, which GitHub always "
            "writes. Something changed the file: run the gate in a job of its own."
        )


def forged(key: str, said: str, variable: str, known: str) -> UserError:
    """Return the error for an event's file that contradicts what the runner itself says."""
    return UserError(
        f"The event's file says {key} = {said[:80]!r}, and the runner says {variable} = {known[:80]!r}. An earlier "
        "step of this job changed the file: run the gate in a job of its own."
    )
