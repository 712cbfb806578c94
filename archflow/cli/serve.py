"""`archflow serve`: answer requests over HTTP."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ComputeOption
from archflow.errors import ArchflowError

PredictorsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PREDICTOR...",
        help="Folders that `archflow fit` wrote. In requests they are called like the folder; NAME=FOLDER gives "
        "another name.",
    ),
]
TokenOption = Annotated[
    Path | None,
    typer.Option(
        help="A file with the token that clients must send (Authorization: Bearer TOKEN); default: the environment "
        "variable ARCHFLOW_TOKEN, if it is set."
    ),
]
WithoutOption = Annotated[
    bool, typer.Option("--without-token", help="Let other machines use the service without a token.")
]
SpaceOption = Annotated[str | None, typer.Option(help="The search space of native strings whose request names none.")]


@dataclass(frozen=True)
class LimitOptions:
    """The options that say what is accepted."""

    body: Annotated[int, typer.Option("--max-body", min=1024, help="Bytes of a request.")] = 16 * 2**20
    architectures: Annotated[int, typer.Option("--max-architectures", min=1, help="Architectures per request.")] = (
        10_000
    )
    nodes: Annotated[int, typer.Option("--max-nodes", min=1, help="Nodes per request.")] = 200_000
    rate: Annotated[float, typer.Option(min=0.01, help="Requests per second from one address.")] = 1000.0
    seconds: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds for receiving a request, and for answering it.")
    ] = 30.0
    evaluations: Annotated[int, typer.Option("--max-evaluations", min=1, help="Evaluations of a search.")] = 1000


def serve(
    predictors: PredictorsArgument,
    limits: LimitOptions,
    host: Annotated[str, typer.Option(help="The address to bind to; 0.0.0.0 for all of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for one that is free.")] = 8000,
    token_file: TokenOption = None,
    without_token: WithoutOption = False,
    space: SpaceOption = None,
    device: ComputeOption = "cpu",
) -> None:
    """Answer HTTP requests with predictors.

    SIGHUP loads the predictors again; SIGTERM ends the service once it has answered.
    """
    from archflow.service.settings import MISSING, Access, Limits, read_token

    access = Access.of(host, read_token(token_file, os.environ), without_token)
    try:
        from archflow.service.app import create_app
        from archflow.service.running import run
    except ModuleNotFoundError:
        raise ArchflowError(MISSING) from None
    from archflow.service.models import named_folders

    app = create_app(named_folders(predictors), access, Limits(**asdict(limits)), space, device)
    run(app, host, port)
