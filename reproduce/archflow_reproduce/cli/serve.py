"""`archflow bench serve`: the load that a running service bears."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from archflow.cli.output import Json, print_json, print_table


def serve(
    address: Annotated[str, typer.Argument(help="The service, such as http://127.0.0.1:8000.")],
    model: Annotated[str | None, typer.Option(help="The predictor to ask.")] = None,
    space: Annotated[str, typer.Option(help="The space from which architectures are drawn.")] = "nasbench201",
    batch: Annotated[int, typer.Option(min=1, help="Architectures in a request of the first part.")] = 500,
    clients: Annotated[int, typer.Option(min=1, help="Connections at once.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="How often to measure both parts.")] = 1,
    seconds: Annotated[float, typer.Option(min=0.1, help="Duration of each part.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Measure the load that a running service bears.

    It is asked in batches and one by one; its token is ARCHFLOW_TOKEN, if that is set.

    CPU time is that of the service, per architecture.
    """
    import numpy as np

    from archflow.spaces import SPACES
    from archflow_reproduce.speed.asked import Service
    from archflow_reproduce.speed.service import Load, bodies

    drawn = SPACES.get(space)().sample(4 * batch, np.random.default_rng(0))
    load = Load(Service(address.rstrip("/"), os.environ.get("ARCHFLOW_TOKEN")), clients, seconds)
    single, several = bodies(drawn.select(np.arange(min(len(drawn), 500))), 1, model), bodies(drawn, batch, model)
    found = [load.of(*part) for _ in range(rounds) for part in ((several, batch), (single, 1))]
    if as_json:
        print_json(found)
        return
    columns = list(found[0])
    print_table(columns, [[f"{row[name]:.4g}" for name in columns] for row in found])
