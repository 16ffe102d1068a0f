"""Broken scanners: real small programs that fail the way scanners do. What each does is its name."""

from __future__ import annotations

from pathlib import Path

from gate.collect.process import ToolProblem
from gate.collect.tools import Tool, Toolbox

BROKEN: dict[str, str] = {
    "crashes": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
    "is killed": "import os, signal\nprint(report)\nsys.stdout.flush()\nos.kill(os.getpid(), signal.SIGKILL)",
    "hangs": "import time\ntime.sleep(600)",
    "floods stderr and ends with 1": "for _ in range(5000): print('x' * 999, file=sys.stderr)\nsys.exit(1)",
    "prints half a document": "print(report[: len(report) // 2])",
    "prints a report and ends with 139": "print(report)\nsys.stdout.flush()\nsys.exit(139)",
    "prints nothing and ends with 0": "",
    "prints an empty document and ends with 0": "print('{}')",
    "prints an empty list and ends with 0": "print('[]')",
    "prints null and ends with 0": "print('null')",
    "prints a page of HTML": "print('<html><body>502 Bad Gateway</body></html>')",
    "prints NaN": "print('NaN')",
    "prints bytes that are not UTF-8": "sys.stdout.buffer.write(b'\\xff\\xfe\\x00')",
    "ends with an unknown code": "print(report)\nsys.stdout.flush()\nsys.exit(77)",
    "prints without an end": "while True: print('x' * 65536)",
}
"""What a broken program does. `report` is a whole and clean report of the tool that it stands in for."""


def install(folder: Path, name: str, does: str, report: str = "{}", version: str = "1.2.3") -> Path:
    """Write a broken program and return its path; asked for its version, it answers like a whole one."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(
        "#!/usr/bin/env python3\nimport sys\n"
        f"if sys.argv[1:2] in (['--version'], ['version'], ['-v']):\n    print({version!r})\n    sys.exit(0)\n"
        f"report = {report!r}\n{BROKEN[does]}\n"
    )
    program.chmod(0o755)
    return program


class OneTool(Toolbox):
    """A machine with this program as one tool, and with what another toolbox has besides."""

    def __init__(self, name: str, command: tuple[str, ...], version: str = "1.2.3", others: Toolbox | None = None):
        self._tool = Tool(name, version, command)
        self._others = others

    def find(self, name: str) -> Tool:
        """Return the program, or what the others have."""
        if name == self._tool.name:
            return self._tool
        if self._others is None:
            raise ToolProblem(name, "is not installed")
        return self._others.find(name)
