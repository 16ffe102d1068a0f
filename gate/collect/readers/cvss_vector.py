"""Severity words from CVSS vectors and scores.

Bands: CVSS 3.1 specification, section 5 (https://www.first.org/cvss/v3.1/specification-document#5), the same in 4.0;
of 2.0 the bands of the NVD (https://nvd.nist.gov/vuln-metrics/cvss). Only base metrics count: a vector that lowers
itself by temporal or environmental metrics is somebody's opinion about their own product.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from gate.model.finding import SEVERITIES, Severity

_BANDS: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
_LONGEST = 500


def severity_of_score(score: float) -> Severity:
    """Return the word of a base score of CVSS 3 or 4 (0-10); 0.0 ("none") is low. Anything else is unknown."""
    if not math.isfinite(score) or not 0 <= score <= 10:
        return "unknown"
    return next(word for least, word in _BANDS if score >= least)


@lru_cache(maxsize=4096)
def severity_of_vector(vector: str) -> Severity:
    """Return the word of a vector of CVSS 2, 3.0, 3.1 or 4.0; unknown where it is none."""
    from cvss import CVSS2, CVSS3, CVSS4  # type: ignore[import-untyped]
    from cvss.exceptions import CVSSError  # type: ignore[import-untyped]

    vector = vector.strip()
    if len(vector) > _LONGEST:
        return "unknown"
    try:
        if vector.startswith("CVSS:4"):
            base = "/".join(part for part in vector.split("/") if part.partition(":")[0] in _BASE_4)
            return severity_of_score(float(CVSS4(base).base_score))
        if vector.startswith("CVSS:3"):
            return severity_of_score(float(CVSS3(vector).scores()[0]))
        # CVSS 2 has no critical.
        word = severity_of_score(float(CVSS2(vector).scores()[0]))
        return "high" if word == "critical" else word
    except (CVSSError, ArithmeticError, ValueError, KeyError, IndexError, TypeError):
        return "unknown"


_BASE_4 = frozenset(["CVSS", "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"])

_WORDS: dict[str, Severity] = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "moderate": "medium",
    "medium": "medium",
    "low": "low",
    "info": "low",
    "informational": "low",
    "none": "low",
}


def severity_of_word(word: str | None) -> Severity:
    """Return the word that is meant by the one that a tool or database uses; unknown where there is none."""
    return _WORDS.get((word or "").strip().lower(), "unknown")


def highest(severities: Iterable[Severity]) -> Severity:
    """Return the gravest of them; unknown where there is none, and where nobody knows."""
    return min(severities, key=SEVERITIES.index, default="unknown")
