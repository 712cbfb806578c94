"""`archflow bench compiled`: what `torch.compile` gains in encoding."""

from __future__ import annotations

from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def compiled(
    encoders: Annotated[
        str | None, typer.Option(help="Which encoders, separated by commas; default: some fast ones.")
    ] = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Time encoders with and without torch.compile."""
    from archflow.encoders import ENCODERS
    from archflow.progress import progress_bar
    from archflow_reproduce.results.compiled_report import compiled_tables
    from archflow_reproduce.speed import compiled

    study = Study("compiled", out, as_json, force)
    chosen = names(encoders) or compiled.ENCODERS
    for name in chosen:
        ENCODERS.get(name)  # before the work
    with progress_bar("compiling", len(chosen)) as bar:
        result = compiled.run_compiled(chosen, lambda name: bar.advance(1, name))
    study.finish(result, {}, "\n\n".join(compiled_tables(result)))
