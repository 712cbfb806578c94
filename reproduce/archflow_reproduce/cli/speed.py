"""`archflow bench speed`: how fast the parts are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study


def speed(
    device: Annotated[str, typer.Option(help="cpu; or cuda, where only encoders are measured.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0 for torch's default.")] = 0,
    against: Annotated[
        Path | None, typer.Option(help="Another checkout to compare with: passes of both are timed in turn.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="With --against: passes per figure.")] = 10,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Time encoders, the surrogate, pre-training and data."""
    import torch

    from archflow.data.benchmarks import BENCHMARKS, locate
    from archflow.progress import progress_bar
    from archflow_reproduce.results.speed_report import against_tables, speed_tables
    from archflow_reproduce.speed.against import figures, speed_against
    from archflow_reproduce.speed.encoders import check_roof
    from archflow_reproduce.speed.machine import device_named
    from archflow_reproduce.speed.pipeline import run_speed, speed_steps

    study = Study("speed" if against is None else "against", out, as_json, force)
    place = device_named(device)
    if threads:
        torch.set_num_threads(threads)
    if against is not None:
        data = [name for name, benchmark in BENCHMARKS.items() if locate(benchmark) is not None]
        with progress_bar("comparing", len(figures(data))) as bar:
            step = partial(bar.advance, 1)
            result = speed_against(against, rounds, torch.get_num_threads(), data, step)
        study.finish(result, {}, "\n\n".join(against_tables(result)))
        return
    with progress_bar("measuring", speed_steps(place)) as bar:
        result = run_speed(place, lambda name: bar.advance(1, name))
    study.finish(result, {}, "\n\n".join(speed_tables(result)))
    check_roof(result)
