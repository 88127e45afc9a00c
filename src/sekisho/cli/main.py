"""The command line: commands load their rooms only when they run, so that `--help` is quick.

What an exit code means stands in `CODES`, which `--help` prints; an error of ours brings its own.
"""

from __future__ import annotations

import importlib
import io
import os
import sys

import click

COMMANDS = {
    "init": ("init", "init", "begin a policy and a map in a folder"),
    "check": ("check", "check", "read a policy and its maps, and say what is wrong"),
    "diff": ("folder", "diff", "say what changed between two versions, and who must be told"),
    "notice": ("folder", "notice", "print the policy as people read it"),
    "policy": ("policy", "policy", "sign, publish and verify versions"),
    "gate": ("gate", "gate", "put a store under the policy, and pass through it"),
    "mail": ("mail", "mail", "try the mail server, send what waits, keep the do-not-contact list"),
    "consent": ("consent", "consent", "record what a person decided"),
    "evidence": ("evidence", "evidence", "verify the log, prove entries, make checkpoints"),
    "cosign": ("evidence", "cosign", "sign a log's checkpoint as an outsider"),
    "keys": ("keys", "keys", "look after the keys of people's records"),
    "staff": ("staff", "staff", "say who works at the desk, and as what"),
    "backup": ("backup", "backup", "copy books, evidence and keys, as three things apart"),
    "restore": ("backup", "restore", "put backups back, verified first"),
    "drill": ("drill", "drill", "practise a restore, and measure it"),
    "upgrade": ("upgrade", "upgrade", "bring what lies here to this version of the program"),
    "serve": ("serve", "serve", "serve the policy's pages"),
    "demo": ("serve", "demo", "make the sample studio and try it"),
    "doctor": ("doctor", "doctor", "look at this machine and this folder"),
}
"""Command → (module, name in it, what it does). The sentences stand here so that help needs no room."""

BEGIN = """
Begin here:
  sekisho demo --serve          a sample studio with two thousand invented people, in a minute
  sekisho init my-policy        a policy, a map and settings of your own
  sekisho check my-policy       what is wrong, where, and what to do
"""
CODES = """Exit codes: 0 done, 1 something else, 2 bad input or a failed check, 3 refused, 4 not witnessed,
5 tampered, 6 store trouble, 130 interrupted."""


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a working day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return a command."""
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command = getattr(importlib.import_module(f"sekisho.cli.{module}"), attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, _, says) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command where one is misspelt."""
        import difflib  # noqa: PLC0415 - only a misspelling needs it

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            if close:
                ctx.fail(f"`{args[0]}` is not a command; did you mean `{close[0]}`?")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lazy, invoke_without_command=True, epilog=CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="sekisho", message="%(version)s")
@click.option("--traceback", is_flag=True, help="show how a fault of Sekisho came about, with what the library said")
@click.pass_context
def cli(ctx: click.Context, traceback: bool) -> None:
    """Sekisho keeps a company's privacy policy: one text that lawyers edit and the database engine runs."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        click.echo(BEGIN)


def main() -> None:
    """Run the command line; an error is one line, its remedy the next, never a traceback that was not asked for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal that cannot show a name must not stop the command
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name="sekisho", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        # the last line of defence: what is not ours becomes two lines too
        if "--traceback" in sys.argv[1:2]:
            raise
        from sekisho.cli.show import failure  # noqa: PLC0415 - only errors need it

        sys.exit(failure(error))
    sys.exit(code if isinstance(code, int) else 0)
