"""What Python projects declare."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_declared import LIMIT, NAMES, Declared, read_declared

DATA = Path(__file__).parent / "data/python"


def declared(text: str, name: str = "pyproject.toml") -> Declared:
    return read_declared(text.encode(), name)


def pins(found: Declared) -> dict[str | None, tuple[str, str | None, int | None]]:
    return {item.name: (item.pin, item.version, item.line) for item in found.requirements}


def test_pep_621_and_735() -> None:
    found = read_declared((DATA / "uv/pyproject.toml").read_bytes(), "pyproject.toml")
    assert found.name == "shop"
    assert pins(found) == {
        "certifi": ("ranged", None, 5),
        "click": ("pinned", "8.1.7", 5),
        "pyjwt": ("unpinned", None, 5),
        "tomli-w": ("ranged", None, 7),
        "iniconfig": ("unpinned", None, 9),
        "mccabe": ("pinned", "0.7.0", 10),
    }
    assert found.unknown == ()


def test_poetry_tables() -> None:
    found = declared(
        '[tool.poetry]\nname = "Shop"\n[tool.poetry.dependencies]\npython = "^3.11"\na = "^1.2"\nb = "1.2.3"\nc = "*"\n'
        'd = {version = "==2.0", extras = ["x"]}\ne = {git = "https://u:hunter2@h/e.git", rev = "0123"}\n'
        'f = [{version = "1.0", python = "<3"}, {version = ">=2"}]\n[tool.poetry.dev-dependencies]\ng = "~1"\n'
        '[tool.poetry.group.docs.dependencies]\nh = {path = "../h"}\n'
    )
    assert found.name == "shop"
    assert [(item.name, item.pin, item.version, item.target) for item in found.requirements] == [
        ("a", "ranged", None, None),
        ("b", "pinned", "1.2.3", None),
        ("c", "unpinned", None, None),
        ("d", "pinned", "2.0", None),
        ("e", "unpinned", None, "https://h/e.git"),
        ("f", "pinned", "1.0", None),
        ("f", "ranged", None, None),
        ("g", "ranged", None, None),
        ("h", "unpinned", None, "../h"),
    ]
    assert found.requirements[0].line == 5


def test_pdm_and_uv_groups() -> None:
    found = declared('[tool.pdm.dev-dependencies]\ntest = ["a>=1"]\n[tool.uv]\ndev-dependencies = ["b"]\n')
    assert pins(found) == {"a": ("ranged", None, 2), "b": ("unpinned", None, 4)}


def test_dynamic_dependencies_lead_to_files_or_are_not_known() -> None:
    head = '[project]\nname = "a"\ndynamic = ["version", "dependencies", "optional-dependencies"]\n'
    found = declared(
        f"{head}[tool.setuptools.dynamic]\n"
        'dependencies = {file = ["requirements.txt"]}\noptional-dependencies = {dev = {file = "dev.txt"}}\n'
    )
    assert found.files == ("requirements.txt", "dev.txt")
    assert found.unknown == ()
    unknown = declared(head).unknown
    assert [line for _, line in unknown] == [3, 3]
    assert "dynamic" in unknown[0][0]


def test_a_file_of_tools_settings_declares_nothing() -> None:
    assert declared("[tool.ruff]\nline-length = 120\n") == Declared()
    assert declared("") == Declared()


def test_what_is_no_requirement_is_not_known() -> None:
    found = declared('[project]\ndependencies = ["a>=1", "not one", 3, {x = 1}]\n[dependency-groups]\nx = "b"\n')
    assert [item.name for item in found.requirements] == ["a"]
    reasons = [reason for reason, _ in found.unknown]
    assert len(reasons) == 3
    assert "“not one”" in reasons[0]
    assert "no list of requirements" in reasons[2]


def test_pipfile() -> None:
    found = read_declared((DATA / "pipenv/Pipfile").read_bytes(), "Pipfile")
    assert pins(found) == {
        "certifi": ("unpinned", None, 7),
        "pyjwt": ("pinned", "2.8.0", 8),
        "iniconfig": ("ranged", None, 11),
    }


def test_setup_cfg() -> None:
    found = declared(
        "[metadata]\nname = My_App\n[options]\ninstall_requires =\n    a>=1\n    b==2.0  # why\n    %(other)s\n"
        "    nonsense here\ntests_require = file: test.txt, more.txt\n[options.extras_require]\nfast =\n    c\n",
        "setup.cfg",
    )
    assert found.name == "my-app"
    assert {name: pin for name, (pin, _, _) in pins(found).items()} == {"a": "ranged", "b": "pinned", "c": "unpinned"}
    assert pins(found)["b"] == ("pinned", "2.0", 6)
    assert found.files == ("test.txt", "more.txt")
    assert len(found.unknown) == 1
    assert declared("[flake8]\nmax-line-length = 1\n", "setup.cfg") == Declared()


def test_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    found = declared(
        f"from setuptools import setup\nopen({str(witness)!r}, 'w').write('x')\nMORE = ['c>=1']\n"
        "setup(name='x', install_requires=['a==1.0', 'b'] + MORE, extras_require={'x': ('d',), 'y': MORE},\n"
        "      tests_require='e\\nf>=1')\n",
        "setup.py",
    )
    assert {name: pin for name, (pin, _, _) in pins(found).items()} == {
        "a": "pinned",
        "b": "unpinned",
        "c": "ranged",
        "d": "unpinned",
        "e": "unpinned",
        "f": "ranged",
    }
    assert found.unknown == ()
    assert not witness.exists()


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import setuptools\nsetuptools.setup(install_requires=open('r.txt').read().split())", 2),
        ("setup(install_requires=[f'a=={version}'])", 1),
        ("setup(install_requires=REQUIRES)", 1),
        ("setup(extras_require={**more, 'x': ['a']})", 1),
        ("setup(**arguments)", 1),
        ("A = A\nsetup(install_requires=A)", 2),
        ("setup(install_requires=['a'", None),
        ("\x00", None),
        ("(" * 100_000, None),
    ],
)
def test_setup_py_that_only_a_run_could_tell_is_not_known(code: str, line: int | None) -> None:
    ((reason, at),) = declared(code, "setup.py").unknown
    assert at == line
    assert "does not run" in reason or "does not parse" in reason


def test_a_bare_setup_py_declares_nothing() -> None:
    assert declared("from setuptools import setup\nsetup()\n", "setup.py") == Declared()
    assert declared("setup(**{'name': 'x'}, packages=find())\n", "setup.py") == Declared()


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"[project", "pyproject.toml", "not TOML"),
        (b"project = 1", "pyproject.toml", "not a table"),
        (b"a = " + b"[" * 9000, "pyproject.toml", ""),
        (b"a = " + b"9" * 9000, "Pipfile", "not TOML"),
        (b"# \xff", "pyproject.toml", "not UTF-8"),
        (b"no section", "setup.cfg", "not INI"),
        (b" " * (LIMIT + 1), "setup.py", "at most"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_declared(data, name)
    assert reason in caught.value.reason


@given(st.text(max_size=200), st.sampled_from(NAMES))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    with suppress(ReportError):
        assert isinstance(read_declared(text.encode("utf-8", "replace"), name), Declared)
