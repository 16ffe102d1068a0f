"""docs/criteria.md: the catalogue as a page. Pure; a test holds the committed page against it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.judge.catalogue import Catalogue, CatalogueEntry
from gate.judge.parameters import Parameter, bound_words
from gate.judge.reasons import wanted_words
from gate.model.json import Json

_HEAD = """\
# Criteria

<!-- Made from gate/catalogue by `python -m gate.judge.catalogue_page`; change it there. -->

Every criterion that ships with the gate, by category. A policy takes a selection of them with `extends`, sets their
parameters and levels by id under `criteria`, and adds its own. `gate explain ID` shows the same in a terminal.
"""


def catalogue_markdown(catalogue: Catalogue) -> str:
    """Return the page: a table of all criteria with their level in each profile, then one section for each."""
    categories = sorted({entry.category for entry in catalogue.criteria.values()})
    parts = [_HEAD, *_profiles(catalogue), *_table(catalogue, categories)]
    for category in categories:
        parts.append(f"## {category.capitalize()}\n")
        entries = (entry for entry in catalogue.criteria.values() if entry.category == category)
        parts += [part for entry in entries for part in _section(entry)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _profiles(catalogue: Catalogue) -> Iterator[str]:
    yield "## Profiles\n"
    for profile in catalogue.profiles.values():
        begins = f" Extends `{profile.extends}`." if profile.extends else ""
        yield f"- **{profile.name}** ({len(profile.criteria)} criteria): {profile.description}{begins}"
    yield ""


def _table(catalogue: Catalogue, categories: list[str]) -> Iterator[str]:
    names = list(catalogue.profiles)
    yield "## All of them\n"
    yield f"| Criterion | What holds | {' | '.join(names)} |"
    yield f"|---|---|{'---|' * len(names)}"
    for entry in sorted(catalogue.criteria.values(), key=lambda each: categories.index(each.category)):
        levels = " | ".join(_level(catalogue, name, entry) for name in names)
        yield f"| [`{entry.id}`](#{entry.id}) | {entry.title} | {levels} |"
    yield ""


def _level(catalogue: Catalogue, profile: str, entry: CatalogueEntry) -> str:
    overrides = catalogue.profiles[profile].criteria.get(entry.id)
    return "–" if overrides is None else str(overrides.get("level", entry.level))


def _section(entry: CatalogueEntry) -> Iterator[str]:
    yield f'### <a id="{entry.id}"></a>{entry.title}\n'
    wanted = wanted_words(entry.fill({})).fill(entry.wanted)
    yield f"`{entry.id}` · {entry.level} · {entry.phase} · judged by `{entry.evidence}` evidence\n"
    yield f"**Wanted** {_escaped(wanted)}.\n"
    yield f"**Why** {_escaped(entry.why)}\n"
    yield f"**Fix** {_escaped(entry.fix.split(' || ')[-1])}\n"
    if entry.parameters:
        yield "| Parameter | Default | Meaning |"
        yield "|---|---|---|"
        yield from map(_parameter, entry.parameters.values())
        yield ""
    yield f"Also called {', '.join(entry.synonyms)}.\n"
    yield from (f"- <{reference}>" for reference in entry.references)
    yield ""


def _parameter(parameter: Parameter) -> str:
    bounds = [
        f"{word} {bound_words(bound)}"
        for word, bound in (("at least", parameter.minimum), ("at most", parameter.maximum))
        if bound is not None
    ]
    limits = f" ({', '.join(bounds)})" if bounds else ""
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"| `{parameter.name}` | {_value(parameter.default)}{unit} | {parameter.description}{limits} |"


def _value(value: Json) -> str:
    if isinstance(value, list):
        return "<br>".join(_value(item) for item in value) or "none"
    text = f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return f"`{text}`".replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def main() -> None:
    """Print the page."""
    from gate.judge.catalogue import load_catalogue

    print(catalogue_markdown(load_catalogue()), end="")


if __name__ == "__main__":
    main()
