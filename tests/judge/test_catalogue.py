"""The catalogue as data: every entry is complete, judged by examples, and in a profile."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from gate.errors import CannotJudgeError
from gate.formats.strict_yaml import load
from gate.judge.catalogue import Catalogue, CatalogueEntry, ParametersError, data_files, load_catalogue, read_entry
from gate.judge.catalogue_page import catalogue_markdown, main
from gate.judge.criterion import Judged, judge_criterion, sound
from gate.judge.each import EACH as IN_TURN
from gate.judge.each import survey
from gate.judge.known_facts import place_of, step, unknown_facts
from gate.judge.own_criteria import elements_place
from gate.judge.parameters import placeholders
from gate.judge.reasons import wanted_words
from gate.judge.schema import names, problems, schema, shipped_validator, validator
from gate.judge.schema_mistakes import check
from gate.judge.selectors import SELECTORS, Part, select
from gate.judge.vacuity import vacuous
from gate.judge.wording import NO_VALUE, paths_in
from gate.model.evidence import Collected, Gap, How, Source
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion
from gate.model.verdict import Outcome

EXAMPLES = Path(__file__).parent / "data" / "criteria"
CATALOGUE = load_catalogue()
ENTRIES = list(CATALOGUE.criteria.values())
EACH = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
FILES = sorted(EXAMPLES.glob("*/*.json"))


def read(path: Path) -> JsonObject:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def evidence(criterion: Criterion, example: JsonObject) -> Collected:
    facts, gaps = example["facts"], example.get("gaps", [])
    assert isinstance(facts, dict)
    assert isinstance(gaps, list)
    source = example["source"]
    sources = (Source(How.PRODUCED, str(source)),) if source else ()
    return Collected(criterion.evidence, facts, sources, tuple(gap(item) for item in gaps))


def gap(item: Json) -> Gap:
    assert isinstance(item, dict)
    facts, path = item.get("facts", []), item.get("path")
    assert isinstance(facts, list)
    return Gap(str(item["subject"]), str(item["reason"]), str(path) if path else None, None, tuple(map(str, facts)))


def judged(path: Path) -> Judged:
    criterion = CATALOGUE.criteria[path.parent.name].fill({})
    return judge_criterion(criterion, [evidence(criterion, read(path))], ())


def test_the_data_files_fit_their_schemas() -> None:
    for folder, name in (("catalogue", "criterion"), ("profiles", "profile")):
        for file, data in data_files(folder):
            document = load(data, file=f"{file}.yml").value
            for item in document if isinstance(document, list) else [document]:
                assert not problems(shipped_validator(name), item), (file, item)


def test_ids_are_unique_and_begin_with_their_file_s_matter() -> None:
    ids: list[str] = []
    for file, data in data_files("catalogue"):
        items = load(data, file=file).value
        assert isinstance(items, list)
        for item in items:
            assert isinstance(item, dict)
            ids.append(str(item["id"]))
            assert item["category"] == file
    assert [id_ for id_, count in Counter(ids).items() if count > 1] == []
    assert len(ids) == len(ENTRIES) >= 34


def test_every_kind_of_evidence_has_criteria() -> None:
    kinds = {entry.evidence for entry in ENTRIES}
    assert kinds >= {"coverage", "dependencies", "docs", "files", "inventory", "licenses", "sast", "tests"}
    assert {f"evidence/{kind}" for kind in kinds} <= set(names())


def test_profiles_name_only_what_there_is_and_all_of_it() -> None:
    selected = {id_ for profile in CATALOGUE.profiles.values() for id_ in profile.criteria}
    assert selected == set(CATALOGUE.criteria)
    for profile in CATALOGUE.profiles.values():
        for id_, overrides in profile.criteria.items():
            assert not CATALOGUE.criteria[id_].mistakes(overrides)


def test_each_profile_asks_for_all_that_the_one_before_asks_for() -> None:
    strength = {"may": 0, "should": 1, "must": 2}
    order = [CATALOGUE.profiles[name] for name in ("baseline", "production", "strict")]
    for weaker, stronger in pairwise(order):
        for id_, overrides in weaker.criteria.items():
            entry = CATALOGUE.criteria[id_]
            before, after = entry.fill(overrides), entry.fill(stronger.criteria[id_])
            assert strength[after.level] >= strength[before.level], id_
    assert 10 <= len(order[0].criteria) <= 15
    assert 20 <= len(order[1].criteria) <= 150
    assert len(order[2].criteria) == len(ENTRIES)


def test_every_profile_looks_for_reports() -> None:
    for profile in CATALOGUE.profiles.values():
        assert profile.evidence["tests"]["discover"]
        assert profile.evidence["coverage"]["discover"]


@EACH
def test_placeholders_are_parameters_and_all_of_them_are_used(entry: CatalogueEntry) -> None:
    used = placeholders(entry.require) | placeholders(entry.select) | placeholders(entry.request)
    assert used == set(entry.parameters)
    filled = entry.fill({})
    assert not placeholders(filled.require) | placeholders(filled.select) | placeholders(filled.request)


@EACH
def test_defaults_are_what_their_parameters_allow(entry: CatalogueEntry) -> None:
    assert not entry.mistakes({name: parameter.default for name, parameter in entry.parameters.items()})


@EACH
def test_requirements_are_sound_schemas_that_ask_for_evidence(entry: CatalogueEntry) -> None:
    require = entry.fill({}).require
    assert not check(require)
    assert not vacuous(require, deep=entry.evidence != "files")
    assert not validator(require).is_valid({})


@EACH
def test_requirements_name_facts_that_there_are(entry: CatalogueEntry) -> None:
    document = schema(f"evidence/{entry.evidence}")
    place = place_of(document)
    criterion = entry.fill({})
    if IN_TURN in criterion.select:
        elements = elements_place(document, str(criterion.select[IN_TURN]))
        assert not isinstance(elements, bool)
        where = criterion.select.get("where", True)
        assert not check(where)
        for given in (where, criterion.require):
            assert not unknown_facts(given, entry.evidence, document, elements, "elements")
        return
    for key, value in criterion.select.items():
        assert (entry.evidence, key) in SELECTORS
        steps = {"suite": ["suites", value], "id": ["items", value], "path": ["items", value, "content"]}
        for name in steps.get(key, [value]):
            below = step(document, place, str(name))
            assert not isinstance(below, bool)
            place = below
    assert not unknown_facts(criterion.require, entry.evidence, document, place)


@EACH
def test_totals_are_wanted(entry: CatalogueEntry) -> None:
    """Nothing is a share of nothing: what counts or divides asks for at least one of what it counts.

    A criterion about each of several does not apply where there is none, or says itself how many there must be.
    """
    if IN_TURN in entry.select:
        return
    wanted = json.dumps(entry.fill({}).require)
    if entry.evidence in ("docs", "files"):
        assert '"const": ' in wanted or "minItems" in wanted or "minLength" in wanted or "minProperties" in wanted
    else:
        assert re.search(r'"(minimum|minItems)": [1-9]', wanted)


@EACH
def test_a_policy_says_what_it_wants_without_any_evidence(entry: CatalogueEntry) -> None:
    assert NO_VALUE not in wanted_words(entry.fill({})).fill(entry.wanted)


@EACH
def test_every_criterion_has_accepted_and_rejected_examples(entry: CatalogueEntry) -> None:
    own = [path.stem for path in FILES if path.parent.name == entry.id]
    assert "accepted" in own
    assert any(name.startswith("rejected") for name in own)


@EACH
def test_every_placeholder_of_its_sentences_is_filled_by_some_example(entry: CatalogueEntry) -> None:
    criterion = entry.fill({})
    examples = [path for path in FILES if path.parent.name == entry.id]
    for template in filter(None, (criterion.measured, criterion.detail, criterion.fix)):
        for choice in template.split(" || "):
            if IN_TURN in criterion.select and template != criterion.measured:
                told = [_filled(replace(criterion, passed="", measured="x", detail=choice), path) for path in examples]
            elif IN_TURN in criterion.select:
                missed = [path for path in examples if _survey(criterion, path)]
                assert missed, "no example of an element that misses it"
                told = [_filled(replace(criterion, measured=choice, detail="", fix=""), path) for path in missed]
            else:
                told = [_filled(replace(criterion, measured=choice, detail="", fix=""), path) for path in examples]
            assert any(NO_VALUE not in each for each in told), choice
            assert all(path for path in paths_in(choice))
    assert NO_VALUE not in "".join(_filled(criterion, path) for path in examples)


def _survey(criterion: Criterion, path: Path) -> bool:
    """Whether an element of the example misses the criterion."""
    return bool(survey(criterion, evidence(criterion, read(path)).facts).failing)


def _filled(criterion: Criterion, path: Path) -> str:
    return judge_criterion(criterion, [evidence(criterion, read(path))], ()).reason


def test_no_examples_are_left_over() -> None:
    assert {path.parent.name for path in FILES} == set(CATALOGUE.criteria)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_examples(path: Path) -> None:
    example = read(path)
    criterion = CATALOGUE.criteria[path.parent.name].fill({})
    given = evidence(criterion, example)
    assert sound(given) is given, sound(given)
    result = judged(path)
    assert result.outcome.value == example["outcome"]
    assert result.reason == example["reason"]
    assert (result.outcome is Outcome.PASS) == path.stem.startswith("accepted")
    assert NO_VALUE not in result.reason + result.fix


@pytest.mark.parametrize("path", [path for path in FILES if path.stem == "accepted"], ids=lambda path: path.parent.name)
def test_what_is_accepted_needs_all_that_it_asks_for(path: Path) -> None:
    """Take away a required name, or empty what stands under it: it must not pass any more."""
    criterion = CATALOGUE.criteria[path.parent.name].fill({})
    given = evidence(criterion, read(path))
    parts = parts_of(criterion, given)
    asked = list(required(criterion.require))
    assert asked or criterion.id == "config.env-example"
    for names_ in asked:
        for part in parts:
            assert not validator(criterion.require).is_valid(changed(part.document, names_, gone=True)), names_
        emptied = changed(given.facts, (*part.pointer.split("/")[1:], *names_), gone=False)
        assert isinstance(emptied, dict)
        assert not passes(criterion, replace(given, facts=emptied)), names_


def parts_of(criterion: Criterion, given: Collected) -> tuple[Part, ...]:
    if IN_TURN in criterion.select:
        return tuple(Part(each.pointer, each.document) for each in survey(criterion, given.facts).elements)
    parts = select(criterion, given.facts)
    assert isinstance(parts, tuple)
    return parts


def passes(criterion: Criterion, given: Collected) -> bool:
    return judge_criterion(criterion, [sound(given)], ()).outcome is Outcome.PASS


def required(require: Json) -> Iterator[tuple[str, ...]]:
    """Yield the path of each name that a schema requires, at any depth below properties."""
    if isinstance(require, dict):
        names_ = require.get("required", [])
        assert isinstance(names_, list)
        yield from ((str(name),) for name in names_)
        properties = require.get("properties", {})
        assert isinstance(properties, dict)
        for name, below in properties.items():
            yield from ((name, *path) for path in required(below))


def changed(document: Json, path: tuple[str, ...], *, gone: bool) -> Json:
    """Return the document without what is at the path, or with it as an empty object (a value that is none)."""
    if not path:
        return {}
    if isinstance(document, list):
        index = int(path[0])
        return [changed(item, path[1:], gone=gone) if at == index else item for at, item in enumerate(document)]
    assert isinstance(document, dict)
    if gone and len(path) == 1:
        return {name: value for name, value in document.items() if name != path[0]}
    name = path[0].replace("~1", "/").replace("~0", "~")
    return {**document, name: changed(document[name], path[1:], gone=gone)}


def test_unknown_parameters_and_values_that_cannot_be_are_refused() -> None:
    entry = CATALOGUE.criteria["coverage.lines"]
    with pytest.raises(ParametersError) as caught:
        entry.fill({"minimun": 90, "minimum": 101, "level": "must"})
    first, second = caught.value.mistakes
    assert first.unknown
    assert first.text == 'There is no parameter "minimun". This criterion has: minimum.'
    assert second.text == "101 is above 100 %, the most it can be."


@pytest.mark.parametrize(
    ("id_", "given", "text"),
    [
        ("coverage.lines", {"minimum": -1}, "-1 is below 0 %, the least it can be."),
        ("coverage.lines", {"minimum": "90"}, "'90' is not a number."),
        ("coverage.lines", {"minimum": True}, "True is not a number."),
        ("coverage.lines", {"minimum": float("nan")}, "nan is not a number."),
        ("tests.minimum", {"minimum": 1.5}, "1.5 is not a whole number."),
        ("tests.minimum", {"minimum": 0}, "0 is below 1 tests, the least it can be."),
        ("docs.runbook", {"path": []}, "[] is not a glob or a list of globs."),
        ("docs.runbook", {"path": "a[b"}, '"a[b" opens a [ that it does not close.'),
        ("docs.rollback", {"headings": [""]}, "[''] is not a text or a list of texts."),
        ("config.env-example", {"path": ""}, "'' is not a text."),
    ],
)
def test_mistakes_in_parameters(id_: str, given: dict[str, Json], text: str) -> None:
    (mistake,) = CATALOGUE.criteria[id_].mistakes(given)
    assert mistake.text == text


def test_a_single_path_stands_for_a_list() -> None:
    criterion = CATALOGUE.criteria["docs.runbook"].fill({"path": "ops/RUNBOOK.md", "level": "must"})
    assert criterion.level == "must"
    assert criterion.request == {"items": {"docs.runbook": {"paths": ["ops/RUNBOOK.md"]}}}


def test_an_override_reaches_the_schema_and_leaves_the_catalogue_alone() -> None:
    entry = CATALOGUE.criteria["coverage.lines"]
    criterion = entry.fill({"minimum": 93.5})
    assert criterion.parameters == {"minimum": 93.5}
    assert '"minimum": 93.5' in json.dumps(criterion.require)
    assert '"minimum": 93.5' not in json.dumps(entry.fill({}).require)


def test_the_page_of_criteria_is_the_catalogue() -> None:
    page = Path(__file__).parents[2] / "docs" / "criteria.md"
    assert page.read_text(encoding="utf-8") == catalogue_markdown(CATALOGUE), (
        "run: python -m gate.judge.catalogue_page > docs/criteria.md"
    )


def test_damaged_data_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.judge.catalogue.data_files", lambda _folder: iter([("a", b"- {id: a.b}")]))
    with pytest.raises(CannotJudgeError, match="Install it again"):
        load_catalogue.__wrapped__()


def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == catalogue_markdown(CATALOGUE)


def test_parameters_with_choices_and_without_bounds_are_told_on_the_page() -> None:
    item: JsonObject = {"id": "a.b", "title": "T", "category": "c", "level": "must", "evidence": "tests", "require": {}}
    parameters: JsonObject = {"on": {"type": "boolean", "default": True, "description": "Whether"}}
    entry = read_entry({**item, "parameters": parameters, "wanted": "a < b"})
    page = catalogue_markdown(Catalogue({"a.b": entry}, {}))
    assert "| `on` | `True` | Whether |" in page
    assert "**Wanted** a &lt; b." in page
