"""Which rule files a configuration names, and whether the tree has them. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gate.collect.prometheus.rules import RuleSource
from gate.collect.prometheus.scrape import ConfigSource
from gate.formats.globs import GlobError, matches

_MOST = 500


def named(config: ConfigSource) -> list[str]:
    """Return the patterns under `rule_files`."""
    listed = config.value.get("rule_files")
    return [item for item in listed if isinstance(item, str)][:_MOST] if isinstance(listed, list) else []


def unmatched(config: ConfigSource, sources: Sequence[RuleSource]) -> list[str]:
    """Return the patterns that no rules of the tree can be meant by.

    An absolute path is one in a container, which says nothing of the tree but the name of its last part: any file of
    rules, or key of a ConfigMap, with a name that fits will do. A relative one is looked for from the configuration,
    and by its last part too, because copies into an image change folders.
    """
    names = {posixpath.basename(source.path) for source in sources} | {source.key for source in sources if source.key}
    return [each for each in named(config) if not any(_fits(each, name) for name in names)]


def _fits(pattern: str, name: str) -> bool:
    last = posixpath.basename(pattern.rstrip("/"))
    try:
        return last == name or matches(last, name)
    except GlobError:
        return False
