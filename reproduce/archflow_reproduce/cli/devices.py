"""`archflow bench devices`: latency on devices that nobody measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption, Json, names
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, say


def devices(
    variants: Annotated[
        str | None, typer.Option(help="Variants of LeDG-Former, separated by commas; default: all.")
    ] = None,
    protocols: Annotated[
        str, typer.Option(help="What is left out, separated by commas: device, family.")
    ] = "device,family",
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds of every variant.")] = 3,
    folder: Annotated[
        Path, typer.Option(help="The folder of finished parts; re-run the same command to resume.")
    ] = Path("runs/devices"),
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Rank networks on unseen devices of ncnn's benchmark.

    Devices are described in words or not; beside baselines.
    """
    from archflow_reproduce.devices.ncnn import VARIANTS, run_ncnn
    from archflow_reproduce.results.devices_report import devices_report

    study = Study("devices", out, as_json, force)
    asked = names(variants) or tuple(VARIANTS)
    result = run_ncnn(folder, seeds=seeds, variants=asked, protocols=names(protocols), say=say)
    study.finish(result, {"ncnn": result.pop("data_hash")}, devices_report(result))
