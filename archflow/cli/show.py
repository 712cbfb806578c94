"""`archflow show`: draw one model as a page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.import_models import InputsOption
from archflow.cli.output import ForceOption
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.importers.model import ImportedModel

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="As for `archflow import`: *.onnx; *.param of ncnn; package.module:build, your function that returns "
        "a torch network (it is run); a table of graphs traced by others. Also a table of architectures, or a "
        "native string of --space.",
    ),
]


def show(
    model: SourceArgument,
    out: Annotated[Path, typer.Option(help="The page to write (.html).")],
    inputs: InputsOption = None,
    row: Annotated[int, typer.Option(min=0, help="The row to draw, if MODEL is a table.")] = 0,
    space: Annotated[str | None, typer.Option(help="The search space of the native string MODEL.")] = None,
    force: ForceOption = False,
) -> None:
    """Draw a model as a page of blocks that open.

    The page is self-contained; each block has its costs.
    """
    from archflow.importers.showing import model_at
    from archflow.outputs import Output, check_outputs
    from archflow.report.model_page import write_model_page
    from archflow.report.page import is_page

    check_outputs(Output("--out", out, "a page", (".html",), is_page), inputs={"MODEL": model}, force=force)
    found = model_at(model, inputs, row) if space is None else _native(model, space)
    blocks = found.blocks()
    write_model_page(out, found.name, found.architecture, blocks, found.columns, found.notes)
    nodes = len(found.architecture.ops)
    typer.echo(printable(f"{out}: {found.name}, {nodes:,} operations in {len(blocks):,} blocks"))


def _native(text: str, space: str) -> ImportedModel:
    """The architecture that a native string of a search space describes."""
    from archflow.importers.model import ImportedModel
    from archflow.importers.vocabulary import COLUMNS
    from archflow.spaces import SPACES

    return ImportedModel(text, SPACES.get(space)().parse(text), dict.fromkeys(COLUMNS, math.nan))
