"""What Trivy said of Terraform is kept: by the real Trivy, of which every run is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gate.collect.collectors.terraform import TerraformCollector
from gate.collect.readers.trivy_misconfig import Misconfiguration
from gate.collect.self_test import SelfTests
from gate.collect.terraform.copies import copy_of
from gate.collect.terraform.misconfig_cache import MisconfigurationCache, digest_of
from gate.collect.terraform.shares import shares_of
from gate.collect.terraform.tree import folder_of
from gate.model.evidence import Collected
from gate.model.json import Json
from tests.support.fakes import write
from tests.support.memory_cache import ORIGIN, Counted, MemoryCache
from tests.support.terraform import parsed
from tests.support.trivy import needs_trivy, toolbox, trivy_context

OPEN = """resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = "sg-1"
}
"""
CLEAN = 'variable "x" {\n  default = 1\n}\n'
SPACE = "trivy-terraform"


def checked(root: Path, cache: MemoryCache, tools: Counted) -> Collected:
    context = trivy_context(root, {}, tools)
    found = TerraformCollector().collect(replace(context, cache=cache, self_tests=SelfTests(cache), jobs=2))
    assert isinstance(found, Collected)
    return found


def detail(found: Collected) -> str:
    return next(str(source.detail) for source in found.sources if source.tool == "trivy")


@needs_trivy
def test_only_what_changed_is_checked_again(tmp_path: Path) -> None:
    tree, cache, real = tmp_path / "tree", MemoryCache(), toolbox().find("trivy")
    tools = Counted(tmp_path / "tool", real)
    write(tree, {"a/main.tf": OPEN, "b/main.tf": CLEAN})
    first = checked(tree, cache, tools)
    assert tools.runs == 2  # its self-test, and the tree
    assert detail(first) == "2 files"

    again = checked(tree, cache, tools)
    assert tools.runs == 0
    assert (again.findings, again.gaps, again.facts) == (first.findings, first.gaps, first.facts)
    assert detail(again) == f"2 files, 2 from the cache of {ORIGIN}"

    write(tree, {"b/main.tf": OPEN})
    changed = checked(tree, cache, tools)
    assert tools.runs == 1
    assert {finding.path for finding in changed.findings} == {"a/main.tf", "b/main.tf"}

    newer = Counted(tmp_path / "newer", real, version="999.0.0")
    checked(tree, cache, newer)
    assert newer.runs == 2


@needs_trivy
def test_a_damaged_entry_counts_as_nothing(tmp_path: Path) -> None:
    tree, cache = tmp_path / "tree", MemoryCache()
    tools = Counted(tmp_path / "tool", toolbox().find("trivy"))
    write(tree, {"a/main.tf": OPEN})
    first = checked(tree, cache, tools)
    for key in cache.keys_of(SPACE):
        cache.kept[key] = {"covered": ["elsewhere.tf"], "found": []}
    assert tools.runs == 2
    assert checked(tree, cache, tools).findings == first.findings
    assert tools.runs == 1


@needs_trivy
def test_what_is_kept_does_not_stand_in_for_the_self_test(tmp_path: Path) -> None:
    tree, cache = tmp_path / "tree", MemoryCache()
    write(tree, {"a/main.tf": OPEN})
    tools = Counted(tmp_path / "tool", toolbox().find("trivy"))
    checked(tree, cache, tools)
    for key in cache.keys_of("self-tests"):
        del cache.kept[key]
    blind = Counted(tmp_path / "blind", toolbox().find("trivy"))
    program = blind.find("trivy").program
    program.write_text(program.read_text().replace("os.execv", "sys.exit(0)\nos.execv"))
    found = checked(tree, cache, blind)
    assert not found.findings
    assert "misconfigurations" not in found.facts
    assert any("is not trusted" in gap.reason for gap in found.gaps)


def test_a_value_of_another_shape_is_none() -> None:
    cache = MemoryCache()
    keeper = MisconfigurationCache(cache, "1.0", ("fs",))
    copy = copy_of(parsed("a/main.tf", OPEN), 1)
    assert copy is not None
    given = {copy.name: copy.data}
    found = Misconfiguration(copy.path, "AWS-0107", "high", "t", "m", 6, 6)
    keeper.put(given, [copy], [found], frozenset({copy.path}))
    kept = keeper.get(given, [copy])
    assert kept is not None
    assert (kept.found, kept.covered, kept.origin) == ((found,), frozenset({"a/main.tf"}), ORIGIN)
    assert MisconfigurationCache(cache, "1.1", ("fs",)).get(given, [copy]) is None
    assert MisconfigurationCache(cache, "1.0", ("fs", "--x")).get(given, [copy]) is None

    moved = replace(copy, path="b/main.tf")
    other = keeper.get(given, [moved])
    assert other is not None
    assert other.found[0].target == "b/main.tf"

    (key,) = cache.keys_of(SPACE)
    row: list[Json] = ["a/main.tf", "AWS-0107", "high", "t", "m", 6, 6, None, None, None]
    values: list[Json] = [
        None,
        [],
        {"covered": [], "found": []},
        {"covered": ["a/main.tf"]},
        {"covered": ["a/main.tf"], "found": [row[:-1]]},
        {"covered": ["a/main.tf"], "found": [[*row[:2], "awful", *row[3:]]]},
        {"covered": ["a/main.tf"], "found": [["x.tf", *row[1:]]]},
        {"covered": ["a/main.tf"], "found": [[*row[:5], 0, *row[6:]]]},
        {"covered": ["a/main.tf"], "found": [[*row[:5], 9999, *row[6:]]]},
    ]
    for value in values:
        cache.kept[key] = value
        assert keeper.get(given, [copy]) is None, value


def test_names_and_bytes_are_told_apart() -> None:
    assert digest_of({"a": b"b"}) != digest_of({"ab": b""})
    assert digest_of({"a": b"1", "b": b"2"}) == digest_of({"b": b"2", "a": b"1"})
    assert digest_of({"a": b"1", "b": b"2"}) != digest_of({"a": b"2", "b": b"1"})


def test_folders_that_call_each_other_stay_in_one_share() -> None:
    texts = {f"m{number:03d}/main.tf": CLEAN for number in range(300)}
    for number in range(0, 300, 3):
        texts[f"m{number:03d}/main.tf"] = f'module "x" {{\n  source = "../m{number + 1:03d}"\n}}\n'
    files = [parsed(path, text) for path, text in texts.items()]
    copies = [copy for file in files if (copy := copy_of(file, 1)) is not None]
    shares = shares_of(copies, files)
    assert len(shares) == 4
    assert sorted(copy.path for share in shares for copy in share) == sorted(texts)
    assert [len(share) for share in shares] == sorted(map(len, shares), reverse=True)
    number_of = {folder_of(copy.path): number for number, share in enumerate(shares) for copy in share}
    assert all(number_of[f"m{number:03d}"] == number_of[f"m{number + 1:03d}"] for number in range(0, 300, 3))
    assert shares_of(copies[:100], files) == [copies[:100]]
    assert shares_of([], files) == []


def test_a_change_leaves_the_other_shares_as_they_are() -> None:
    def shares(changed: str) -> set[frozenset[tuple[str, bytes]]]:
        files = [parsed(f"m{number:03d}/main.tf", changed if number == 7 else CLEAN) for number in range(300)]
        copies = [copy for file in files if (copy := copy_of(file, 1)) is not None]
        return {frozenset((copy.name, copy.data) for copy in share) for share in shares_of(copies, files)}

    assert len(shares(CLEAN) & shares(OPEN)) == 3
