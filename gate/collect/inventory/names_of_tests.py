"""Which files hold tests, by the names that test tools look for.

- Python: pytest's `test_*.py` and `*_test.py`, Django's `test.py` and `tests.py`
- Go: `*_test.go`
- JavaScript and TypeScript: `*.test.*`, `*.spec.*`, `*.cy.*` and what lies in `__tests__`
- Java, Kotlin, Scala, Groovy: Surefire's `Test*`, `*Test`, `*Tests`, `*TestCase`, Failsafe's `IT*`, `*IT`, `*ITCase`,
  Spock's and ScalaTest's `*Spec`
- .NET, PHP, Swift: `*Test`, `*Tests`, `*TestCase`, `*Spec`
- Ruby: `*_test.rb`, `*_spec.rb`, `test_*.rb`
- Rust: the files of `tests/`
- C and C++: `test_*.*`, `*_test.*`, `*_tests.*`, `*_unittest.*`

Fixtures, helpers and conftest.py hold no tests.
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"test_[^/]*\.py|tests?\.py|[^/]+_tests?\.py"
    r"|[^/]+_test\.(?:go|dart|exs|clj|cljs|cljc|rb|jl|lua|sh|star|bzl)"
    r"|[^/]+_spec\.(?:rb|lua)|test_[^/]+\.(?:rb|exs|lua|jl)|test-[^/]+\.[rR]"
    r"|[^/]+[.](?:test|spec|cy|e2e-spec)\.(?:[cm]?[jt]sx?|vue|svelte|coffee)"
    r"|(?:Test[A-Z0-9_][^/]*|[^/]*(?:Test|Tests|TestCase|Spec)|IT[A-Z][^/]*|[^/]*(?:IT|ITCase))"
    r"\.(?:java|kt|kts|groovy|scala)"
    r"|[^/]*(?:Test|Tests|TestCase|Spec)\.(?:cs|fs|vb|php|swift|m|mm|hs)"
    r"|(?:test_[^/]+|[^/]+_(?:test|tests|unittest))\.(?:c|cc|cpp|cxx|cu|m|mm|zig)"
    r"|[^/]+\.(?:bats|t)|[^/]+\.Tests\.ps1|[^/]+_test\.rego"
)
_PYTHON = re.compile(r"test_[^/]*\.py|tests?\.py|[^/]+_tests?\.py")
_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts")


def holds_tests(path: str) -> bool:
    """Whether a test tool would look for tests in this file."""
    folders, _, name = path.rpartition("/")
    if _NAME.fullmatch(name):
        return True
    parts = folders.split("/")
    if "__tests__" in parts:
        return name.endswith(_SCRIPTS) and not name.endswith(".d.ts")
    return name.endswith(".rs") and parts[-1] == "tests"


def holds_python_tests(path: str) -> bool:
    """Whether pytest or unittest would look for tests in this file."""
    return _PYTHON.fullmatch(path.rpartition("/")[2]) is not None
