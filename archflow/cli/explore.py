"""`archflow explore`: a page to look at a table of architectures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import ComputeOption, probability
from archflow.cli.reading import Reading

if TYPE_CHECKING:
    from archflow.explore.explored import Explored

TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="A data set's name (`archflow data list`), a table file, or - for standard input."
    ),
]
PredictorOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--predictor", help="The folder of a predictor that `archflow fit` wrote; may be given several times."
    ),
]
EncoderOption = Annotated[
    Path | None,
    typer.Option(
        help="What places architectures on the map: an encoder (a name of `archflow encoders` or a .safetensors file) "
        "or a predictor's folder. Default: the first predictor that has encoders, else features of the graphs."
    ),
]
CoverageOption = Annotated[
    float,
    typer.Option(parser=probability, metavar="<float>", help="The probability that an interval holds the metric."),
]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0 for any free one.")]


def explore(
    table: TableArgument,
    reading: Reading,
    predictor: PredictorOption = None,
    encoder: EncoderOption = None,
    coverage: CoverageOption = 0.8,
    port: PortOption = 8050,
    device: ComputeOption = "cpu",
) -> None:
    """Look at a table of architectures in the browser.

    The page is for this machine alone (127.0.0.1) and loads nothing from elsewhere. Ctrl-C ends it.
    """
    from archflow.explore.app import require_dash, serve

    require_dash()
    found = _explored(table, reading, predictor or [], encoder, coverage, device)
    try:
        serve(found, port, lambda address: typer.echo(f"{address} shows {len(found):,} architectures; Ctrl-C ends it"))
    except KeyboardInterrupt:
        typer.echo("ended")


def _explored(
    name: str, reading: Reading, folders: list[Path], encoder: Path | None, coverage: float, device: str
) -> Explored:
    from archflow.cli.vectors import vectors
    from archflow.explore.explored import explored
    from archflow.predict import load_predictor
    from archflow.spaces import SPACES

    benchmark, table = reading.benchmark_and_table(name)
    predictors = [load_predictor(folder, device) for folder in folders]
    embedding = zip(folders, predictors, strict=True)
    encoder = encoder or next((folder for folder, each in embedding if each.embedders), None)
    found = None if encoder is None else vectors(encoder, table.architectures, device=device)
    space = None if benchmark is None else SPACES.get(benchmark.space)()
    return explored(name, table, predictors, found, coverage, space)
