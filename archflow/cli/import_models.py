"""`archflow import`: import real models into a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, print_json, warn
from archflow.printable import printable

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Models: *.onnx; *.param of ncnn; package.module:build, your function that returns a torch network "
        "(it is run); a table of graphs traced by others.",
    ),
]
InputsOption = Annotated[
    str | None,
    typer.Option(help="package.module:function that returns the arguments of a torch network, as a tuple or a dict."),
]
PerExampleOption = Annotated[
    bool,
    typer.Option(
        "--per-example",
        help="Trace torch networks with a variable batch size (the first axis of their inputs) and give the costs "
        "of one example.",
    ),
]


def import_models(
    sources: SourcesArgument,
    out: Annotated[Path, typer.Option(help="The table to write (.parquet, .csv or .jsonl).")],
    inputs: InputsOption = None,
    per_example: PerExampleOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Import real models into a table of graphs with costs.

    Weights are not read, and model files are not executed.
    """
    from archflow.graph.column_names import TABLE_ENDINGS
    from archflow.importers.report import Report
    from archflow.outputs import Output, check_outputs

    reads = {f"source {number}": source for number, source in enumerate(sources, 1)}
    check_outputs(Output("--out", out, "a table", TABLE_ENDINGS, _is_imported), inputs=reads, force=force)
    report = Report()
    report.write(sources, inputs, out, per_example=per_example)
    if as_json:
        print_json(report.content())
        return
    for note in report.notes:
        warn(note)
    typer.echo(printable(f"{out}: {report.sentence()}"))


def _is_imported(path: Path) -> bool:
    """Whether a file is a table as this command writes it."""
    from archflow.errors import ArchflowError
    from archflow.graph.column_names import column_names
    from archflow.importers.vocabulary import COLUMNS

    try:
        return {"name", *COLUMNS} <= set(column_names(path))
    except ArchflowError:
        return False
