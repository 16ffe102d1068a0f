"""One hole once, whatever tools tell of it under whatever ids."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.collect.dependencies.merge import Hole, Told, merged, rank, version_key
from gate.collect.readers.audit import AuditedPackage, Vulnerability
from gate.model.finding import SEVERITIES, Severity

IDS = st.sampled_from([f"{family}-{number}" for family in ("CVE-2020", "GHSA", "PYSEC", "OSV") for number in range(5)])
HOLES = st.builds(
    Vulnerability,
    IDS,
    st.frozensets(IDS, max_size=2),
    st.lists(st.sampled_from(["1.0", "1.10", "1.9", "odd"]), max_size=2).map(tuple),
    st.sampled_from(SEVERITIES),
    st.booleans(),
)
TOLD = st.builds(
    Told,
    st.sampled_from(["trivy", "pip-audit", "osv-scanner"]),
    st.builds(
        AuditedPackage,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["1", "2"]),
        st.lists(HOLES, max_size=4).map(tuple),
        st.sampled_from(["PyPI", "npm"]),
    ),
)


def hole(*ids: str, fixes: tuple[str, ...] = (), severity: Severity = "unknown") -> Vulnerability:
    return Vulnerability(ids[0], frozenset(ids[1:]), fixes, severity)


def by(tool: str, *holes: Vulnerability, version: str = "1", name: str = "a") -> Told:
    return Told(tool, AuditedPackage(name, version, holes))


def only(*told: Told) -> Hole:
    (found,) = merged(told).values()
    (one,) = found
    return one


def test_three_ids_of_three_tools_are_one_hole() -> None:
    found = only(
        by("pip-audit", hole("PYSEC-1", "GHSA-a", fixes=("2.0",))),
        by("npm audit", hole("GHSA-a", severity="high")),
        by("trivy", hole("CVE-2020-2", "GHSA-a", fixes=("1.10", "1.9"), severity="medium")),
    )
    assert (found.id, found.aliases) == ("CVE-2020-2", ("GHSA-a", "PYSEC-1"))
    assert found.fixed_versions == ("1.9", "1.10", "2.0")
    assert (found.severity, found.severity_from) == ("high", ("npm audit",))
    assert found.told_by == ("npm audit", "pip-audit", "trivy")


def test_the_smallest_cve_names_the_hole() -> None:
    assert only(by("x", hole("CVE-2020-10", "CVE-2020-9", "GHSA-x"))).id == "CVE-2020-9"
    assert sorted(["X-1", "PYSEC-1", "GHSA-1", "CVE-2020-10", "CVE-2020-9"], key=rank)[:2] == [
        "CVE-2020-9",
        "CVE-2020-10",
    ]


def test_a_link_that_is_told_of_one_version_holds_for_the_others() -> None:
    found = merged(
        [
            by("trivy", hole("CVE-1", "GHSA-1")),
            by("trivy", hole("CVE-1"), version="2"),
            by("npm audit", hole("GHSA-1"), version="2"),
        ]
    )
    assert [[item.id for item in holes] for holes in found.values()] == [["CVE-1"], ["CVE-1"]]


def test_the_same_id_in_two_packages_is_two_holes() -> None:
    found = merged([by("trivy", hole("CVE-1")), by("trivy", hole("CVE-1"), name="b")])
    assert sum(map(len, found.values())) == 2


def test_versions_are_sorted_as_versions() -> None:
    assert sorted(["odd", "1.10", "1.9"], key=version_key) == ["1.9", "1.10", "odd"]


@given(st.lists(TOLD, max_size=8).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_order_does_not_matter_and_twice_is_once(lists: tuple[list[Told], list[Told]]) -> None:
    told, shuffled = lists
    found = merged(told)
    assert found == merged(shuffled) == merged([*told, *shuffled])
    assert list(found) == sorted(found)


@given(st.lists(TOLD, max_size=8))
def test_holes_never_share_an_id_and_lose_none(told: list[Told]) -> None:
    found = merged(told)
    for key, holes in found.items():
        every = [name for item in holes for name in item.ids]
        assert len(every) == len(set(every))
        said = [entry for item in told if item.key == key for entry in item.package.vulnerabilities]
        assert {entry.id for entry in said} | {name for entry in said for name in entry.aliases} <= set(every)
        assert bool(said) == bool(holes)
        for item in holes:
            own = [entry for entry in said if entry.id in item.ids]
            assert SEVERITIES.index(item.severity) == min(SEVERITIES.index(entry.severity) for entry in own)
            assert bool(item.severity_from) == (item.severity != "unknown")


@given(st.lists(TOLD, max_size=6))
def test_merging_what_was_merged_changes_nothing(told: list[Told]) -> None:
    first = merged(told)
    again = [
        Told(
            "x",
            AuditedPackage(
                key[1],
                key[2],
                tuple(
                    Vulnerability(item.id, frozenset(item.aliases), item.fixed_versions, item.severity, item.fixable)
                    for item in holes
                ),
                key[0],
            ),
        )
        for key, holes in first.items()
    ]
    second = merged(again)
    assert {
        key: [(item.id, item.aliases, item.severity, item.fixable) for item in holes] for key, holes in first.items()
    } == {
        key: [(item.id, item.aliases, item.severity, item.fixable) for item in holes] for key, holes in second.items()
    }
