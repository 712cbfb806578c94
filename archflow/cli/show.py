"""`archflow show`: one model as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.import_models import InputsOption
from archflow.cli.output import ForceOption
from archflow.printable import printable

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="As in `archflow import`: *.onnx; *.param of ncnn; package.module:build, a function of yours, which is "
        "run; a table of graphs that others traced. Or a table of architectures.",
    ),
]


def show(
    model: SourceArgument,
    out: Annotated[Path, typer.Option(help="The page to write (.html).")],
    inputs: InputsOption = None,
    row: Annotated[int, typer.Option(min=0, help="Which row of a table.")] = 0,
    force: ForceOption = False,
) -> None:
    """Draw a model as a page of its own: blocks that open, and what each of them costs."""
    from archflow.importers.showing import model_at
    from archflow.outputs import Output, check_outputs
    from archflow.report.model_page import write_model_page
    from archflow.report.page import is_page

    check_outputs(Output("--out", out, "a page", (".html",), is_page), inputs={"MODEL": model}, force=force)
    found = model_at(model, inputs, row)
    blocks = found.blocks()
    write_model_page(out, found.name, found.architecture, blocks, found.columns, found.notes)
    nodes = len(found.architecture.ops)
    typer.echo(printable(f"{out}: {found.name}, {nodes:,} operations in {len(blocks):,} blocks"))
