"""What scripts of the repository run: a step that says `bash ci/run.sh`, `make test`, `npm run lint` does that. Pure.

Found are shell scripts by their path, rules of the Makefile at the root, and the scripts of the root's package.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from gate.collect.ci.act import Act
from gate.model.json import Json

ReadText = Callable[[str], "str | None"]
"""Path of a tracked file → its text; None where there is none that can be read."""

_SHEBANG = re.compile(r"#!\s*\S*?(?:env\s+(?:-S\s+)?)?(bash|sh|dash|zsh)\b")
_RULE = re.compile(r"(?P<targets>[A-Za-z0-9_./ -]+?)\s*::?(?!=)(?P<needs>[^=].*)?$")
_MOST_LINES = 20_000
_NPM = frozenset({"npm", "pnpm", "yarn", "bun"})


class Scripts:
    """Looks up what a command of a workflow runs in the repository."""

    def __init__(self, read: ReadText) -> None:
        self._read = read
        self._texts: dict[str, str | None] = {}
        self._rules: dict[str, tuple[list[str], str]] | None = None
        self.acts: dict[tuple[str, int], tuple[Act, ...]] = {}
        """What a script does, by its name and how many others called each other on the way to it, once it is known."""

    def script_of(self, name: str, words: Sequence[str]) -> tuple[str, str] | None:
        """Return (what it is called, its text) of the script that a command runs, None where it runs none.

        `words` are those of the command; `name` is the base name of the first.
        """
        if name in ("make", "gmake"):
            return self._make(words[1:])
        if name in _NPM:
            return self._package(words[1:])
        path = words[0]
        if name in ("bash", "sh", "zsh", "dash", "source", "."):
            path = next((word for word in words[1:] if not word.startswith("-")), "")
        return self._shell(path)

    def _shell(self, path: str) -> tuple[str, str] | None:
        plain = path.removeprefix("$GITHUB_WORKSPACE/").removeprefix("${GITHUB_WORKSPACE}/").removeprefix("./")
        if "/" not in path and not path.endswith((".sh", ".bash")):
            return None
        if plain.startswith("/") or ".." in PurePosixPath(plain).parts or not plain:
            return None
        text = self._text(plain)
        if text is None or not (plain.endswith((".sh", ".bash")) or _SHEBANG.match(text)):
            return None
        return plain, text

    def _make(self, words: Sequence[str]) -> tuple[str, str] | None:
        if any(word in ("-C", "-f") or word.startswith(("--directory", "--file")) for word in words):
            return None
        targets = [word for word in words if not word.startswith("-") and "=" not in word]
        if self._rules is None:
            text = next((found for name in ("GNUmakefile", "makefile", "Makefile") if (found := self._text(name))), "")
            self._rules = read_rules(text)
        texts: list[str] = []
        seen: set[str] = set()
        waiting = list(reversed(targets))
        while waiting and len(seen) < 500:
            target = waiting.pop()
            if target in seen or target not in self._rules:
                continue
            seen.add(target)
            needs, recipe = self._rules[target]
            waiting += reversed(needs)
            texts.append(recipe)
        return (f"make {' '.join(targets)}", "\n".join(texts)) if seen else None

    def _package(self, words: Sequence[str]) -> tuple[str, str] | None:
        plain = [word for word in words if not word.startswith("-")]
        if not plain or any(word in ("--prefix", "-C", "--workspace", "-w", "--filter") for word in words):
            return None
        wanted = plain[1] if plain[0] in ("run", "run-script") and len(plain) > 1 else plain[0]
        from gate.formats.strict_json import JsonProblem, loads

        try:
            value: Json = loads((self._text("package.json") or "{}").encode())
        except JsonProblem:
            return None
        scripts = value.get("scripts") if isinstance(value, dict) else None
        text = scripts.get({"t": "test", "tst": "test"}.get(wanted, wanted)) if isinstance(scripts, dict) else None
        return (f"script {wanted}", text) if isinstance(text, str) else None

    def _text(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]


def read_rules(makefile: str) -> dict[str, tuple[list[str], str]]:
    """Return target → (what it needs, its recipe as a script) of a Makefile. Nothing is expanded."""
    rules: dict[str, tuple[list[str], str]] = {}
    current: list[str] = []
    for line in makefile.replace("\\\n", " ").split("\n")[:_MOST_LINES]:
        if line.startswith("\t"):
            command = line.strip()
            # `-` in front lets make go on after a failure, `@` only keeps it quiet.
            hidden = command[:3].count("-") and command.lstrip("@+ ").startswith("-")
            command = command.lstrip("@-+ ") + (" || true" if hidden else "")
            for target in current:
                needs, recipe = rules[target]
                rules[target] = (needs, f"{recipe}{command}\n")
            continue
        match = _RULE.match(line) if len(line) < 2_000 and ":" in line and not line.startswith((" ", "#")) else None
        if match is None:
            if line.strip() and not line.startswith("#"):
                current = []
            continue
        current = match["targets"].split()[:50]
        needed = (match["needs"] or "").partition("#")[0].partition(";")[0].split()[:200]
        for target in current:
            needs, recipe = rules.get(target, ([], ""))
            rules[target] = ([*needs, *needed], recipe)
    return rules
