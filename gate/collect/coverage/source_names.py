"""What the name of a source file says about it, by the conventions of the common test tools."""

from __future__ import annotations

import re
from typing import Final

_TEST_FOLDERS: Final = frozenset(
    {"test", "tests", "__tests__", "__mocks__", "spec", "specs", "e2e", "testdata", "testing", "fixtures"}
)
_TEST_NAME: Final = re.compile(
    r"test_.*\.py|.*_test\.(?:py|go|rb|cc|cpp|c|dart|exs)|conftest\.py|.*_spec\.rb|.*[.-](?:test|spec|cy|stories)\.\w+"
    r"|(?:.*(?:Test|Tests|TestCase|Spec|IT)|Test[A-Z].*)\.(?:java|kt|kts|groovy|scala|php|cs|swift)"
)


def suffix(path: str) -> str:
    """Return the extension of a path with its dot, in lower case, "" if it has none."""
    name = path.rpartition("/")[2]
    stem, dot, end = name.rpartition(".")
    return dot + end.lower() if stem else ""


def is_test(path: str) -> bool:
    """Whether a file is one of tests (or of fixtures for them) by its folder or its name."""
    *folders, name = path.split("/")
    return any(folder.lower() in _TEST_FOLDERS for folder in folders) or _TEST_NAME.fullmatch(name) is not None


def is_declaration(path: str) -> bool:
    """Whether a file by its name holds only declarations, which nothing can run (TypeScript, Python stubs)."""
    return path.endswith((".d.ts", ".d.mts", ".d.cts", ".pyi"))
