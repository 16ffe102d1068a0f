"""Parameters: what they may be, and the globs that are their defaults."""

from __future__ import annotations

import pytest

from gate.formats.globs import matches
from gate.judge.catalogue import load_catalogue, read_entry
from gate.judge.parameters import placeholders, read_parameter, substitute
from gate.judge.schema import validator
from gate.model.json import Json, JsonObject

CRITERIA = load_catalogue().criteria
PROFILES = load_catalogue().profiles


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"default": 1}, KeyError),
        ({"type": "integer"}, KeyError),
        ({"type": "int", "default": 1}, ValueError),
        ({"type": "integer", "default": 1, "minimum": "1"}, TypeError),
        ({"type": "integer", "default": 1, "maximum": True}, TypeError),
        ({"type": "text", "default": "a", "enum": "a"}, TypeError),
        ({"type": "integer", "default": 1, "minimum": "1Mi"}, TypeError),
        ({"type": "quantity", "default": 1, "minimum": "1MB"}, ValueError),
        ({"type": "duration", "default": 1, "maximum": "1Mi"}, ValueError),
        ({"type": "duration", "default": 1, "maximum": []}, TypeError),
    ],
)
def test_parameters_that_cannot_be_read(given: JsonObject, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_parameter("p", given)


@pytest.mark.parametrize(
    ("given", "value", "text"),
    [
        ({"type": "text", "default": "a", "enum": ["a", "b"]}, "a", None),
        ({"type": "text", "default": "a", "enum": ["a", "b"]}, "c", "'c' is not one of 'a', 'b'."),
        ({"type": "boolean", "default": True}, False, None),
        ({"type": "boolean", "default": True}, 1, "1 is not true or false."),
        ({"type": "integer", "default": 1}, True, "True is not a whole number."),
        ({"type": "integer", "default": 1, "maximum": 5}, 6, "6 is above 5, the most it can be."),
        ({"type": "number", "default": 1}, None, "None is not a number."),
        ({"type": "texts", "default": []}, "one", None),
        ({"type": "texts", "default": []}, [], None),
        ({"type": "texts", "default": []}, [1], "[1] is not a text or a list of texts."),
        ({"type": "quantity", "default": "1Gi"}, "512Mi", None),
        ({"type": "quantity", "default": "1Gi"}, 0.5, None),
        ({"type": "quantity", "default": "1Gi"}, True, 'True is not a quantity such as "512Mi" or "250m".'),
        ({"type": "quantity", "default": "1Gi"}, ["1"], '[\'1\'] is not a quantity such as "512Mi" or "250m".'),
        ({"type": "quantity", "default": 1, "minimum": "64Mi"}, "1Mi", "1Mi is below 64Mi, the least it can be."),
        ({"type": "quantity", "default": 1, "minimum": "64Mi"}, "65536Ki", None),
        (
            {"type": "quantity", "default": 1, "maximum": 4, "unit": "cores"},
            5,
            "5 is above 4 cores, the most it can be.",
        ),
        ({"type": "quantity", "default": "1m", "enum": ["1m", "2m"]}, "3m", "'3m' is not one of '1m', '2m'."),
        ({"type": "duration", "default": "1m"}, "1d12h", None),
        ({"type": "duration", "default": "1m"}, None, 'None is not a duration such as "30s" or "1h30m".'),
        ({"type": "duration", "default": "1m", "maximum": "1h"}, "61m", "61m is above 1h, the most it can be."),
        (
            {"type": "duration", "default": "1m"},
            "30",
            '"30" is not a duration: a number has no unit. Write "30s" for seconds.',
        ),
        ({"type": "globs", "default": ["a"]}, ["a", "{b"], '"{b" opens a { that it does not close.'),
    ],
)
def test_values(given: JsonObject, value: Json, text: str | None) -> None:
    assert read_parameter("p", given).mistake(value) == text


@pytest.mark.parametrize(
    ("type_", "value", "shown", "compared"),
    [
        ("quantity", "512Mi", "512Mi", 536_870_912),
        ("quantity", 0.5, 0.5, 0.5),
        ("duration", "1h30m", "1h30m", 5400),
        ("duration", 30, "30s", 30),
        ("duration", 0.0000001, "0.0000001s", 1e-7),
        ("duration", 1e7, "10000000s", 10_000_000),
        ("globs", "a", ["a"], ["a"]),
        ("texts", ["a"], ["a"], ["a"]),
        ("number", 5, 5, 5),
        ("boolean", True, True, True),
    ],
)
def test_values_are_shown_as_written_and_compared_as_numbers(
    type_: str, value: Json, shown: Json, compared: Json
) -> None:
    parameter = read_parameter("p", {"type": type_, "default": value})
    assert parameter.normal(value) == shown
    assert parameter.compared(parameter.normal(value)) == compared


def test_placeholders_stand_for_values_as_they_are() -> None:
    document: Json = {"a": "{n}", "b": ["{list}", "{n} of {n}", "{other}"], "{n}": {"minimum": "{n}"}}
    assert placeholders(document) == {"n", "list", "other"}
    assert substitute(document, {"n": 3, "list": ["x"]}) == {
        "a": 3,
        "b": [["x"], "{n} of {n}", "{other}"],
        "{n}": {"minimum": 3},
    }


@pytest.mark.parametrize("missing", ["id", "title", "category", "level", "evidence", "require"])
def test_an_entry_without_what_it_needs_is_refused(missing: str) -> None:
    item: JsonObject = {"id": "a.b", "title": "T", "category": "c", "level": "must", "evidence": "tests", "require": {}}
    assert read_entry(item).id == "a.b"
    del item[missing]
    with pytest.raises(KeyError):
        read_entry(item)


@pytest.mark.parametrize(("key", "value"), [("require", []), ("synonyms", "a"), ("parameters", [])])
def test_an_entry_of_the_wrong_shape_is_refused(key: str, value: Json) -> None:
    item: JsonObject = {"id": "a.b", "title": "T", "category": "c", "level": "must", "evidence": "tests", "require": {}}
    with pytest.raises(TypeError):
        read_entry({**item, key: value})


@pytest.mark.parametrize(
    ("id_", "paths"),
    [
        ("docs.readme", ["README.md", "README", "README.rst", "readme.txt", ".github/README.md"]),
        ("docs.license", ["LICENSE", "LICENSE.txt", "LICENCE.md", "COPYING", "LICENSES/MIT.txt"]),
        ("docs.changelog", ["CHANGELOG.md", "CHANGES.rst", "HISTORY.md", "NEWS", "docs/changelog.md"]),
        ("docs.contributing", ["CONTRIBUTING.md", ".github/CONTRIBUTING.md", "docs/contributing.rst"]),
        ("docs.security", ["SECURITY.md", ".github/SECURITY.md", "docs/SECURITY.md", "SECURITY.txt"]),
        ("docs.threat-model", ["docs/threat-model.md", "docs/security/THREAT_MODEL.md", "THREAT_MODEL.md"]),
        ("docs.codeowners", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]),
        (
            "docs.architecture",
            ["ARCHITECTURE.md", "docs/architecture.md", "docs/x/system-architecture.md", "doc/adr/1.md"],
        ),
        ("docs.api", ["docs/api.md", "docs/api/index.md", "openapi.yaml", "services/a/openapi.json", "API.md"]),
        (
            "docs.runbook",
            ["docs/runbook.md", "RUNBOOK.md", "docs/ops/runbook-a.md", "ops/RUNBOOK.md", "a/runbooks/b.md"],
        ),
        (
            "docs.deployment",
            ["docs/deployment.md", "DEPLOYMENT.md", "docs/DEPLOYMENT_GUIDE.md", "ops/how-to-deploy.md"],
        ),
        ("docs.rollback", ["docs/rollback.md", "ROLLBACK.md", "docs/ops/rollback-plan.md", "docs/deployment.md"]),
        ("docs.incident-response", ["docs/incident-response.md", "INCIDENT_RESPONSE.md", "docs/incidents/how.md"]),
        ("docs.slo", ["docs/slo.md", "SLO.md", "docs/ops/slos.yaml", "docs/service-level-objectives.md"]),
        ("docs.oncall", ["docs/oncall.md", "docs/on-call.md", "ONCALL.md"]),
        ("docs.disaster-recovery", ["docs/disaster-recovery.md", "DISASTER_RECOVERY.md", "docs/DR_PLAN.md"]),
        ("docs.backup", ["docs/backup.md", "docs/ops/backup-and-restore.md"]),
        ("docs.monitoring", ["docs/monitoring.md", "docs/OBSERVABILITY.md", "MONITORING_GUIDE.md"]),
        ("docs.privacy", ["docs/privacy.md", "PRIVACY.md", "docs/data-retention.md"]),
        ("docs.configuration", ["docs/configuration.md", "CONFIGURATION.md", "docs/guide/settings.md"]),
    ],
)
def test_documents_are_looked_for_where_people_put_them(id_: str, paths: list[str]) -> None:
    globs = CRITERIA[id_].values({})["path"]
    assert isinstance(globs, list)
    for path in paths:
        assert any(matches(str(glob), path) for glob in globs), path
    for path in ("src/main.py", "docs/index.html", "package.json"):
        assert not any(matches(str(glob), path) for glob in globs), path


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("tests", ["junit.xml", "reports/a/junit-1.xml", "target/surefire-reports/TEST-a.B.xml", "test-results/r.xml"]),
        (
            "tests",
            ["out/TestResults.xml", "TestResults/a.trx", "ctrf/ctrf-report.json", "build/test-results/test/T.xml"],
        ),
        ("coverage", ["coverage.xml", "build/reports/jacoco/test/jacocoTestReport.xml", "coverage/lcov.info"]),
        (
            "coverage",
            ["coverage/coverage-summary.json", "cobertura.xml", "clover.xml", "build/logs/clover.xml", "cover.out"],
        ),
    ],
)
def test_reports_are_discovered_where_tools_write_them(kind: str, paths: list[str]) -> None:
    globs = PROFILES["baseline"].evidence[kind]["discover"]
    assert isinstance(globs, list)
    for path in paths:
        assert any(matches(str(glob), path) for glob in globs), path


def test_globs_under_pattern_become_one_expression() -> None:
    schema: JsonObject = {"properties": {"image": {"pattern": "{images}"}, "pattern": {"enum": "{images}"}}}
    images: list[Json] = ["postgres:16.*", "{redis,valkey}:**"]
    filled = substitute(schema, {"images": images})
    found = validator(filled)
    for image, fits in (("postgres:16.4", True), ("valkey:8", True), ("xpostgres:16.4", False), ("redis", False)):
        assert found.is_valid({"image": image}) is fits
    assert filled["properties"]["pattern"] == {"enum": images}  # type: ignore[index, call-overload]
