"""Where CI checks a repository out: how absolute paths begin in the reports that its jobs make."""

from __future__ import annotations

import re

# Compiled when first used (re keeps it): that costs more at import than the report of a small project does.
_CHECKOUTS = (
    r"/github/workspace/"  # a container action
    r"|/(?:home/runner/_?work|__w|Users/runner/work|actions-runner/_work)/[^/]+/[^/]+/"  # GitHub's runners: NAME/NAME
    r"|/?[A-Za-z]:/a/[^/]+/[^/]+/"  # GitHub's Windows runners
    r"|/builds/[^/]+/[^/]+/"  # GitLab's runners
)


def below_checkout(path: str) -> str | None:
    """Return what follows the root of a checkout in an absolute path with slashes, None where there is no such root."""
    match = re.match(_CHECKOUTS, path)
    return path[match.end() :] if match is not None else None
