"""The frame of the command line: a group that finds its commands, and how errors are dressed.

Each plain module of this folder is a command, named after its module, found without being listed
and imported when it is called or when the help of `nokturn` names it; so a command module imports
nothing heavy at its top. A command is a function under ``@click.command(cls=Command, ...)``; it
gets a `Terminal` by ``@click.pass_obj`` and raises `nokturn.errors.Error`, never exits by itself.
"""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

import click

from nokturn.cli._terminal import Terminal, lively, write_line
from nokturn.errors import Error, did_you_mean

INTERRUPTED = 130
_BARE = getattr(click.exceptions, "NoArgsIsHelpError", ())  # older click shows the help itself
_OUT_OF_ROOM = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


class Command(click.Command):
    """A command with three examples on top and ``--quiet`` and ``--debug`` at the end."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.params += [
            click.Option(
                ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_be_quiet,
                help="Say nothing but errors.",
            ),
            click.Option(
                ["--debug"], is_flag=True, expose_value=False,
                help="Show where in the program an error arose.",
            ),
        ]  # fmt: skip

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the text, then the examples, so that they stand above the options."""
        super().format_help_text(ctx, formatter)
        write_examples(self.examples, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command with a terminal as its object."""
        ctx.obj = Terminal(quiet=ctx.meta.get("quiet", False), json=bool(ctx.params.get("as_json")))
        return super().invoke(ctx)


class Group(click.Group):
    """The commands that the modules of this folder hold, or those given; each with examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the text, then the examples."""
        super().format_help_text(ctx, formatter)
        write_examples(self.examples, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            hint = did_you_mean(name, self.list_commands(ctx))
            raise click.UsageError(f"There is no command named {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


class Commands(Group):
    """The group of all commands: the modules of this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules that are commands."""
        package = importlib.import_module("nokturn.cli")
        found = (module.name for module in pkgutil.iter_modules(package.__path__))
        return sorted(name for name in found if name != "main" and not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of that name and return its command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"nokturn.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command), f"{module.__name__} must hold its command"
        return command


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write an indented block of examples."""
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def run(group: click.Group, args: list[str]) -> int:
    """Run a command line and return the exit code; say on stderr what went wrong."""
    debug = "--debug" in args or bool(os.environ.get("NOKTURN_DEBUG"))
    try:
        with group.make_context("nokturn", list(args)) as context:
            group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        say_error(str(stop) or "stopped.", word="Interrupted")
        return INTERRUPTED
    except Exception as error:
        if debug and not isinstance(error, BrokenPipeError):
            traceback.print_exception(error)
        return _explain(error)
    return 0


def _explain(error: Exception) -> int:
    """Say what an exception means and return its exit code."""
    if isinstance(error, Error):
        text = str(error)
        if error.hint:
            text = text.removesuffix(error.hint).rstrip() + "\n" + error.hint
        say_error(text)
        return error.exit_code
    if isinstance(error, _BARE):  # a command alone asks for its help
        for line in error.format_message().splitlines():
            write_line(sys.stderr, line)
        return 2
    if isinstance(error, click.ClickException):
        say_error(_usage_text(error))
        return error.exit_code
    if isinstance(error, BrokenPipeError):  # the reader has seen enough: that is no failure
        _close_stdout()
        return 0
    if isinstance(error, MemoryError):
        say_error("the memory ran out.\nAsk for less at once, or close other programs.")
        return 6
    if isinstance(error, OSError) and error.errno in _OUT_OF_ROOM:
        where = f" while writing {error.filename}" if error.filename else ""
        say_error(f"the disk is full{where}.\nMake room and try again; nothing was overwritten.")
        return 6
    say_error(_bug_text(error))
    return 1


def say_error(text: str, *, word: str = "Error") -> None:
    """Write an error to stderr; further lines stand below the first one's text."""
    lines = text.splitlines() or [""]
    head = f"{word}: "
    if lively(sys.stderr):
        sys.stderr.write(f"\r\x1b[K\x1b[1;31m{head}\x1b[0m")
    else:
        sys.stderr.write(head)
    for number, line in enumerate(lines):
        write_line(sys.stderr, (" " * len(head) if number else "") + line)


def _usage_text(error: click.ClickException) -> str:
    """Return click's message in our words: the message, then the way to the help."""
    text = error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "nokturn"
    return f"{text}\nSee:  {path} --help"


def _bug_text(error: Exception) -> str:
    kept = _keep_trace(error)
    where = f"The details are in {kept}" if kept else "Run it again with --debug for the details"
    return (
        f"something in Nokturn broke ({type(error).__name__}: {error}).\n"
        f"This is a bug, not your mistake. {where}: please send them with a report."
    )


def _keep_trace(error: Exception) -> str:
    """Write the traceback into the user's folder and return its path; empty if even that fails."""
    from nokturn.workflows.places import logs_folder

    text = "".join(traceback.format_exception(error))
    try:
        folder = logs_folder()
        path = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        path.write_text(f"nokturn {' '.join(sys.argv[1:])}\n\n{text}", encoding="utf-8")
    except OSError:
        return ""
    return str(path)


def _close_stdout() -> None:
    """Point stdout at nothing, so that Python does not complain about the pipe when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _be_quiet(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    ctx.meta["quiet"] = value
    return value
