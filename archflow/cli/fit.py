"""`archflow fit`: fit a predictor to the labelled rows of a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.fitted import names_or_none, print_fitted, turned
from archflow.cli.output import (
    ComputeOption,
    ForceOption,
    Json,
    PositionsOption,
    ProxyOption,
    ViewOption,
    label_count,
    names,
    note,
)
from archflow.cli.reading import Reading, TableOption

MetricsOption = Annotated[
    list[str],
    typer.Option(
        help="The column to learn, -COLUMN if lower is better; rows without a value are left out. May be repeated "
        "for one predictor of several metrics."
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        help="An encoder to use instead of the recipe's: a pre-trained one, by name (see `archflow encoders`) or "
        ".safetensors file; or a kind, such as gin or gated_gcn, to pre-train (the recipe's untrained encoder "
        "stays)."
    ),
]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        help="Use only this many labels, drawn at random: a count, or a fraction of the measured rows such as 0.1 or "
        "10%. Default: all.",
    ),
]
RecipeOption = Annotated[
    str | None,
    typer.Option(
        help="plain: trees, linear models and a Gaussian process on features of the graph and on columns of the table; "
        "quick (default): also networks, from small encoders pre-trained on the table; best: from larger encoders; "
        "networks: networks alone, for several metrics or an encoder without pre-training."
    ),
]
BudgetOption = Annotated[
    str | None, typer.Option(help="Roughly how long fitting may take, such as 15s, 2m or 10m; chooses the recipe.")
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(
        help="Columns known before training, separated by commas, or none. Default: those recognised by name, such "
        "as params, flops and zc_*."
    ),
]
SourcesOption = Annotated[
    str | None,
    typer.Option(
        help="Columns related to the metric, separated by commas: its value after fewer epochs, with a single "
        "seed, or on another data set or task. They may have missing values."
    ),
]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option(
        help="What to train for. Rankings: hinge (default), bpr, listmle; values: squared; positive values such as "
        "latencies: log, relative. May be repeated, once for each --metric."
    ),
]
LowerOption = Annotated[
    bool, typer.Option(help="Lower values are better, as for latency or loss; the same as --metric -COLUMN.")
]
MembersOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="With --recipe networks: ensemble members; 2 or more give a standard deviation. Default: 4."
    ),
]


ContextOption = Annotated[
    str | None,
    typer.Option(
        help="The column with the device or task that a row was measured on: a name or a sentence. "
        "COLUMN:KIND,KIND chooses the features made from it: numbers (those in the text), words (those in "
        "several texts), names (one column per text)."
    ),
]
UnseenOption = Annotated[
    bool,
    typer.Option(
        "--unseen",
        help="With --context: prepare for devices or tasks without measurements. Each is held out with all its "
        "labels, so that weights and intervals are those for a new one.",
    ),
]


def _folder(text: str) -> Path:
    """The path of a folder; unlike for `Path`, an empty text is not the current folder."""
    if not text:
        raise typer.BadParameter("it is empty; give a folder")
    return Path(text)


OutOption = Annotated[
    Path,
    typer.Option(help="The folder to write the predictor into.", parser=_folder, metavar="<path>"),
]
EpochsOption = Annotated[
    int | None, typer.Option(min=1, help="Fine-tuning epochs. Default: the recipe's; 300 for --recipe networks.")
]


@dataclass(frozen=True)
class Networks:
    """The options of the networks in a predictor."""

    encoder: EncoderOption = None
    view: ViewOption = None
    positions: PositionsOption = False
    proxy: ProxyOption = None
    members: MembersOption = None
    epochs: EpochsOption = None
    device: ComputeOption = "cpu"


def fit(
    data: TableOption,
    metric: MetricsOption,
    out: OutOption,
    reading: Reading,
    networks: Networks,
    features: FeaturesOption = None,
    sources: SourcesOption = None,
    recipe: RecipeOption = None,
    budget: BudgetOption = None,
    labels: LabelsOption = None,
    objective: ObjectiveOption = None,
    context: ContextOption = None,
    unseen: UnseenOption = False,
    lower_is_better: LowerOption = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 21,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Fit a predictor on the rows whose metric is measured.

    If interrupted, re-run the same command to resume.
    """
    from archflow.files import only_writer
    from archflow.recipes import choice, fitting

    given = {**asdict(networks), "columns": names_or_none(features), "sources": names(sources), "seed": seed}
    given["proxies"] = names(given.pop("proxy"))
    chosen = choice.Choice(recipe, budget, **given).checked(len(metric), context, unseen)
    fitting.check_out(out, force)
    benchmark, table = reading.benchmark_and_table(data)
    metrics = turned(metric, lower_is_better)
    task = fitting.Task.of(table, metrics, objective or (), label_count(labels), seed)
    with only_writer(out):
        chosen = chosen.with_context(table, context, unseen)
        predictor = chosen.predictor(task, benchmark, out / fitting.PRETRAINING, note)
        fitted = fitting.fit_and_save(predictor, task, out)
    print_fitted(out, task, predictor, fitted, as_json)
