"""`archflow rank`: the best candidates of a table by two metrics, or of a whole search space by a predictor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow.cli.rank_front import FrontOptions, rank_front
from archflow.cli.rank_stream import StreamOptions, rank_stream
from archflow.cli.reading import Reading

CandidatesArgument = Annotated[
    str,
    typer.Argument(
        metavar="CANDIDATES",
        help="A data set's name (`archflow data list`) or a table file; with --sample or --space-all, the folder of "
        "the predictor that ranks the space.",
    ),
]
DeviceOption = Annotated[
    str | None, typer.Option(help="The device, for predictors that were fitted with --context; as for `predict`.")
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="The table to write (.parquet, .csv, .jsonl). Of a table: all candidates, with the columns "
        "predicted_ACCURACY, predicted_LATENCY, upper_LATENCY, measured_ACCURACY and measured_LATENCY (1 where the "
        "table has a value), and on_front (1 on the front). Of a space: the best, with predicted_METRIC, "
        "predicted_std_METRIC and rank_METRIC."
    ),
]


def rank(
    candidates: CandidatesArgument,
    front: FrontOptions,
    stream: StreamOptions,
    reading: Reading,
    device: DeviceOption = None,
    out: OutOption = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Show the best candidates of a table or a search space.

    Of a table, --accuracy A --latency B shows the candidates that no other one beats in both. With --limit, only
    candidates count whose latency has an upper bound within the limit. The bound accounts for the selection of the
    best.

    Of a space, `archflow rank PREDICTOR --space S --sample 1e8 --top 1000` draws, encodes and scores candidates as one
    stream, in memory that does not depend on their number. With --out, run the same command again to resume after an
    interruption.
    """
    if stream.asked:
        rank_stream(candidates, stream, front, reading, device, out, force, as_json)
    else:
        rank_front(candidates, front, reading, device, out, force, as_json)
