"""`archflow explain`: why a predictor predicts what it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import ForceOption, Json, print_json, print_table
from archflow.cli.reading import NumbersOption
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.predict.explain import Explanation

WhatArgument = Annotated[
    str,
    typer.Argument(
        metavar="ARCHITECTURE",
        help="A data set's name or a table file, with --row; a native string of --space; or a model that "
        "`archflow import` reads.",
    ),
]
RowOption = Annotated[
    str | None,
    typer.Option(help="Which row of a table: its number from 0, native string, name or hash. Default: its only row."),
]
SpaceOption = Annotated[
    str | None,
    typer.Option(
        help="The search space that changed architectures must belong to; default: the data set's own. none: any "
        "structurally valid graph, the default for your own tables."
    ),
]
InputsOption = Annotated[
    str | None,
    typer.Option(help="package.module:function that returns the arguments of a torch network, as a tuple or a dict."),
]


def explain(
    predictor: Annotated[Path, typer.Argument(help="The folder that `archflow fit` wrote.")],
    architecture: WhatArgument,
    row: RowOption = None,
    space: SpaceOption = None,
    metric: Annotated[
        str | None, typer.Option(help="Which of the predictor's metrics to explain; default: the first.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the best and of the worst changes to show.")] = 10,
    most: Annotated[int, typer.Option(min=1, help="The maximum number of changes to evaluate.")] = 3000,
    out: Annotated[Path | None, typer.Option(help="The page to write (.html), with a drawing of the graph.")] = None,
    inputs: InputsOption = None,
    numbers_in_names: NumbersOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Explain a prediction by the effects of changes.

    Each node, edge and operation is changed; what the prediction depends on follows.
    """
    from archflow.outputs import Output, check_outputs
    from archflow.predict import load_predictor
    from archflow.recipes.explained import one_architecture
    from archflow.report.explanation import explanation_report
    from archflow.report.page import is_page

    if out is not None:
        read = {"ARCHITECTURE": architecture}
        check_outputs(Output("--out", out, "a page", (".html",), is_page), inputs=read, force=force)
    model = load_predictor(predictor)
    given = one_architecture(architecture, row, space, inputs, numbers_in_names)
    found = model.explain(given.row, table=given.table, space=given.space, metric=metric, most=most)
    if out is not None:
        explanation_report(out, found, given.row.architectures[0], given.name, top)
    if as_json:
        print_json({"architecture": given.name, **found.to_json()})
        return
    _print(found, given.name, top)
    if out is not None:
        typer.echo(printable(f"{out}: the graph, coloured, and the changes"))


def _print(found: Explanation, name: str, top: int) -> None:
    from archflow.report.explanation_words import block_sentences, effect_text, extremes, prediction_text

    typer.echo(printable(name))
    typer.echo(printable(prediction_text(found)))
    for title, places in zip(("better", "worse"), extremes(found, top), strict=True):
        if places:
            typer.echo(f"\n{title}\n")
            changes = [found.changes[place] for place in places]
            measured = any(each.measured == each.measured for each in changes)
            rows = [
                (
                    each.text,
                    effect_text(each.effect, found.unit),
                    f"{each.prediction:.4g}",
                    *((f"{each.measured:+.3g}" if each.measured == each.measured else "",) if measured else ()),
                )
                for each in changes
            ]
            print_table(("change", "effect", "predicted", *(("measured",) if measured else ())), rows)
    for line in ("", *block_sentences(found, 5), f"changes are to {found.valid}", *found.notes):
        typer.echo(printable(line))
