"""Which language a file is written in, by its name, and for scripts without a suffix by their first line."""

from __future__ import annotations

import re

_BY_SUFFIX: dict[str, str] = {
    suffix: language
    for language, suffixes in {
        "Ada": "adb ads",
        "Assembly": "asm s",
        "Astro": "astro",
        "Batch": "bat cmd",
        "Bicep": "bicep",
        "C": "c h",
        "C#": "cs csx",
        "C++": "cc cpp cxx c++ hh hpp hxx ipp inl",
        "CMake": "cmake",
        "COBOL": "cbl cob",
        "CSS": "css",
        "CUDA": "cu cuh",
        "Clojure": "clj cljs cljc edn",
        "CoffeeScript": "coffee",
        "Crystal": "cr",
        "Cython": "pyx pxd",
        "D": "d",
        "Dart": "dart",
        "Dockerfile": "dockerfile containerfile",
        "Elixir": "ex exs",
        "Elm": "elm",
        "Erlang": "erl hrl",
        "F#": "fs fsi fsx",
        "Fortran": "f f90 f95 f03 for",
        "GraphQL": "graphql gql",
        "Go": "go",
        "Groovy": "groovy gradle gvy",
        "HCL": "tf tfvars hcl",
        "HTML": "html htm xhtml",
        "Haskell": "hs lhs",
        "INI": "ini cfg",
        "JSON": "json jsonc json5",
        "Java": "java",
        "JavaScript": "js mjs cjs jsx",
        "Jsonnet": "jsonnet libsonnet",
        "Julia": "jl",
        "Jupyter": "ipynb",
        "Kotlin": "kt kts",
        "Less": "less",
        "Lua": "lua",
        "Makefile": "mk mak",
        "Markdown": "md markdown mdx",
        "Nim": "nim",
        "Nix": "nix",
        "OCaml": "ml mli",
        "Objective-C": "m mm",
        "PHP": "php phtml",
        "Perl": "pl pm t",
        "PowerShell": "ps1 psm1 psd1",
        "Prolog": "pro",
        "Properties": "properties",
        "Protocol Buffers": "proto",
        "Puppet": "pp",
        "Python": "py pyi pyw",
        "R": "r rmd",
        "Rego": "rego",
        "Ruby": "rb rake gemspec",
        "Rust": "rs",
        "SQL": "sql",
        "Sass": "sass scss",
        "Scala": "scala sc sbt",
        "Shell": "sh bash zsh ksh bats fish",
        "Solidity": "sol",
        "Starlark": "bzl star bazel",
        "Svelte": "svelte",
        "Swift": "swift",
        "TOML": "toml",
        "TypeScript": "ts mts cts tsx",
        "VHDL": "vhd vhdl",
        "Verilog": "v sv svh",
        "Visual Basic": "vb vbs",
        "Vue": "vue",
        "XML": "xml xsd xsl xslt",
        "YAML": "yaml yml",
        "Zig": "zig",
        "reStructuredText": "rst",
    }.items()
    for suffix in suffixes.split()
}
_BY_NAME: dict[str, str] = {
    "cmakelists.txt": "CMake",
    "containerfile": "Dockerfile",
    "dockerfile": "Dockerfile",
    "gemfile": "Ruby",
    "gnumakefile": "Makefile",
    "jenkinsfile": "Groovy",
    "justfile": "Makefile",
    "makefile": "Makefile",
    "pipfile": "TOML",
    "poetry.lock": "TOML",
    "rakefile": "Ruby",
    "uv.lock": "TOML",
    "vagrantfile": "Ruby",
}
_STARLARK = ("BUILD", "WORKSPACE")
"""Bazel's files, which are these in capitals only."""
_INTERPRETERS: dict[str, str] = {
    "ash": "Shell",
    "bash": "Shell",
    "dash": "Shell",
    "deno": "TypeScript",
    "groovy": "Groovy",
    "ksh": "Shell",
    "lua": "Lua",
    "node": "JavaScript",
    "perl": "Perl",
    "php": "PHP",
    "pwsh": "PowerShell",
    "pypy": "Python",
    "python": "Python",
    "ruby": "Ruby",
    "sh": "Shell",
    "zsh": "Shell",
}
_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-S[ \t]+)?)?(?:\S*/)?([a-z]+)[0-9.]*(?=[ \t\r\n]|$)")


def language_of(path: str) -> str | None:
    """Return the language that a file is in by its name, None where its name does not say."""
    name = path.rpartition("/")[2]
    if name in _STARLARK:
        return "Starlark"
    name = name.lower()
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    if name.startswith(("dockerfile.", "containerfile.")):
        return "Dockerfile"
    stem, dot, suffix = name.rpartition(".")
    return _BY_SUFFIX.get(suffix) if dot and stem else None


def has_suffix(path: str) -> bool:
    """Whether a file name has a suffix; a leading dot begins none."""
    return "." in path.rpartition("/")[2][1:]


def language_of_script(start: bytes) -> str | None:
    """Return the language of a script by its first line (`#!/usr/bin/env python3`), None for anything else."""
    match = _SHEBANG.match(start)
    return _INTERPRETERS.get(match[1].decode("ascii")) if match else None
