"""The command `archflow`: one verb per file; every error a user can fix is one line and exit code 2."""

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
    doctor,
    embed,
    encoders,
    evaluate,
    explain,
    explore,
    fit,
    import_models,
    label,
    latency,
    measure,
    predict,
    pretrain,
    proxies,
    rank,
    report,
    search,
    serve,
    show,
)
from archflow.cli.general import options, start_log, with_general_options
from archflow.cli.grouped import expanded
from archflow.errors import ArchflowError
from archflow.files import reason
from archflow.printable import printable
from archflow.progress import Stopped

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes leave 16 columns of 80 for the text
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.callback()(options)
for verb in (
    demo.demo,
    pretrain.pretrain,
    choose.choose,
    search.search,
    evaluate.evaluate,
    fit.fit,
    predict.predict,
    explain.explain,
    explore.explore,
    rank.rank,
    report.report,
    serve.serve,
    embed.embed,
    encoders.encoders,
    label.label,
    proxies.proxies,
    measure.measure,
    latency.latency,
    show.show,
    doctor.doctor,
):
    app.command()(expanded(verb))
app.command("import")(import_models.import_models)
app.add_typer(data.app, name="data")
for point in entry_points(group="archflow.verbs"):
    # Verbs of other installed packages, each a Typer application: `archflow-reproduce` adds `bench`.
    app.add_typer(point.load(), name=point.name)


def main() -> None:
    """Run the command line; errors that a user can fix are printed as one line on standard error."""
    code, line = _outcome()
    if line:
        print(f"archflow: {printable(line)}", file=sys.stderr)
    raise SystemExit(code)


def _outcome() -> tuple[int, str]:
    """Run the command line; return the exit code and the line to print, if any."""
    try:
        try:
            start_log()
            with_general_options(typer.main.get_command(app))(prog_name="archflow")
        finally:
            if sys.stdout is not None:  # it may be closed
                sys.stdout.flush()  # while its errors can still be reported
    except ArchflowError as error:
        return 2, str(error)
    except (SystemExit, KeyboardInterrupt, BrokenPipeError) as ended:
        # Typer and Rich turn exceptions that they catch into an exit of their own.
        behind = list(_with_contexts(ended))
        stops = [each for each in behind if isinstance(each, KeyboardInterrupt)]
        if stops:
            return 130, _stopped(stops)
        if any(isinstance(each, BrokenPipeError) for each in behind):  # as with `| head`: the reader has what it wanted
            _discard_output()
            return 0, ""
        return int(getattr(ended, "code", 0) or 0), ""
    except OSError as error:  # most paths are checked where they are used, with a better message; these are the rest
        if error.filename is None:
            _discard_output()
            return 2, f"standard output: cannot be written ({reason(error)})"
        return 2, f"{error.filename}: cannot be used ({reason(error)}); give another path, or change its permissions"
    return 0, ""


def _stopped(stops: list[KeyboardInterrupt]) -> str:
    """What to print after Ctrl-C."""
    said = next((each for each in stops if isinstance(each, Stopped)), None)
    resumes = said is not None and said.kept
    return f"{said or 'interrupted'}; run the same command {'to resume' if resumes else 'again'}"


def _with_contexts(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that were being handled when it was raised."""
    while error is not None:
        yield error
        error = error.__context__


def _discard_output() -> None:
    """Keep Python from failing again at exit on what is still buffered for standard output."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
