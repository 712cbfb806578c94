"""`archflow fit`: a predictor learns from the labelled rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.fitted import names_or_none, note, print_fitted, turned
from archflow.cli.output import (
    DataOption,
    ForceOption,
    Json,
    NumbersOption,
    PositionsOption,
    ProxyOption,
    ViewOption,
    names,
)

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
        help="A pre-trained one, by its name in `archflow encoders` or its .safetensors file, in place of those that "
        "the recipe uses; or the kind of those that it pre-trains, while the one that it leaves untrained stays: gin, "
        "gated_gcn ..."
    ),
]
LabelsOption = Annotated[
    float | None,
    typer.Option(help="Use only so many labels, drawn at random: a share below 1 or a count. Default: all."),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        help="plain: trees, linear models and a Gaussian process on features of the graph and on columns of the table; "
        "quick (default): also networks, from an encoder that is pre-trained on the table; best: several encoders; "
        "networks: networks alone, for several metrics or an encoder without pre-training."
    ),
]
BudgetOption = Annotated[
    str | None, typer.Option(help="About how long it may take, such as 15s, 2m or 10m: chooses the recipe.")
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(
        help="Columns that are known before training, with commas; none for none. Default: those whose names say so, "
        "such as params, flops and zc_*."
    ),
]
SourcesOption = Annotated[
    str | None,
    typer.Option(
        help="Columns that say something of the metric, with commas: its value after fewer epochs, with one seed, of "
        "another data set or task. They may be empty in places."
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
    typer.Option(min=1, help="Of --recipe networks: models that vote; 2 or more give a deviation. Default: 4."),
]


def _folder(text: str) -> Path:
    """The path of a folder; nothing does not stand for the current one, as it does for `Path`."""
    if not text:
        raise typer.BadParameter("it is empty; give a folder")
    return Path(text)


OutOption = Annotated[
    Path,
    typer.Option(help="The folder to write the predictor into.", parser=_folder, metavar="<path>"),
]
EpochsOption = Annotated[
    int | None, typer.Option(min=1, help="Of fine-tuning networks. Default: the recipe's; 300 for --recipe networks.")
]


def fit(
    data: DataOption,
    metric: MetricsOption,
    out: OutOption,
    features: FeaturesOption = None,
    sources: SourcesOption = None,
    recipe: RecipeOption = None,
    budget: BudgetOption = None,
    encoder: EncoderOption = None,
    view: ViewOption = None,
    positions: PositionsOption = False,
    labels: LabelsOption = None,
    proxy: ProxyOption = None,
    objective: ObjectiveOption = None,
    lower_is_better: LowerOption = False,
    members: MembersOption = None,
    epochs: EpochsOption = None,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    numbers_in_names: NumbersOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Fit a predictor on the rows whose metric is measured. After an interruption the same command resumes."""
    from archflow.data.benchmarks import find
    from archflow.files import only_writer
    from archflow.graph.table import read_table
    from archflow.recipes import fitting
    from archflow.recipes.choice import Choice

    given = (recipe, budget, encoder, names_or_none(features), names(sources), names(proxy), view, positions, members)
    choice = Choice(*given, epochs, seed).checked(len(metric))
    fitting.check_out(out, force)
    benchmark, path = find(data)
    table, metrics = read_table(path, numbers_in_names=numbers_in_names), turned(metric, lower_is_better)
    task = fitting.Task.of(table, metrics, objective or (), labels, seed)
    note(task.note)
    with only_writer(out):
        predictor = choice.predictor(task, benchmark, out / fitting.PRETRAINING, note)
        fitted = fitting.fit_and_save(predictor, task, out)
    print_fitted(out, task, predictor, fitted, as_json)
