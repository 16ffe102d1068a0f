"""What is worked out once in a run, for all collectors: the first that asks does the work, the others wait for it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar, cast

Value = TypeVar("Value")


class Once:
    """Values by name. Safe to use from several threads. A name always stands for values of one type."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], Value]) -> Value:
        """Return the value of a name, made by the first caller. Raises what `make` raises, to each caller anew."""
        with self._lock:
            lock = self._locks[name]
        with lock:
            if name not in self._values:
                self._values[name] = make()
            return cast(Value, self._values[name])
