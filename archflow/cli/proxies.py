"""`archflow proxies`: zero-cost proxies of the networks of a search space or a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from archflow.cli.network_options import Cells, Channels, ImagesOption, SampleSeed, Stages
from archflow.cli.output import ForceOption, Json, print_json, print_table
from archflow.cli.output import names as split

TableOption = Annotated[
    str | None, typer.Option(help="A data set's name or a table file; columns zc_NAME are added to its own.")
]
CountOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Architectures to draw, no two isomorphic; with --table, how many of its first rows to use."
    ),
]
OutOption = Annotated[
    Path, typer.Option(help="The table to write (.parquet, .csv or .jsonl); its card is written beside it.")
]
SpaceOption = Annotated[str, typer.Option(help="The search space, also of the table's architectures.")]
BatchSize = Annotated[int, typer.Option(min=2, help="Training images in the one batch that the proxies use.")]
DeviceOption = Annotated[str, typer.Option(help="The PyTorch device to compute on, such as cpu or cuda.")]
Processes = Annotated[int, typer.Option(min=0, help="Networks computed in parallel; 0 for one per core.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed for the initial weights.")]
NamesOption = Annotated[str | None, typer.Option(help="The proxies, separated by commas. Default: all.")]


def proxies(
    out: OutOption,
    space: SpaceOption = "nasbench201",
    table: TableOption = None,
    count: CountOption = None,
    data: ImagesOption = "digits",
    names: NamesOption = None,
    batch_size: BatchSize = 32,
    channels: Channels = 16,
    cells: Cells = 2,
    stages: Stages = 1,
    seed: Seed = 0,
    sample_seed: SampleSeed = 0,
    device: DeviceOption = "cpu",
    processes: Processes = 0,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compute zero-cost proxies of networks from one batch of images."""
    from archflow.data.benchmarks import find
    from archflow.data.proxy_job import ProxyJob, journal_of
    from archflow.networks.zero_cost import PROXIES
    from archflow.outputs import check_outputs
    from archflow.progress import progress_bar

    job = ProxyJob(
        **{"space": space, "table": table and find(table)[1], "count": count, "sample_seed": sample_seed},
        data=data,
        names=tuple(split(names) or PROXIES.names()),
        batch_size=batch_size,
        seed=seed,
        size={"channels": channels, "cells_per_stage": cells, "stages": stages},
        device=device,
    )
    check_outputs(*job.outputs(out), force=force)
    architectures = job.architectures()
    with progress_bar(f"proxies on {data}", len(architectures), kept=journal_of(out)) as progress:
        _print(out, job.run(architectures, out, processes or os.cpu_count() or 1, progress), as_json)


def _print(out: Path, card: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(card)
        return
    typer.echo(f"{out}: {card['rows']} architectures, {card['failures']} failed")
    print_table(("column", "missing"), list(card["missing"].items()))
