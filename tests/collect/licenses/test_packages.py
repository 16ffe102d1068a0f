"""What several sources say of one package, put together."""

from __future__ import annotations

from gate.collect.licenses.lists import Standing, read_lists
from gate.collect.licenses.packages import Judged, Named, judge_packages
from gate.collect.readers.licensed_package import LicensedPackage, of_purl, package_of

LISTS, _ = read_lists(["MIT"], ["GPL-*"])


def named(
    path: str, *licenses: str, name: str = "a", version: str = "1", ecosystem: str = "npm", dev: bool = False
) -> Named:
    return Named(package_of(name, version, ecosystem, licenses, development=dev), path)


def one(*items: Named) -> Judged:
    (judged,) = judge_packages(items, LISTS)
    return judged


def test_one_package_in_several_sources_counts_once() -> None:
    judged = one(named("lock", "MIT"), named("sbom", "mit"), named("other"))
    assert (judged.text, judged.standing, judged.differing) == ("MIT", Standing.ALLOWED, ())
    assert judged.sources == ("lock", "sbom", "other")


def test_the_worst_of_different_licences_counts() -> None:
    judged = one(named("lock", "MIT"), named("sbom", "GPL-3.0-only"))
    assert (judged.text, judged.standing, judged.told_by.path) == ("GPL-3.0-only", Standing.DENIED, "sbom")
    assert judged.differing == ("GPL-3.0-only (sbom)", "MIT (lock)")
    judged = one(named("sbom", "GPL-3.0-only"), named("lock", "MIT"))
    assert judged.standing is Standing.DENIED


def test_the_same_in_other_words_is_no_difference() -> None:
    judged = one(named("lock", "(MIT OR ISC)"), named("sbom", "isc or mit"))
    assert judged.differing == ()


def test_who_does_not_know_gainsays_nobody() -> None:
    judged = one(named("lock", "SEE LICENSE IN LICENSE"), named("sbom", "MIT"), named("third"))
    assert (judged.text, judged.standing, judged.differing) == ("MIT", Standing.ALLOWED, ())


def test_who_knows_a_part_is_heard() -> None:
    judged = one(named("lock", "MIT"), named("sbom", "MIT", "something else"))
    assert judged.standing is Standing.UNKNOWN
    assert len(judged.differing) == 2
    judged = one(named("lock", "MIT"), named("sbom", "GPL-2.0", "something else"))
    assert judged.standing is Standing.DENIED


def test_nobody_tells() -> None:
    judged = one(named("lock"), named("sbom"))
    assert (judged.expression, judged.text, judged.ids, judged.standing) == (None, "", (), Standing.UNKNOWN)


def test_two_that_do_not_know_do_not_differ() -> None:
    judged = one(named("lock", "who knows"), named("sbom", "not I"))
    assert (judged.standing, judged.differing) == (Standing.UNKNOWN, ())


def test_development_is_what_every_source_says() -> None:
    assert one(named("lock", dev=True), named("other-lock", dev=True)).development
    assert not one(named("lock", dev=True), named("image")).development


def test_names_are_compared_as_their_ecosystem_does() -> None:
    pair = [package_of("Flask_SQLAlchemy", "3.0", "pypi"), of_purl("pkg:pypi/flask-sqlalchemy@3.0", ("MIT",))]
    assert len(judge_packages([Named(item, "x") for item in pair if item], LISTS)) == 1
    pair = [package_of("@types/Node", "1.0", "npm"), of_purl("pkg:npm/%40types/node@1.0", ("MIT",))]
    assert len(judge_packages([Named(item, "x") for item in pair if item], LISTS)) == 1
    pair = [package_of("acme/http", "v1.0", "composer"), of_purl("pkg:composer/acme/http@1.0", ())]
    assert len(judge_packages([Named(item, "x") for item in pair if item], LISTS)) == 1
    pair = [of_purl("pkg:deb/debian/zlib1g@1:1.2?arch=amd64", ()), of_purl("pkg:deb/zlib1g@1:1.2", ())]
    assert len(judge_packages([Named(item, "x") for item in pair if item], LISTS)) == 1


def test_what_is_no_package_url_is_none() -> None:
    for text in ("", "pkg:", "npm/a@1", "pkg:npm/", "pkg:npm/" + "a" * 5000):
        assert of_purl(text, ()) is None


def test_a_package_of_no_told_ecosystem_is_the_only_one_of_its_name() -> None:
    judged = judge_packages([named("lock"), named("list", "MIT", ecosystem="")], LISTS)
    assert [(item.package.ecosystem, item.text) for item in judged] == [("npm", "MIT")]
    two = [named("lock"), named("lock", ecosystem="pypi"), named("list", "MIT", ecosystem="")]
    assert len(judge_packages(two, LISTS)) == 3
    assert len(judge_packages([named("lock"), named("list", "MIT", ecosystem="", version="2")], LISTS)) == 2


def test_a_licence_without_a_version_is_of_every_version() -> None:
    items = [named("lock"), named("lock", version="2"), named("list", "MIT", ecosystem="", version="")]
    assert [item.text for item in judge_packages(items, LISTS)] == ["MIT", "MIT"]
    both = [named("lock"), named("lock", ecosystem="pypi"), named("list", "MIT", ecosystem="", version="")]
    assert [item.text for item in judge_packages(both, LISTS)] == ["MIT", "", ""]


def test_a_package_s_licences_are_all_counted() -> None:
    judged = one(named("lock", "(MIT OR GPL-2.0 WITH Classpath-exception-2.0) AND what"))
    assert judged.ids == ()
    judged = one(named("lock", "MIT OR GPL-2.0 WITH Classpath-exception-2.0", "what"))
    assert judged.ids == ("GPL-2.0-only WITH Classpath-exception-2.0", "MIT")


def test_a_name_is_one_harmless_line() -> None:
    package = package_of("a\x1b[2J\nb\u202e", "1\n2", "npm")
    assert package == LicensedPackage("npm", "a[2j b", "1 2")
