"""What the container runs: `python -I entrypoint.py [ARGUMENT …]`.

With arguments it is the `gate` command. Without, it is the GitHub action when it runs on a GitHub runner, else
`gate run`. It is started with -I, so neither the workspace nor PYTHON* variables decide what is imported.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    """Run the gate and return its exit code."""
    from gate.collect.isolation import confine
    from gate.stopping import end_when_told_to

    end_when_told_to()
    confine()
    if not arguments and os.environ.get("GITHUB_ACTIONS") == "true":
        from gate.commands.action import run_action

        return run_action(os.environ)
    from gate.cli import main as command

    return command(arguments or ["run"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
