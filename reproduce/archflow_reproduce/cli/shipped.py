"""`archflow bench shipped`: what the encoders of the package give for few labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import Json, RunsOption, print_json


def shipped(
    pattern: Annotated[str, typer.Argument(help="Which of `archflow encoders`, such as 'gated_gcn.*'.")] = "*",
    runs: RunsOption = 9,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished and unfinished runs; re-run the same command to resume.")
    ] = Path("runs/shipped"),
    as_json: Json = False,
) -> None:
    """Measure the package's encoders by FGP's protocol.

    On the data they were pre-trained on; their cards keep the figures.
    """
    from dataclasses import asdict

    from archflow.data.benchmarks import find
    from archflow.encoders.pretrained import FOLDER, card, names
    from archflow.files import write_json
    from archflow.graph.table import read_table
    from archflow.recipes.shipping import cards_table, measured_card
    from archflow_reproduce.protocol.published_protocol import published_protocol
    from archflow_reproduce.protocol.run import run_protocol

    measured = []
    for about in map(card, names(pattern)):
        typer.echo(about.name, err=True)
        benchmark, path = find(about.data)
        methods = ["supervised", about.name]
        protocol = published_protocol(benchmark, about.encoder, width=about.width, methods=methods, runs=runs)
        result = run_protocol(protocol, about.data, read_table(path), folder / about.name)
        measured.append(measured_card(about, result))
        write_json(FOLDER / f"{about.name}.json", asdict(measured[-1]))
    if as_json:
        print_json([asdict(about) for about in measured])
    else:
        typer.echo(cards_table(pattern))
