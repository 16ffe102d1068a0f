"""What is told of a setting's value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.configuration.keys import Setting
from gate.collect.configuration.values import number_of, seconds_of, secret_state, value_facts
from gate.model.json import JsonObject


def facts(value: str | float | bool | None, name: str = "x") -> JsonObject:
    return value_facts(Setting((name,), value, 1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (0.5, 0.5),
        ("5", 5),
        ("-2.5", -2.5),
        ("100/minute", 100),
        ("5 r/s", 5),
        ("10 requests per second", 10),
        ("x", None),
        (True, None),
        (None, None),
        ("1" * 400, None),
        (1e308, None),
    ],
)
def test_numbers(value: str | float | bool | None, expected: float | None) -> None:
    assert number_of(value) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("timeout", "30s", 30),
        ("timeout", "1h30m", 5400),
        ("retention", "90d", 7_776_000),
        ("timeout", "30 seconds", 30),
        ("timeout", "500 millis", 0.5),
        ("retention", "12 weeks", 7_257_600),
        ("timeout", "PT1M30S", 90),
        ("retention", "P90D", 7_776_000),
        ("timeout", "P", None),
        ("timeout_ms", 500, 0.5),
        ("timeoutMs", "500", 0.5),
        ("retention_days", 365, 31_536_000),
        ("TIMEOUT_SECONDS", "30", 30),
        ("max_minutes", 2, 120),
        ("window_hours", 1, 3600),
        ("timeout", 30, None),
        ("timeout_seconds", "5/s", None),
        ("timeout", "never", None),
        ("timeout_ms", True, None),
    ],
)
def test_times(name: str, value: str | float | bool | None, expected: float | None) -> None:
    assert seconds_of(name, value) == expected


def test_a_value_in_all_its_forms() -> None:
    assert facts(" 5m ") == {
        "value": "5m",
        "text": "5m",
        "word": "5m",
        "decided": True,
        "amount": 0.005,
        "seconds": 300,
    }
    assert facts(True) == {"value": True, "text": "true", "word": "true", "decided": True}
    assert facts(None) == {"value": None, "text": "", "word": "", "decided": True}
    assert facts("INFO") == {"value": "INFO", "text": "INFO", "word": "info", "decided": True}
    assert facts(3)["amount"] == 3


@pytest.mark.parametrize(
    ("value", "text", "decided"),
    [
        ("${LEVEL}", "${LEVEL}", False),
        ("${LEVEL:-info}", "info", True),
        ("${LEVEL:info}", "info", True),
        ("{{ .Values.level }}", "{{ .Values.level }}", False),
        ("a ${B} c", "a ${B} c", False),
        ("%(level)s", "%(level)s", False),
        ("%(asctime)s %(message)s", "%(asctime)s %(message)s", True),
    ],
)
def test_placeholders_are_not_decided_and_defaults_are(value: str, text: str, decided: bool) -> None:
    found = facts(value)
    assert (found["text"], found["decided"]) == (text, decided)


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("password", "s3cr3t-9f2", "literal"),
        ("password", 123456, "literal"),
        ("password", "${PASSWORD}", "placeholder"),
        ("password", "${PASSWORD:-s3cr3t-9f2}", "literal"),
        ("password", "changeme", "placeholder"),
        ("api_key", "your-api-key", "placeholder"),
        ("password", "", "empty"),
        ("password", None, "empty"),
        ("password", "****", "placeholder"),
        ("password", "--", "empty"),
        ("token", "/run/secrets/token", "reference"),
        ("token", "vault:secret/data/x", "reference"),
        ("auth_token", "true", "other"),
        ("auth_token", True, "other"),
        ("token", 5, "other"),
        ("database_url", "postgres://app:s3cr3t-9f2@db/x", "literal"),
        ("database_url", "postgres://app:${PASSWORD}@db/x", "placeholder"),
    ],
)
def test_secrets_are_never_told(name: str, value: str | float | bool | None, state: str) -> None:
    assert facts(value, name) == {"secret": state, "decided": True}
    assert secret_state(Setting((name,), value, 1)) == state


@given(
    st.one_of(
        st.text(max_size=300), st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.booleans(), st.none()
    )
)
def test_any_value_has_facts(value: str | float | bool | None) -> None:
    found = facts(value)
    assert found["decided"] in (True, False)
    assert len(str(found.get("text", ""))) <= 200
