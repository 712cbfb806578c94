"""`archflow bench choices`: what other settings of the blend would have done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def choices(
    tables: Annotated[str | None, typer.Option(help="Which tables, separated by commas; default: all.")] = None,
    recipe: Annotated[
        str, typer.Option(help="The recipe whose components are blended: plain, quick or best.")
    ] = "plain",
    labels: Annotated[
        str, typer.Option(help="Labels to learn from, separated by commas: counts, or fractions such as 1%.")
    ] = ("30,100"),
    draws: Annotated[int, typer.Option(min=1, help="Number of draws of the labels.")] = 5,
    rows: Annotated[
        str,
        typer.Option(help="development, or reported: the other architectures, to measure the coverage of intervals."),
    ] = "development",
    folder: Annotated[
        Path | None,
        typer.Option(
            help="The folder of finished draws; re-run the same command to resume. Default: runs/choices-ROWS."
        ),
    ] = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare rules that blend a predictor's components.

    The components are the same, over many draws of labels; what their intervals contain is counted too.
    """
    from archflow_reproduce.results.choices_report import choices_report
    from archflow_reproduce.travel.choices import Choices, run_choices

    study = Study("choices", out, as_json, force)
    result = run_choices(
        Choices(rows, names(tables), recipe, names(labels), draws), folder or Path("runs") / f"choices-{rows}"
    )
    study.finish(result, {name: table["hash"] for name, table in result["tables"].items()}, choices_report(result))
