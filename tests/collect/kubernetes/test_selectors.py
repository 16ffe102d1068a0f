"""Label selectors, as `k8s.io/apimachinery/pkg/labels` reads them."""

from __future__ import annotations

import pytest

from gate.collect.kubernetes.selectors import label_selector, map_selector
from gate.model.json import Json

LABELS = {"app": "web", "tier": "front"}


def expression(operator: str, *values: str, key: str = "app") -> Json:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": [*values]}]}


@pytest.mark.parametrize(
    ("value", "chosen"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "api"}}, False),
        ({"matchLabels": {"app": "web", "zone": "a"}}, False),
        ({}, True),
        ({"matchLabels": None}, True),
        (expression("In", "api", "web"), True),
        (expression("In", "api"), False),
        (expression("In", "a", key="zone"), False),
        (expression("NotIn", "api"), True),
        (expression("NotIn", "web"), False),
        (expression("NotIn", "a", key="zone"), True),
        (expression("Exists"), True),
        (expression("Exists", key="zone"), False),
        (expression("DoesNotExist", key="zone"), True),
        (expression("DoesNotExist"), False),
        (expression("Near", "web"), False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchLabels": {"app": 1}}, False),
        ({"matchLabels": ["app"]}, False),
        ({"matchExpressions": {"key": "app"}}, False),
        (["app"], False),
    ],
)
def test_what_a_selector_chooses(value: Json, *, chosen: bool) -> None:
    selector = label_selector(value)
    assert selector is not None
    assert selector.chooses(LABELS) is chosen


def test_null_is_no_selector_and_empty_is_everything() -> None:
    assert label_selector(None) is None
    assert map_selector(None) is None
    empty = map_selector({})
    assert empty is not None
    assert empty.is_empty
    broken = map_selector("app")
    assert broken is not None
    assert not broken.is_empty
    assert not broken.chooses(LABELS)
