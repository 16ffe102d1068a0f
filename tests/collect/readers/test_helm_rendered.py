"""What helm template prints."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.helm_rendered import read_rendered

SAID = b"""---
# Source: web/crds/crd.yaml
kind: CustomResourceDefinition
metadata: {name: a}

---
# Source: web/templates/map.yaml
# Source: web/templates/not-this-one.yaml
kind: ConfigMap
metadata: {name: b}
data:
  text: |
    ---
    # Source: web/templates/nor-this.yaml
    kind: Pod
---
# Source: web/templates/empty.yaml
---
# Source: web/templates/twice.yaml
kind: Service
metadata: {name: c, name: d}
---
kind: Job
"""


def test_documents_are_told_with_their_template() -> None:
    rendered = read_rendered(SAID)
    assert [(one.template, one.value["kind"]) for one in rendered.documents] == [
        ("web/crds/crd.yaml", "CustomResourceDefinition"),
        ("web/templates/map.yaml", "ConfigMap"),
        ("web/templates/twice.yaml", "Job"),
    ]
    (unread,) = rendered.unread
    assert unread.template == "web/templates/twice.yaml"
    assert "twice" in unread.reason


def test_nothing_is_no_document() -> None:
    assert read_rendered(b"") == read_rendered(b"---\n# Source: a/b.yaml\n\n")


def test_bytes_that_are_no_text_are_unread() -> None:
    (unread,) = read_rendered(b"---\n# Source: a/b.yaml\nkind: \xff\n").unread
    assert "not UTF-8" in unread.reason


@given(st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8), max_size=6))
def test_every_document_keeps_its_template(names: list[str]) -> None:
    said = "".join(f"---\n# Source: web/templates/{name}.yaml\nkind: A\nindex: {at}\n" for at, name in enumerate(names))
    found = read_rendered(said.encode()).documents
    assert [one.template for one in found] == [f"web/templates/{name}.yaml" for name in names]
    assert [one.value["index"] for one in found] == list(range(len(names)))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    read_rendered(data)
