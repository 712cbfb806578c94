"""`archflow measure`: the latency of networks on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, print_json, print_table
from archflow.printable import printable

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="package.module:build, each a function of yours that makes a network, or the network; or one table of "
        "architectures whose networks --space builds.",
    ),
]
InputsOption = Annotated[
    str | None,
    typer.Option(help="package.module:function that gives what your networks are called with: a tuple, or a dict."),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="What this machine is called in the table: here, as the system describes it; a known name; a sentence; a "
        ".toml file. Measured is always this machine."
    ),
]
SizeOption = Annotated[int | None, typer.Option(min=1, help="Of a table's networks; default: as published.")]
AgreeOption = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Two passes whose medians differ by more than this part were disturbed.")
]


def measure(
    sources: SourcesArgument,
    out: Annotated[Path, typer.Option(help="The table to write (.parquet, .csv or .jsonl).")],
    inputs: InputsOption = None,
    device: DeviceOption = "here",
    threads: Annotated[int, typer.Option(min=1, help="Threads of a run, pinned to as many cores.")] = 1,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile networks with torch.compile first.")] = False,
    seconds: Annotated[float, typer.Option(help="At most so long is a pass over one network.")] = 5.0,
    agree: AgreeOption = 0.05,
    space: Annotated[str, typer.Option(help="The search space of a table's architectures.")] = "nasbench201",
    count: Annotated[int | None, typer.Option(min=1, help="The first so many rows of a table.")] = None,
    channels: SizeOption = None,
    cells: SizeOption = None,
    stages: SizeOption = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images at once, for a table's networks: 1.")] = None,
    resolution: Annotated[int | None, typer.Option(min=1, help="Height and width of those images: 32.")] = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Measure how long networks take on this machine's processor: runs until their median is stable, in passes until
    two agree. A journal beside the table keeps what is measured: after an interruption the same command resumes."""
    from archflow.data.latency_job import LatencyJob
    from archflow.data.places import data_folder
    from archflow.devices.here import HERE, this_device
    from archflow.devices.known import find_device
    from archflow.devices.networks import networks_of
    from archflow.devices.timing import Protocol
    from archflow.outputs import check_outputs
    from archflow.progress import progress_bar

    sizes = {"channels": channels, "cells_per_stage": cells, "stages": stages}
    size = {name: value for name, value in sizes.items() if value is not None}
    images = {"count": count, "batch_size": batch_size, "resolution": resolution}
    job = LatencyJob(
        networks_of(sources, inputs, space, size, **images),
        this_device(threads) if device == HERE else find_device(device, data_folder()),
        Protocol(threads=threads, compiled=compiled, seconds=seconds, agree=agree),
    )
    check_outputs(*job.outputs(out), inputs={"SOURCE": sources[0]}, force=force)
    with progress_bar("latency", len(job.networks)) as progress:
        measured = job.run(out, progress)
    for failure in measured.failures.values():
        typer.echo(printable(failure), err=True)
    if as_json:
        failures = [{"row": row, "failure": reason} for row, reason in measured.failures.items()]
        print_json({"device": job.device.words, "measured": list(measured.entries.values()), "failures": failures})
        return
    typer.echo(printable(f"{out}: {len(measured.entries)} of {len(job.networks)} networks, on {job.device.words}"))
    rows = [
        (job.networks.called(row), *(entry[name] for name in ("latency_ms", "latency_ms_low", "latency_ms_high")))
        for row, entry in sorted(measured.entries.items())[:10]
    ]
    print_table(("network", "ms", "10 %", "90 %"), rows)
