"""`archflow bench import`: what importing real models takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def import_models(
    tables: Annotated[
        str | None, typer.Option(help="Which tables of the data folder, separated by commas; default: all.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished tables; re-run the same command to resume.")
    ] = Path("runs/import"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Import all graphs of foreign tables and large networks.

    Counts, seconds and memory; the large networks are torch modules.
    """
    from archflow.data.places import data_folder
    from archflow.progress import progress_bar
    from archflow_reproduce.results.import_report import import_tables
    from archflow_reproduce.studies.imports import TABLES, networks, run_imports

    study = Study("import", out, as_json, force)
    wanted = names(tables) or TABLES
    with progress_bar("importing", len(wanted) + len(networks())) as progress:
        result = run_imports(folder, data_folder() or Path(), wanted, progress)
    hashes = {name: table["sha256"] for name, table in result["tables"].items()}
    study.finish(result, hashes, "\n\n".join(import_tables(result)))
