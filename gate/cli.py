"""The command line: the composition root and the one exit door.

Commands are imported when they are called, so that `gate --version` costs no more than click itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from gate import __version__
from gate.errors import GateError
from gate.stopping import NO_VERDICT, end_when_told_to, stop_if_told, told_to_stop

COMMANDS: dict[str, str] = {
    "run": "Collect, judge and report: all of it.",
    "collect": "Collect evidence and judge nothing.",
    "evaluate": "Judge a bundle that `collect` made.",
    "publish": "Judge bundles of other jobs, and publish the verdict on GitHub.",
    "comment": "Answer a command in a pull request's conversation.",
    "replay": "Judge the last merged commits by the policy as it stands.",
    "waive": "Write a dated exception to a criterion, or to findings of it.",
    "init": "Look at the repository and write a policy that fits it.",
    "explain": "Say what a criterion asks for, why, and how to meet it.",
    "criteria": "List the criteria of the catalogue.",
    "schema": "Print a schema of the gate's documents.",
    "doctor": "Say which tools are there, and what cannot be measured without the others.",
}
"""Every command with its line in `gate --help`; `gate/commands/NAME.py` has a click command called `command`."""

NOT_YET: dict[str, str] = {
    "audit": "reading the claims of readiness documents is not built yet",
}
"""Commands of the public contract that this version does not have. They say so instead of being unknown."""


class _Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; an unknown name is answered with the nearest known one."""
        if cmd_name in COMMANDS:
            command = import_module(f"gate.commands.{cmd_name}").command
            assert isinstance(command, click.Command)  # what the table promises
            return command
        if cmd_name in NOT_YET:
            raise click.UsageError(f"gate {cmd_name}: {NOT_YET[cmd_name]}.", ctx)
        import difflib

        near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else " `gate --help` lists them."
        raise click.UsageError(f'There is no command "{cmd_name}".{hint}', ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 go or conditional, 1 no_go, 2 a mistake in what was given, 3 no verdict could be reached, "
    "4 a verdict that had to be published was not.",
)
@click.version_option(__version__, prog_name="gate", message="%(prog)s %(version)s")
def root() -> None:
    """Is this ready to merge, and who says so? No evidence, no pass."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Every expected failure ends here, in one line or a few."""
    try:
        result = root.main(args=None if arguments is None else list(arguments), prog_name="gate", standalone_mode=False)
        sys.stdout.flush()
        stop_if_told()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _stopped()
    except click.ClickException as error:
        error.show()
        return 2
    except GateError as error:
        if told_to_stop():
            return _stopped()  # that a tool is not to be had is then no news
        from gate.commands.complaint import complain

        complain(f"gate: {error}")
        return error.exit_code
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away (click makes an exit with 1 of that, which means no_go here); what the
        # verdict was can no longer be told.
        _forget_stdout()
        return 3
    except Exception as error:  # noqa: BLE001 - the one exit door: a fault of ours must not look like a verdict
        return _fault(error)
    return result if isinstance(result, int) else 0


def _stopped() -> int:
    click.echo("gate: stopped before a verdict.", err=True)
    return NO_VERDICT


def _forget_stdout() -> None:
    """Lead stdout to nowhere, so that Python does not complain at its end about what could not be written."""
    import os
    from contextlib import suppress

    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fault(error: Exception) -> int:
    import traceback

    from gate.commands.complaint import complain

    complain("".join(traceback.format_exception(error)))
    complain(f"gate: this is a fault of the gate ({type(error).__name__}); no verdict was reached. Please report it.")
    _forget_stdout()
    return 3


def console_script() -> None:
    """Entry point of the installed `gate` command."""
    end_when_told_to()
    sys.exit(main())


if __name__ == "__main__":
    console_script()
