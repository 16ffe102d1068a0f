"""The ids of the SPDX licence list, as the library `license-expression` ships them, and names that mean just one.

Only what is certain is mapped. "BSD License" may be any of a dozen licences, so it stays what it is: no id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from gate.collect.licenses.names import NAMES

_DEPRECATED_PAIRS: Mapping[str, str] = MappingProxyType(
    {
        "gpl-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
        "gpl-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
        "gpl-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
        "gpl-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
        "gpl-2.0-with-gcc-exception": "GPL-2.0-only WITH GCC-exception-2.0",
        "gpl-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
        "gpl-3.0-with-gcc-exception": "GPL-3.0-only WITH GCC-exception-3.1",
        "ecos-2.0": "GPL-2.0-or-later WITH eCos-exception-2.0",
        "wxwindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
    }
)
"""Ids that the SPDX list has given up for a licence with an exception, by its own notes on them."""

_CUSTOM = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+", re.IGNORECASE)
_FOLD = re.compile(r"[\s_]+")


@dataclass(frozen=True, slots=True)
class SpdxIds:
    """The list. Keys are in small letters, values are written as SPDX writes them.

    `licenses` holds deprecated ids too, each with the id that stands for it now.
    """

    licenses: Mapping[str, str]
    exceptions: Mapping[str, str]

    def license(self, text: str) -> str | None:
        """Return the licence of an id, whatever the case of its letters, None when it is none."""
        # Letters such as the Kelvin sign become plain ones in small letters; an id is ASCII.
        return self.licenses.get(text.lower()) if text.isascii() else None

    def exception(self, text: str) -> str | None:
        """Return an exception's id as SPDX writes it, None when it is none."""
        return self.exceptions.get(text.lower()) if text.isascii() else None


@lru_cache(maxsize=1)
def spdx_ids() -> SpdxIds:
    """Return the list, made once from the data of `license-expression`."""
    from license_expression import get_license_index  # type: ignore[import-untyped]

    licenses: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    given_up: list[tuple[dict[str, str], str, str]] = []
    for entry in get_license_index():
        current = entry.get("spdx_license_key") or ""
        if not current or is_custom(current):
            continue
        found = exceptions if entry.get("is_exception") else licenses
        if entry.get("is_deprecated"):
            given_up.append((found, current.lower(), current))
            continue
        found[current.lower()] = current
        others = entry.get("other_spdx_license_keys") or ()
        given_up += [(found, other.lower(), current) for other in others if _was_an_id(other)]
    for found, other, current in given_up:
        found.setdefault(other, current)
    return SpdxIds(MappingProxyType(licenses), MappingProxyType(exceptions))


def _was_an_id(text: str) -> bool:
    """Whether another name of a licence was once its id.

    LicenseRef- names are each document's own, and words with spaces were none. Nor was "GPL", of whichever version.
    """
    return not is_custom(text) and " " not in text and text != "GPL"


def is_custom(text: str) -> bool:
    """Whether this is the name of a licence that is not on the SPDX list (`LicenseRef-…`), by its form."""
    return text.isascii() and _CUSTOM.fullmatch(text) is not None


def current_form(text: str) -> str | None:
    """Return the expression that a deprecated id of a licence with an exception stands for, None for any other."""
    return _DEPRECATED_PAIRS.get(text.lower()) if text.isascii() else None


def of_name(text: str) -> str | None:
    """Return the expression that a name in plain words means without any doubt, None when there is some."""
    plain = text.removeprefix("License :: ").removeprefix("OSI Approved :: ").strip()
    if not plain.isascii() or len(plain) > 120:
        return None
    return NAMES.get(_FOLD.sub(" ", plain.lower()))
