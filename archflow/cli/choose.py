"""`archflow choose`: which architectures to measure first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import DataOption, Json, print_json, print_table
from archflow.cli.vectors import ModelArgument, vectors


def choose(
    model: ModelArgument,
    data: DataOption,
    count: Annotated[int, typer.Option(min=1, help="How many to measure.")] = 50,
    metric: Annotated[
        str | None,
        typer.Option(help="Rows with a value in this column are measured already."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the chosen rows as a table (.parquet, .csv, .jsonl), the most telling first."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Draws the candidates from large tables.")] = 21,
    as_json: Json = False,
) -> None:
    """Choose the architectures whose measurement tells most about all others."""
    import numpy as np

    from archflow.data.benchmarks import load
    from archflow.predict.choose import choose as run

    table = load(data)
    measured = np.flatnonzero(np.isfinite(table.metric(metric))) if metric else np.zeros(0, np.int64)
    rows = run(vectors(model, table.architectures), count, measured, seed)
    chosen = table.select(rows)
    if out is not None:
        chosen.write(out)
    if as_json:
        print_json({"rows": rows.tolist(), "measured": len(measured), "architectures": len(table)})
        return
    architectures = chosen.native or [" ".join(architecture.ops) for architecture in chosen.architectures]
    print_table(("row", "architecture"), list(zip(rows.tolist(), architectures, strict=True)))
    if out is not None:
        typer.echo(f"\n{out}: {len(rows)} architectures to measure, of {len(table) - len(measured):,}")
