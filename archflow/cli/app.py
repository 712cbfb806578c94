"""The command `archflow`: one verb a file; every error a user can mend is one line and exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import entry_points

import typer

from archflow.cli import (
    choose,
    data,
    demo,
    embed,
    encoders,
    evaluate,
    fit,
    label,
    measure,
    predict,
    pretrain,
    proxies,
    search,
)
from archflow.errors import ArchflowError
from archflow.files import reason
from archflow.printable import printable

app = typer.Typer(
    help="Rank neural architectures after measuring only a few.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    demo.demo,
    pretrain.pretrain,
    choose.choose,
    search.search,
    evaluate.evaluate,
    fit.fit,
    predict.predict,
    embed.embed,
    encoders.encoders,
    label.label,
    proxies.proxies,
    measure.measure,
):
    app.command()(verb)
app.add_typer(data.app, name="data")
for point in entry_points(group="archflow.verbs"):
    # A verb of another installed package: a typer application, as `archflow-reproduce` has one for `bench`.
    app.add_typer(point.load(), name=point.name)


def main() -> None:
    """Run the command line: every error that a user can mend is one line on standard error."""
    code, line = _outcome()
    if line:
        print(f"archflow: {printable(line)}", file=sys.stderr)
    raise SystemExit(code)


def _outcome() -> tuple[int, str]:
    """Run the command line; the exit code, and what there is to say."""
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:  # it may be closed
                sys.stdout.flush()  # while its errors can still be said
    except ArchflowError as error:
        return 2, str(error)
    except (SystemExit, KeyboardInterrupt, BrokenPipeError) as ended:
        # Typer and Rich turn what they catch into an exit of their own.
        behind = {type(each) for each in _with_contexts(ended)}
        if KeyboardInterrupt in behind:
            return 130, "interrupted; the same command resumes"
        if BrokenPipeError in behind:  # as of `| head`: the reader has what it wanted
            _discard_output()
            return 0, ""
        return int(getattr(ended, "code", 0) or 0), ""
    except OSError as error:  # where a path is used it is refused in better words; this is for what is left
        if error.filename is None:
            _discard_output()
            return 2, f"standard output: cannot be written ({reason(error)})"
        return 2, f"{error.filename}: cannot be used ({reason(error)}); give another path, or change its permissions"
    return 0, ""


def _with_contexts(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that were being handled when it was raised."""
    while error is not None:
        yield error
        error = error.__context__


def _discard_output() -> None:
    """Keep Python from failing once more, when it ends, on what standard output still holds."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
