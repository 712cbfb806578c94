"""`archflow latency`: predict the latency of a real model on a device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.import_models import InputsOption
from archflow.cli.output import Json, note, print_json, print_table, probability, warn
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.recipes.latency import LatencyAnswer

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="*.onnx; *.param of ncnn; package.module:build, your function that returns a torch network (it is "
        "run); a table of architectures.",
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        help="The device: one that the predictor has learnt, a known name, a .toml file, or a description such as "
        "'Raspberry Pi 5, 4 x Cortex-A76 2.4 GHz, 4 threads'."
    ),
]
MeasuredOption = Annotated[
    Path | None,
    typer.Option(
        help="A table (.csv) with the columns model and latency_ms: a few measurements on this device, which "
        "calibrate the prediction. Models are named as in MODEL or as in the data sets."
    ),
]
PredictorOption = Annotated[
    Path | None,
    typer.Option(
        help="The folder of a predictor that was fitted with --context. Default: one that is fitted once to the "
        "latency data sets on this machine."
    ),
]
CoverageOption = Annotated[
    float,
    typer.Option(parser=probability, metavar="<float>", help="The probability that the interval contains the latency."),
]


def latency(
    model: ModelArgument,
    device: DeviceOption,
    measured: MeasuredOption = None,
    predictor: PredictorOption = None,
    inputs: InputsOption = None,
    coverage: CoverageOption = 0.9,
    as_json: Json = False,
) -> None:
    """Predict the latency of a model on a device, with an interval.

    The device may be one without any measurements.
    """
    from archflow.data.places import data_folder
    from archflow.recipes.latency import LatencyRequest, latency

    asked = LatencyRequest(model, device, inputs, measured, predictor, coverage, data_folder())
    answer = latency(asked, lambda rows: note(f"fitting to {rows:,} latencies, once; later calls use the result"))
    if as_json:
        print_json(answer.content())
        return
    _print(answer)


def _print(answer: LatencyAnswer) -> None:
    for line in answer.notes:
        warn(line)
    typer.echo(printable(f"{answer.device}:"))
    typer.echo()
    names = list(answer.models[0].baselines)
    interval = f"{100 * answer.coverage:g} % interval"
    rows = [
        [
            each.model,
            f"{each.latency_ms:.3g} ms",
            f"{each.low_ms:.3g} to {each.high_ms:.3g} ms",
            *(f"{each.baselines[name]:.3g} ms" for name in names),
        ]
        for each in answer.models
    ]
    print_table(("model", "latency", interval, *names), rows)
    typer.echo()
    if answer.measured:
        times = "1 measurement" if answer.measured == 1 else f"{answer.measured} measurements"
        typer.echo(f"calibrated by {times} on this device: predictions times {answer.factor:.3g}")
    elif not answer.learnt:
        typer.echo("nothing was measured on this device: --measured with a few models narrows the interval")
    if not names:
        typer.echo("baselines (flops, roofline) need latencies on this device: give --measured")
