"""`archflow fit`: a predictor learns from the labelled rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import DataOption, Json, PositionsOption, ProxyOption, ViewOption, names, print_json

if TYPE_CHECKING:
    from archflow.predict import FineTuned
    from archflow.recipes.fitting import FitPredictor, Task

MetricsOption = Annotated[
    list[str],
    typer.Option(
        help="The column to learn, -COLUMN if lower is better; rows without a value are left out. Given several times, "
        "one predictor learns all."
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        help="A pre-trained one, by its name in `archflow encoders` or its .safetensors file; "
        "or gin, gated_gcn ... to start untrained. Default: gated_gcn; the recipe's own with --recipe."
    ),
]
LabelsOption = Annotated[
    float | None,
    typer.Option(help="Use only so many labels, drawn at random: a share below 1 or a count. Default: all."),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        help="best: pre-train several encoders on the whole table, fit networks and a Gaussian process on them. "
        "Takes minutes; --encoder gated_gcn makes it quick."
    ),
]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option(
        help="What to train for. Rankings: hinge (default), bpr, listmle; values: squared; positive values such as "
        "latencies: log, relative. Given several times, one for each --metric."
    ),
]
LowerOption = Annotated[bool, typer.Option(help="For latency, loss and the like: as --metric -COLUMN.")]
MembersOption = Annotated[
    int | None,
    typer.Option(min=1, help="Models that vote; 2 or more give a standard deviation. Default: 4, the recipe's 6."),
]
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Of fine-tuning. Default: 300, the recipe's 150.")]


def fit(
    data: DataOption,
    metric: MetricsOption,
    out: Annotated[Path, typer.Option(help="The folder to write the predictor into.")],
    encoder: EncoderOption = None,
    view: ViewOption = None,
    positions: PositionsOption = False,
    labels: LabelsOption = None,
    recipe: RecipeOption = None,
    proxy: ProxyOption = None,
    objective: ObjectiveOption = None,
    lower_is_better: LowerOption = False,
    members: MembersOption = None,
    epochs: EpochsOption = None,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    as_json: Json = False,
) -> None:
    """Fit a predictor on the rows whose metric is measured. After an interruption the same command resumes."""
    from archflow.data.benchmarks import find
    from archflow.graph.table import read_table
    from archflow.recipes.fitting import PRETRAINING, Task, fit_and_save, network_predictor, recipe_predictor

    _check(recipe, view or positions, proxy, metric, lower_is_better)
    benchmark, path = find(data)
    columns = [f"-{metric[0].removeprefix('-')}"] if lower_is_better else metric
    task = Task.of(read_table(path), columns, objective or (), labels, seed)
    if recipe:
        folder = out / PRETRAINING
        predictor = recipe_predictor(task, folder, benchmark, encoder, names(proxy), members, epochs, seed)
    else:
        kind = encoder or "gated_gcn"
        predictor = network_predictor(task, benchmark, kind, view, positions, members or 4, epochs or 300, seed)
    _print(out, task, predictor, fit_and_save(predictor, task, out), as_json)


def _check(recipe: str | None, shown: object, proxy: str | None, metric: list[str], lower_is_better: bool) -> None:
    """Refuse options that do not go together."""
    from archflow.errors import ArchflowError

    if recipe not in (None, "best"):
        raise ArchflowError(f"no recipe is called {recipe!r}; there is: best")
    if recipe and shown:
        raise ArchflowError("--view: the recipe has its own; leave it out, and --positions too")
    if proxy and not recipe:
        raise ArchflowError("--proxy is for pre-training: give it with --recipe best, or to `archflow pretrain`")
    if lower_is_better and len(metric) > 1:
        raise ArchflowError("--lower-is-better: of which metric? Give --metric -COLUMN for each that it holds for")


def _print(out: Path, task: Task, predictor: FitPredictor, tuned: FineTuned, as_json: bool) -> None:
    best = tuned.validation_score.max(0).tolist()
    measures = {objective.measure for objective in predictor.objectives}
    measure = measures.pop() if len(measures) == 1 else "score"
    if as_json:
        about = {"predictor": str(out), "labels": len(task.rows), "held_out": tuned.held_out}
        metrics = {"metric": task.metrics[0], "metrics": list(task.metrics)}
        print_json({**about, **metrics, f"validation_{measure}": best if tuned.held_out else None})
        return
    text = f"{out}: fitted on {len(task.rows)} labels of {', '.join(task.metrics)}; "
    if tuned.held_out:
        words = "Kendall tau" if measure == "tau" else measure.replace("_", " ")
        shown = ", ".join(f"{each:.3f}" for each in best)
        typer.echo(f"{text}validation {words} of the {len(best)} models, on {tuned.held_out} labels each: {shown}")
    else:
        typer.echo(f"{text}too few to hold any out: nothing says how well it predicts. Measure a few more")
