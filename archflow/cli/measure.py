"""`archflow measure`: measure the latency of networks on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import ForceOption, Json, print_json, print_table, warn
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.data.latency_job import LatencyJob, Measured

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="package.module:build, your own networks or functions that return one; or one table of architectures "
        "of --space, which are built; or the data set cpu_latency, to compare this machine with it.",
    ),
]
InputsOption = Annotated[
    str | None,
    typer.Option(help="package.module:function that returns the arguments of your networks, as a tuple or a dict."),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="How the table describes this machine: here (as the system reports it), a known name, a sentence, or "
        "a .toml file. It is always this machine that is measured."
    ),
]
SizeOption = Annotated[int | None, typer.Option(min=1, help="For networks built from a table; default: as published.")]
AgreeOption = Annotated[
    float,
    typer.Option(
        min=0.0, max=1.0, help="The largest relative difference between the medians of two passes that agree."
    ),
]
SecondsOption = Annotated[float, typer.Option(help="The longest that a pass over one network may take, in seconds.")]
CountOption = Annotated[
    int | None, typer.Option(min=1, help="Measure only this many of a table's rows, the first ones.")
]
BatchOption = Annotated[
    int | None, typer.Option(min=1, help="For networks built from a table: images per batch; default: 1.")
]
ResolutionOption = Annotated[
    int | None, typer.Option(min=1, help="For networks built from a table: height and width of images; default: 32.")
]

DATA = "cpu_latency"
"""The data set whose networks are measured by its name."""


def measure(
    sources: SourcesArgument,
    out: Annotated[Path, typer.Option(help="The table to write (.parquet, .csv or .jsonl).")],
    inputs: InputsOption = None,
    device: DeviceOption = "here",
    threads: Annotated[int, typer.Option(min=1, help="Threads per run, pinned to as many cores.")] = 1,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile networks with torch.compile first.")] = False,
    seconds: SecondsOption = 5.0,
    agree: AgreeOption = 0.05,
    space: Annotated[str, typer.Option(help="The search space of a table's architectures.")] = "nasbench201",
    count: CountOption = None,
    channels: SizeOption = None,
    cells: SizeOption = None,
    stages: SizeOption = None,
    batch_size: BatchOption = None,
    resolution: ResolutionOption = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Measure how long networks take on this machine's processor.

    A pass runs a network until its median time is stable; passes are made until two agree. Measurements are recorded in
    a journal beside the table; if interrupted, re-run the same command to resume.
    """
    from archflow.data.latency_job import journal_of
    from archflow.outputs import check_outputs
    from archflow.progress import progress_bar

    sizes = {"channels": channels, "cells_per_stage": cells, "stages": stages}
    images = {"count": count, "batch_size": batch_size, "resolution": resolution}
    protocol = {"threads": threads, "compiled": compiled, "seconds": seconds, "agree": agree}
    job = _job(sources, inputs, device, space, sizes, images, protocol)
    check_outputs(*job.outputs(out), inputs={"SOURCE": sources[0]}, force=force)
    with progress_bar("latency", len(job.networks), kept=journal_of(out)) as progress:
        measured = job.run(out, progress)
    _print(job, measured, out, as_json)


def _job(
    sources: list[str],
    inputs: str | None,
    device: str,
    space: str,
    sizes: Mapping[str, int | None],
    images: Mapping[str, int | None],
    protocol: Mapping[str, Any],
) -> LatencyJob:
    """What to measure, on which device, and how."""
    from archflow.data.benchmarks import find
    from archflow.data.latency_job import LatencyJob
    from archflow.data.places import data_folder
    from archflow.devices.here import HERE, this_device
    from archflow.devices.known import find_device
    from archflow.devices.networks import GENERATED, networks_of
    from archflow.devices.timing import Protocol

    size = {name: value for name, value in sizes.items() if value is not None}
    if sources == [DATA]:
        sources, space = [str(find(DATA)[1])], GENERATED
    return LatencyJob(
        networks_of(sources, inputs, space, size, **images),
        this_device(protocol["threads"]) if device == HERE else find_device(device, data_folder()),
        Protocol(**protocol),
    )


def _print(job: LatencyJob, measured: Measured, out: Path, as_json: bool) -> None:
    """Print what was measured, and on standard error what could not be."""
    from archflow.devices.networks import GeneratedNetworks
    from archflow.recipes.latency_check import check_of

    for failure in measured.failures.values():
        warn(failure)
    networks = job.networks
    check = check_of(networks.table, measured, job.protocol) if isinstance(networks, GeneratedNetworks) else None
    if as_json:
        failures = [{"row": row, "failure": reason} for row, reason in measured.failures.items()]
        content = {"device": job.device.words, "measured": list(measured.entries.values()), "failures": failures}
        print_json({**content, **({"check": asdict(check)} if check else {})})
        return
    typer.echo(printable(f"{out}: {len(measured.entries)} of {len(job.networks)} networks, on {job.device.words}"))
    rows = [
        (job.networks.called(row), *(entry[name] for name in ("latency_ms", "latency_ms_low", "latency_ms_high")))
        for row, entry in sorted(measured.entries.items())[:10]
    ]
    print_table(("network", "ms", "10 %", "90 %"), rows)
    if check is not None:
        typer.echo(check.sentence)
