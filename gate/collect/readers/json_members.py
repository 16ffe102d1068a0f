"""Taking members of a JSON object whose writer leaves out, or writes `null` for, what is empty (as Go does)."""

from __future__ import annotations

from collections.abc import Iterable

from gate.collect.readers.errors import ReportError
from gate.model.json import JsonObject


class Members:
    """One object of a report. `where` is its place, `what` the format, for the sentence of a ReportError.

    Every method raises ReportError for a member of another type.
    """

    __slots__ = ("_table", "_what", "where")

    def __init__(self, table: JsonObject, where: str, what: str) -> None:
        self._table = table
        self._what = what
        self.where = where

    def names(self) -> Iterable[str]:
        """The keys."""
        return self._table.keys()

    def text(self, key: str) -> str | None:
        """A text; None where it is absent or empty."""
        value = self._table.get(key)
        if value is None or isinstance(value, str):
            return value or None
        raise self._wrong(key, "text")

    def needed(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if value is None or not value.strip():
            raise ReportError(f"is not {self._what}: {self.where or 'it'} has no {key}")
        return value

    def flag(self, key: str) -> bool:
        """True or False; False where it is absent."""
        value = self._table.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(key, "true or false")

    def number(self, key: str) -> float | None:
        """A finite number that is not negative; None where it is absent."""
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _HUGE:
            raise self._wrong(key, "number of a sensible size")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where it is absent."""
        value = self._table.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(key, "list of texts")
        found = tuple(item for item in value if isinstance(item, str))
        if len(found) != len(value):
            raise self._wrong(key, "list of texts")
        return found

    def object(self, key: str) -> Members:
        """An object; an empty one where it is absent."""
        value = self._table.get(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(key, "object")
        return Members(value, self._place(key), self._what)

    def objects(self, key: str, limit: int) -> list[Members]:
        """A list of objects, of at most `limit`; empty where it is absent."""
        value = self._table.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, "list of objects")
        if len(value) > limit:
            raise ReportError(f"has {len(value):,} entries in {self._place(key)}; at most {limit:,} are read")
        place = self._place(key)
        found = []
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                raise ReportError(f"is not {self._what}: {place}[{index}] is no object")
            found.append(Members(item, f"{place}[{index}]", self._what))
        return found

    def _place(self, key: str) -> str:
        return f"{self.where}.{key[:60]}" if self.where else key[:60]

    def _wrong(self, key: str, wanted: str) -> ReportError:
        return ReportError(f"is not {self._what}: {self._place(key)} is no {wanted}")


_HUGE = 2**63
