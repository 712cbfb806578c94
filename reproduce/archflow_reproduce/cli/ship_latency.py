"""`archflow bench ship-latency`: the data set `cpu_latency` that the package carries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import Json, print_json, print_table
from archflow.errors import ArchflowError

if TYPE_CHECKING:
    from archflow.graph.table import Table

PARTS = ("compile", "eager", "compiled", "table")


def ship_latency(
    parts: Annotated[
        str,
        typer.Option(
            help="compile, eager, compiled, table, separated by commas: compile ahead, measure, or write the data set."
        ),
    ] = "compile,eager,compiled,table",
    networks: Annotated[int, typer.Option(min=4, help="Number of networks.")] = 440,
    compiled: Annotated[int, typer.Option(min=4, help="Number of networks to compile, the first ones.")] = 440,
    folder: Annotated[Path, typer.Option(help="The folder of the passes; re-run the same command to resume.")] = Path(
        "runs/cpu-latency"
    ),
    out: Annotated[
        Path | None, typer.Option(help="The table to write (.parquet); default: that of the package.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure generated networks; write the data set.

    They are measured on this machine: eager with 1 and 2 threads, compiled with 1. That takes longer than an hour, most
    of it to compile; while it measures, the machine should do nothing else. An existing table with as many networks
    keeps them, and the columns of settings that the folder lacks.
    """
    from archflow.data.benchmarks import BENCHMARKS, locate
    from archflow_reproduce.latency.data_set import FEWEST, networks_of

    wanted = parts.split(",")
    if not set(wanted) <= set(PARTS):
        raise ArchflowError(f"--parts {parts!r}: there are {', '.join(PARTS)}")
    if "table" in wanted and networks < FEWEST:
        raise ArchflowError(f"--networks {networks}: a table needs at least {FEWEST}; or leave it out of --parts")
    path = out or locate(BENCHMARKS["cpu_latency"])
    assert path is not None, "it is part of the package"
    specs, graphs = networks_of(path, networks)
    _measure(wanted, specs, compiled, folder)
    if "table" in wanted:
        _write(specs, graphs, folder, path, as_json)


def _write(specs: Sequence[Any], graphs: Table | None, folder: Path, path: Path, as_json: bool) -> None:
    """Write the data set of the measured networks, and print what it has."""
    from archflow.progress import progress_bar
    from archflow_reproduce.latency.data_set import graphs_of, write_data_set

    if graphs is None:
        with progress_bar("graphs", len(specs)) as progress:
            graphs = graphs_of(specs, folder, progress)
    about = write_data_set(specs, graphs, folder, path)
    if as_json:
        print_json(about)
        return
    typer.echo(f"{path}: {about['networks']} networks, {path.stat().st_size / 1000:.0f} kB")
    print_table(("column", "networks", "Spearman"), [_row(*each) for each in about["settings"].items()])


def _measure(wanted: Sequence[str], specs: Sequence[Any], compiled: int, folder: Path) -> None:
    from archflow.progress import progress_bar
    from archflow_reproduce.latency.measuring import EAGER, compile_ahead, measure_compiled, measure_eager
    from archflow_reproduce.latency.passes import SESSIONS

    if "compile" in wanted:
        with progress_bar("compiled ahead", compiled) as progress:
            compile_ahead(specs, compiled, folder, progress)
    if "eager" in wanted:
        with progress_bar("eager", len(EAGER) * len(SESSIONS) * len(specs)) as progress:
            measure_eager(specs, folder, progress)
    if "compiled" in wanted:
        with progress_bar("compiled", compiled) as progress:
            measure_compiled(specs, compiled, folder, progress)


def _row(column: str, about: dict) -> tuple[str, str, str]:
    return column, str(about["networks"]), f"{about.get('spearman', float('nan')):.4f}"
