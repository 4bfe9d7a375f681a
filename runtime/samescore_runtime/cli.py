"""The ``samescore`` script: its own commands, and those that other parts join by entry points.

No command's module is imported before the command is called or its help is asked for, so a missing extra concerns only
the commands that need it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from samescore_runtime import __version__
from samescore_runtime.errors import InputError, MissingExtraError, SamescoreError

GROUP = "samescore.commands"
MISUSE = 2
#: What a shell gives a process that SIGPIPE ended, and one that Ctrl-C ended.
BROKEN_PIPE, INTERRUPTED = 141, 130


@dataclass(frozen=True, slots=True)
class Known:
    """A command as listed by ``samescore --help``: its line, and where it is or which extra brings it."""

    line: str
    place: str | None = None
    extra: str | None = None


COMMANDS: Mapping[str, Known] = {
    "export": Known("Compile a fitted model to an artifact and prove it.", extra="export"),
    "check": Known("List every problem an export would meet; write nothing.", extra="export"),
    "prove": Known("Prove that an .onnx file gives a model's scores.", extra="export"),
    "diff": Known("Say which scores change between two artifacts.", extra="export"),
    "verify": Known("Check artifacts on this machine: integrity, contract, goldens.", "verify:verify_command"),
    "inspect": Known("Show an artifact's contract, proof and origin.", "inspect:inspect_command"),
    "score": Known("Score a file of rows with an artifact.", "score:score_command"),
    "serve": Known("Serve artifacts over HTTP.", "serve:serve_command"),
    "publish": Known("Copy an artifact into a repository as a new version.", "repository:publish_command"),
    "promote": Known("Point an alias at a version.", "repository:promote_command"),
    "rollback": Known("Point an alias at the version it had before.", "repository:rollback_command"),
    "split": Known("Send a percentage of the requests to another alias.", "repository:split_command"),
    "shadow": Known("Let another alias score along unseen.", "repository:shadow_command"),
    "list": Known("Show a repository: versions, aliases, history.", "repository:list_command"),
    "keygen": Known("Make a pair of keys for signing.", "signing:keygen_command"),
    "sign": Known("Sign artifacts.", "signing:sign_command"),
    "verify-signature": Known("Check the signatures of artifacts.", "signing:verify_signature_command"),
    "oip-check": Known("Check whether a server keeps the Open Inference Protocol V2.", "oip_check:oip_check_command"),
    "train": Known("Train one of the reference scenarios.", extra="train"),
}


class Commands(click.Group):
    """A group that finds its commands when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted({entry.name for entry in _entries()} - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = COMMANDS.get(cmd_name)
        if known is not None and known.place is not None:
            module, name = known.place.split(":")
            command: click.Command = getattr(import_module(f"samescore_runtime.commands.{module}"), name)
            return command
        return _joined(cmd_name, known)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = {name: COMMANDS[name].line if name in COMMANDS else "" for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(list(lines.items()))


def _entries() -> list[Any]:
    # Imported here: it drags in a mail and a zip reader, which a running service should not carry.
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


def _joined(name: str, known: Known | None) -> click.Command | None:
    entries = [entry for entry in _entries() if entry.name == name]
    if not entries:
        if known is None or known.extra is None:
            return None
        raise MissingExtraError(name, "that brings this command", known.extra)
    try:
        command: click.Command = entries[0].load()
    except ModuleNotFoundError as error:
        package = str(error.name)
        if known is None or known.extra is None:
            raise InputError(name, f"the package {package} is not installed", "a full set-up") from error
        raise MissingExtraError(name, package, known.extra) from error
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="samescore")
def samescore() -> None:
    """Score scikit-learn models anywhere, with the same scores, proven.

    \b
    Examples:
      samescore export model.skops --sample rows.parquet -o churn.onnx
      samescore verify churn.onnx
      samescore score churn.onnx --input rows.csv --output scores.csv
      samescore serve models/
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the arguments of the process by default.

    Returns:
        0 good, 1 the thing checked is bad, 2 misuse or unreadable input.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        result = samescore.main(args=arguments, prog_name="samescore", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return MISUSE
    except click.Abort:
        return INTERRUPTED
    except SamescoreError as error:
        click.echo(f"samescore: {error}", err=True)
        return MISUSE
    except ModuleNotFoundError as error:
        # A command whose module loads, but which imports the rest of its extra only when it runs.
        extra = next((known.extra for name, known in COMMANDS.items() if name in arguments[:1] and known.extra), None)
        if extra is None:
            raise
        click.echo(f"samescore: {MissingExtraError(arguments[0], str(error.name), extra)}", err=True)
        return MISUSE
    except SystemExit:
        # click leaves this way, and only then, if whoever read the output has had enough.
        return BROKEN_PIPE
    except OSError as error:
        click.echo(f"samescore: {error.filename or 'system'}: {error.strerror or error}", err=True)
        return MISUSE
    return result if isinstance(result, int) else 0
