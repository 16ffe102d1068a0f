"""Whether something of a downloaded artefact is run, or only read. Pure.

An artefact of the run that a pull request started holds whatever the pull request wanted it to hold.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

from gate.collect.ci.bare import PYTHON
from gate.collect.ci.shell import Command
from gate.model.json import JsonObject

_INTERPRETERS = frozenset(
    {
        "bash", "sh", "zsh", "dash", "ash", "ksh", "source", ".", "node", "ruby", "perl", "php", "pwsh", "powershell",
        "deno", "bun", "tsx", "ts-node", "Rscript", "lua", "groovy"
    }
)  # fmt: skip
_BUILDERS = frozenset(
    {
        "make", "gmake", "just", "task", "npm", "npx", "pnpm", "yarn", "bun", "bundle", "rake", "gem", "mvn", "mvnw",
        "gradle", "gradlew", "cargo", "go", "dotnet", "cmake", "ninja", "bazel", "tox", "nox", "invoke", "poe",
        "pre-commit", "composer", "mix", "sbt", "helm", "helmfile", "kubectl", "terraform", "tofu", "terragrunt",
        "pulumi", "ansible-playbook", "pytest", "jest", "vitest", "mocha"
    }
)  # fmt: skip
"""Programs that run what files of the folder say."""
_INSTALLERS = frozenset(
    {
        "pip", "pip3", "pipx", "uv", "poetry", "pdm", "dpkg", "apt", "apt-get", "rpm", "dnf", "yum", "brew", "docker",
        "podman"
    }
)  # fmt: skip
"""Programs that run what a file says that they are given."""
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash", "ksh", "pwsh", "powershell", "source", "."})
_LEADS = frozenset(
    {
        "PATH", "PYTHONPATH", "NODE_PATH", "NODE_OPTIONS", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV",
        "RUBYLIB", "RUBYOPT", "PERL5LIB", "CLASSPATH", "PYTHONSTARTUP", "GIT_CONFIG_GLOBAL", "PIP_CONFIG_FILE",
        "NPM_CONFIG_USERCONFIG"
    }
)  # fmt: skip
"""Variables that say where programs, modules and settings are looked for."""
_UNPACKERS = frozenset({"unzip", "tar", "bsdtar", "7z", "gunzip"})
_MOVERS = frozenset({"mv", "cp", "rsync", "install", "ln"})
_PLACES = (
    (re.compile(r"\$\{\{\s*runner\.temp\s*\}\}|\$\{RUNNER_TEMP\}"), "$RUNNER_TEMP"),
    (re.compile(r"\$\{\{\s*github\.workspace\s*\}\}|\$\{?GITHUB_WORKSPACE\}?"), "$GITHUB_WORKSPACE"),
)
_WORKSPACE = "$GITHUB_WORKSPACE"
_LOADS = re.compile(
    r"""\b(?:require|import)\s*\(\s*(?!["'`](?:node:)?(?:fs|path|os|util|url|crypto|assert|buffer)(?:/promises)?["'`])"""
    r"|\beval\s*\(|new\s+Function\b|child_process|\bexec\b|\bspawn\b"
)


@dataclass(slots=True)
class Artefacts:
    """The folders that an artefact was put into, from the workspace's root; "" is the root itself, and so all of it.

    `any` is true once there was a download, wherever its file went to.
    """

    folders: set[str] = field(default_factory=set)
    any: bool = False

    def put(self, folder: str) -> None:
        """Note a download into a folder, or that one was unpacked or copied there."""
        self.any = True
        place = placed(folder)
        self.folders.add("" if place is None else place)

    def holds(self, path: str, cwd: str = "") -> bool:
        """Whether a path may be of an artefact."""
        place = placed(path, cwd)
        if place is None:
            return bool(self.folders)
        return any(place == each or place.startswith(f"{each}/") for each in self.folders if each) or (
            "" in self.folders and not place.startswith(("/", "$", ".."))
        )

    def run_by(self, words: Sequence[str], command: Command, cwd: str) -> bool:
        """Whether a command may run something of an artefact, or put it where a later one does."""
        if not self.any:
            return False
        name = PurePosixPath(words[0]).name or words[0]
        if _is_module(command.words) and self.holds("x", cwd):
            return True  # `python -m x`, of which `words` has only x
        if self._looked_in(command.words, cwd) or ("xargs" in command.words[:-1] and name in _INTERPRETERS):
            return True
        plain = [word for word in words[1:] if not word.startswith("-")]
        if name in _UNPACKERS or name in _MOVERS:
            self._spread(name, words, plain, cwd)
            return False
        if "/" in words[0] and self.holds(words[0], cwd):
            return True
        if name in _INTERPRETERS or PYTHON.fullmatch(name):
            code = any(word in ("-c", "-e", "-") for word in words[1:3])
            if code and PYTHON.fullmatch(name) and self.holds("x", cwd):
                return True  # modules are looked for in the folder that it is started in
            if not plain:
                # It reads what the command before it writes, or a file; of Python a here-document is more usual.
                return bool(self.folders) and (command.joined in ("|", "|&") or name in _SHELLS)
            return not code and self.holds(plain[0], cwd)
        if name in _BUILDERS:
            given = [second for first, second in pairwise(words) if first.startswith("-")]
            given += [word.partition("=")[2] for word in words if word.startswith("-") and "=" in word]
            given += [word for word in plain if "/" in word]
            return self.holds("x", cwd) or any(self.holds(word, cwd) for word in given if word)
        if name == "eval":
            return bool(self.folders) and any("$" in word or "`" in word for word in plain)
        return name in _INSTALLERS and any(
            self.holds(word, cwd) for word in plain if "/" in word or "." in word or "$" in word
        )

    def _looked_in(self, words: Sequence[str], cwd: str) -> bool:
        """Whether a variable that says where programs and modules lie names a folder of an artefact."""
        pairs = (word.partition("=")[::2] for word in words if "=" in word)
        return any(self.leads(name, value, cwd) for name, value in pairs)

    def leads(self, name: str, value: str, cwd: str = "") -> bool:
        """The same of one variable."""
        if name not in _LEADS or not any(each for each in self.folders):
            return False
        return any(self.holds(part, cwd) for part in value.split(":") if part and part != f"${name}")

    def _spread(self, name: str, words: Sequence[str], plain: Sequence[str], cwd: str) -> None:
        """Note where a command that unpacks or moves files puts them."""
        if name in _MOVERS:
            target = plain[-1] if len(plain) > 1 else ""
            if any(self.holds(word, cwd) for word in plain[:-1]) and target:
                self.put(_within(target, cwd))
            return
        flag = next((at for at, word in enumerate(words[:-1]) if word in ("-d", "-C", "--directory")), None)
        joined = next((word.partition("=")[2] for word in words if word.startswith("--directory=")), "")
        self.put(_within(words[flag + 1] if flag is not None else joined or ".", cwd))

    def loaded_by(self, script: str) -> bool:
        """Whether a script that is no shell's may load and run a file of an artefact."""
        return self.any and _LOADS.search(script) is not None


def _is_module(words: Sequence[str]) -> bool:
    return "-m" in words[1:-1] and any(
        PYTHON.fullmatch(PurePosixPath(word).name) for word in words[: words.index("-m")]
    )


def placed(path: str, cwd: str = "") -> str | None:
    """Return a path from the workspace's root, "" for the root; None where only the run knows it.

    Outside of the workspace it begins with `/`, `..` or `$RUNNER_TEMP`.
    """
    text = path.strip()
    for pattern, name in _PLACES:
        text = pattern.sub(name, text)
    if text == _WORKSPACE or text.startswith(f"{_WORKSPACE}/"):
        text, cwd = text.removeprefix(_WORKSPACE).lstrip("/"), ""
    rest = text.removeprefix("$RUNNER_TEMP")
    if "$" in rest or "`" in text or "~" in text:
        return None
    if not text.startswith(("/", "$")):
        text = _within(text, cwd)
    return "" if (found := posixpath.normpath(text)) == "." else found


def _within(path: str, cwd: str) -> str:
    return f"{cwd}/{path}" if cwd and not path.startswith(("/", "$")) else path


def folder_of_download(name: str, given: JsonObject) -> str | None:
    """Return where an action puts an artefact of another run, None where it brings none.

    actions/download-artifact brings one of its own run, unless it is given another run's id.
    """
    lower = name.lower()
    if "artifact" not in lower or "download" not in lower:
        return None
    inputs = {key.lower(): value for key, value in given.items()}
    run = str(inputs.get("run-id", inputs.get("run_id", ""))).replace(" ", "").lower()
    if lower == "actions/download-artifact" and run in ("", "${{github.run_id}}"):
        return None
    path = inputs.get("path")
    return path if isinstance(path, str) else ""
