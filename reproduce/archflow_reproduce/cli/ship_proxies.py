"""`archflow bench ship-proxies`: the proxies of NAS-Bench-101 that the package carries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import Json, print_json, print_table
from archflow_reproduce.cli import options


def ship_proxies(
    folder: Annotated[
        Path, typer.Option(help="The folder of finished cells; re-run the same command to resume.")
    ] = Path("runs/nasbench101-proxies"),
    collect: options.Collect = False,
    processes: options.Networks = 1,
    as_json: Json = False,
) -> None:
    """Compute the protocol's proxies for the package.

    They are those of the protocol's NAS-Bench-101 cells.
    """
    from archflow.data.shipped_proxies import ENDING, FOLDER
    from archflow.progress import progress_bar
    from archflow_reproduce.cli.study import cores
    from archflow_reproduce.studies.cell_proxies import PARTS, SPACE, compute_part, protocol_cells, write_proxies

    cells = protocol_cells()
    for part in () if collect else PARTS:
        with progress_bar(f"{', '.join(part.names)} of NAS-Bench-101", len(cells)) as progress:
            compute_part(part, cells, folder, processes=cores(processes), progress=progress)
    path = FOLDER / f"{SPACE}{ENDING}"
    card = write_proxies(cells, folder, path)
    if as_json:
        print_json(card)
        return
    typer.echo(f"{path}: {card['cells']} of {card['of']} cells, {path.stat().st_size / 1000:.0f} kB")
    print_table(("column", "missing"), list(card["missing"].items()))
