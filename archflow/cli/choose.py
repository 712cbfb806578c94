"""`archflow choose`: which architectures to measure first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ComputeOption, ForceOption, Json, print_json, print_table
from archflow.cli.reading import Reading, TableOption, is_stdout, write_table
from archflow.cli.vectors import ModelArgument, vectors

OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Write the chosen rows as a table (.parquet, .csv, .jsonl; - for standard output), the most informative "
        "first."
    ),
]
MetricOption = Annotated[str | None, typer.Option(help="Rows with a value in this column count as measured.")]


def choose(
    model: ModelArgument,
    data: TableOption,
    reading: Reading,
    count: Annotated[int, typer.Option(min=1, help="How many architectures to choose.")] = 50,
    metric: MetricOption = None,
    out: OutOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed for drawing the candidates from a large table.")] = 21,
    device: ComputeOption = "cpu",
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Choose the architectures to measure first.

    They are the most informative about all the others.
    """
    import numpy as np

    from archflow.graph.column_names import TABLE_ENDINGS
    from archflow.outputs import Output, check_outputs
    from archflow.predict.choose import choose as run

    if out is not None:
        # Even an earlier choice is not replaced: the user may have written measurements into it.
        check_outputs(Output("--out", out, "a table", TABLE_ENDINGS), inputs={"--data": data}, force=force)
    table = reading.table(data)
    measured = np.flatnonzero(np.isfinite(table.metric(metric))) if metric else np.zeros(0, np.int64)
    rows = run(vectors(model, table.architectures, device=device), count, measured, seed)
    chosen = table.select(rows)
    if out is not None:
        write_table(chosen, out, as_json)
    if is_stdout(out):
        return
    if as_json:
        print_json({"rows": rows.tolist(), "measured": len(measured), "architectures": len(table)})
        return
    print_table(("row", "architecture"), [(int(row), chosen.called(place)) for place, row in enumerate(rows)])
    if out is not None:
        typer.echo(f"\n{out}: {len(rows)} architectures to measure, of {len(table) - len(measured):,}")
