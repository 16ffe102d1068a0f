"""Names of ecosystems, and of packages and versions in them, in one form whichever tool told them.

Ecosystems are named as OSV does (https://ossf.github.io/osv-schema/#defined-ecosystems). Names are made equal only
where the registry itself takes them for one: PyPI by PEP 503, NuGet, Composer, Hex and Pub in lower case, Cargo's `_`
and `-`. npm has old packages that differ in case alone, so case stays there.
"""

from __future__ import annotations

import re

from gate.collect.readers.python_packages import normal_name, normal_version, public_version

_ECOSYSTEMS: dict[str, str] = {
    "PyPI": "pypi pip pipenv poetry uv pylock pdm python-pkg conda-pkg-pypi python",
    "npm": "npm yarn pnpm bun node-pkg javascript node",
    "Go": "go gomod gobinary golang",
    "crates.io": "crates.io cargo rustbinary rust-binary rust crates",
    "RubyGems": "rubygems bundler gemspec gem ruby",
    "Packagist": "packagist composer composer-vendor php",
    "Maven": "maven pom jar gradle sbt java",
    "NuGet": "nuget dotnet-core packages-props .net",
    "Hex": "hex erlang mix elixir",
    "Pub": "pub dart",
    "SwiftURL": "swifturl swift",
    "CocoaPods": "cocoapods",
    "ConanCenter": "conancenter conan",
    "GitHub Actions": "actions githubactions github",
}
_BY_NAME = {name: ecosystem for ecosystem, names in _ECOSYSTEMS.items() for name in names.split()}
_LOWER = frozenset({"NuGet", "Packagist", "Hex", "Pub"})
_LONGEST = 300
_TAG = re.compile(r"v(?=\d)")


def ecosystem_of(name: str) -> str:
    """Return the ecosystem that a tool means ("gomod" → "Go"); a name that is not known stays as it is."""
    plain = name.strip()
    return _BY_NAME.get(plain.lower()) or _BY_NAME.get(plain.partition(":")[0].lower()) or plain[:_LONGEST]


def package_name(ecosystem: str, name: str) -> str:
    """Return a package's name in the normal form of its ecosystem."""
    plain = " ".join(name.split())[:_LONGEST]
    if ecosystem == "PyPI":
        return normal_name(plain) or plain.lower()
    if ecosystem == "crates.io":
        return plain.replace("_", "-")
    if ecosystem == "Maven":
        return plain.replace("/", ":")
    return plain.lower() if ecosystem in _LOWER else plain


def package_version(ecosystem: str, version: str) -> str:
    """Return a version in the normal form of its ecosystem: without the `v` of a tag, for PyPI by PEP 440."""
    plain = " ".join(version.split())[:_LONGEST]
    if ecosystem == "PyPI":
        return public_version(normal_version(plain) or plain)
    return _TAG.sub("", plain, count=1) if _TAG.match(plain) else plain


def of_purl(purl: str) -> tuple[str, str, str | None] | None:
    """Return ecosystem, name and version (None: any) that a package URL names, all in normal form; None for no purl."""
    from packageurl import PackageURL

    if len(purl) > 4 * _LONGEST:
        return None
    try:
        parsed = PackageURL.from_string(purl)
    except ValueError:
        return None
    ecosystem = ecosystem_of(parsed.type)
    name = "/".join(part for part in (parsed.namespace, parsed.name) if part)
    version = package_version(ecosystem, parsed.version) if parsed.version else None
    return ecosystem, package_name(ecosystem, name), version
