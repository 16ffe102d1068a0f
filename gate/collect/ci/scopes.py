"""Commands that have the name of a scanner or a test runner and look at nothing: they list, explain, or leave out all.

Only what the command line alone tells: whether a folder is empty where the job runs is not known here. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

_ASKS = frozenset({"--help", "--version"})
_LISTS: Mapping[str, frozenset[str]] = {
    "pytest": frozenset(
        {"--collect-only", "--collectonly", "--co", "--fixtures", "--funcargs", "--fixtures-per-test", "--markers"}
        | {"--setup-plan", "--setup-only", "--cache-show"}
    ),
    "tox": frozenset({"--notest", "-n", "-l", "--listenvs", "-a", "--listenvs-all", "list", "--showconfig", "config"}),
    "nox": frozenset({"--list", "-l", "--list-sessions", "--install-only"}),
    "behave": frozenset({"--dry-run", "-d"}),
    "robot": frozenset({"--dryrun"}),
    "go": frozenset({"-list", "-c", "-n"}),
    "gotestsum": frozenset({"-list"}),
    "ginkgo": frozenset({"--dry-run", "-dry-run", "outline"}),
    "cargo": frozenset({"--no-run", "--list"}),
    "jest": frozenset({"--listTests", "--showConfig"}),
    "vitest": frozenset({"list"}),
    "mocha": frozenset({"--dry-run", "--list-files"}),
    "playwright": frozenset({"--list"}),
    "phpunit": frozenset({"--list-tests", "--list-tests-xml", "--list-groups", "--list-suites"}),
    "rspec": frozenset({"--dry-run"}),
    "cucumber": frozenset({"--dry-run", "-d"}),
    "ctest": frozenset({"-N", "--show-only"}),
    "bats": frozenset({"--count", "-c"}),
    "dotnet": frozenset({"--list-tests", "-t"}),
    "swift": frozenset({"list", "--list-tests"}),
    "deno": frozenset({"--no-run"}),
    "gradle": frozenset({"--dry-run", "-m"}),
    "pip-audit": frozenset({"--dry-run"}),
    "semgrep": frozenset({"--validate", "--test", "--show-supported-languages"}),
    "checkov": frozenset({"--list", "-l"}),
}
"""Options (and words) with which a program runs none of its tests or checks."""
_ALIASES = {"py.test": "pytest", "gradlew": "gradle", "opengrep": "semgrep"}
_PASSED_ON = frozenset({"npm", "yarn", "pnpm", "bun", "npx"})
_PASSED_OPTIONS = frozenset({"--listTests", "--collect-only", "--list-tests"})
_LEAVES_OUT: Mapping[str, frozenset[str]] = {
    "trivy": frozenset({"--skip-dirs", "--skip-files"}),
    "bandit": frozenset({"-x", "--exclude"}),
    "semgrep": frozenset({"--exclude"}),
    "gosec": frozenset({"-exclude-dir"}),
    "checkov": frozenset({"--skip-path"}),
    "pytest": frozenset({"--ignore", "--ignore-glob"}),
    "osv-scanner": frozenset({"--experimental-exclude"}),
    "grype": frozenset({"--exclude"}),
}
_EVERYTHING = frozenset({".", "./", "*", "**", "./*", "./**", "**/*", "**/**", "/"})
_SOURCES = frozenset(
    {"-s", "--source", "-r", "--recursive", "-d", "--directory", "--path", "--requirement", "--target"}
)
_EMPTY = frozenset({"/dev/null", "/var/empty", "/nonexistent", ""})
"""Places that hold nothing on any runner."""
_REPORTS = {"gitleaks": frozenset({"-r"}), "trufflehog": frozenset({"-r"})}
"""Options that look like those of a source and name the report."""
_NO_COMMIT = ("-n 0", "-n0", "--max-count=0", "--max-count 0", "-0")


def looks_at_nothing(name: str, arguments: Sequence[str]) -> bool:
    """Return whether a scanner or test runner, called with these arguments, certainly looks at nothing."""
    name = _ALIASES.get(name, name)
    given = set(arguments)
    if _ASKS & given or _LISTS.get(name, frozenset()) & given:
        return True
    if name in _PASSED_ON and _PASSED_OPTIONS & given:
        return True
    options = list(_options(arguments))
    return (
        any(option in _LEAVES_OUT.get(name, ()) and is_everything(value) for option, value in options)
        or (name in ("go", "gotestsum") and any(option.endswith("run") and value == "^$" for option, value in options))
        or (name == "gitleaks" and any(option == "--log-opts" and value in _NO_COMMIT for option, value in options))
        or any(option in _SOURCES - _REPORTS.get(name, frozenset()) and value in _EMPTY for option, value in options)
    )


def scanners_of_trivy(arguments: Sequence[str]) -> frozenset[str] | None:
    """Return what Trivy is told to look for (`vuln`, `secret`, `misconfig`, `license`), None where it is not told."""
    values = [value for option, value in _options(arguments) if option in ("--scanners", "--security-checks")]
    return frozenset(word for value in values for word in value.split(",")) if values else None


def is_everything(value: str) -> bool:
    """Return whether what is left out, in a list with commas, is all there is."""
    return any(part.strip() in _EVERYTHING for part in value.split(","))


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (option, value), of `--option=value` and of `--option value`."""
    for word in arguments:
        option, sign, value = word.partition("=")
        if sign and option.startswith("-"):
            yield option, value
    for option, value in pairwise(arguments):
        if option.startswith("-") and not value.startswith("-"):
            yield option, value
