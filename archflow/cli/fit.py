"""`archflow fit`: a predictor learns from the labelled rows of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from archflow.cli.output import DataOption, Json, ProxyOption, names, print_json

if TYPE_CHECKING:
    from archflow.data.benchmarks import Benchmark
    from archflow.graph.table import Table
    from archflow.predict import BlendedPredictor

PRETRAINING = "pretraining"
"""The folder beside the predictor that holds the recipe's encoders until all is done."""


def fit(
    data: DataOption,
    metric: Annotated[
        str, typer.Option(help="The column to learn; higher is better, rows without a value are left out.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write the predictor into.")],
    encoder: Annotated[
        str,
        typer.Option(
            help="A pre-trained one, by its name in `archflow encoders` or its .safetensors file; "
            "or gin, gated_gcn ... to start untrained."
        ),
    ] = "gated_gcn",
    labels: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Use only so many labels, drawn at random: a share below 1 or a count. Default: all."),
    ] = None,
    recipe: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="best: pre-train several encoders on the whole table, fit networks and a Gaussian process on them. "
            "Takes minutes; the options encoder, members and epochs have no say then."
        ),
    ] = None,
    proxy: ProxyOption = None,
    lower_is_better: Annotated[bool, typer.Option(help="For latency, loss and the like.")] = False,
    members: Annotated[int, typer.Option(min=1, help="Models that vote; 2 or more give a standard deviation.")] = 4,
    epochs: Annotated[int, typer.Option(min=1)] = 300,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    as_json: Json = False,
) -> None:
    """Fit a predictor on the rows whose metric is measured. After an interruption the same command goes on."""
    import shutil

    import numpy as np

    from archflow.bench.presets import preset_of
    from archflow.data.benchmarks import find
    from archflow.data.splits import labelled_rows
    from archflow.encoders import ENCODERS
    from archflow.encoders.pretrained import encoder as load_pretrained
    from archflow.encoders.saved import name_of
    from archflow.errors import ArchflowError
    from archflow.graph.table import read_table
    from archflow.predict import Predictor
    from archflow.progress import progress_bar
    from archflow.seeding import seeded

    benchmark, path = find(data)
    table = read_table(path)
    values = table.metric(metric)
    if np.isinf(values).any():
        raise ArchflowError(f"{path}: row {int(np.argmax(np.isinf(values)))}: {metric} is infinite; mend or empty it")
    rows = labelled_rows(values, labels, seed)
    if proxy and not recipe:
        raise ArchflowError("--proxy is for pre-training: give it with --recipe best, or to `archflow pretrain`")
    if recipe:
        predictor, fit_options = _from_recipe(recipe, benchmark, table, metric, names(proxy), out, seed)
        epochs = predictor.networks.settings.epochs
    else:
        preset = preset_of(benchmark)
        if "." in encoder:
            model, vocabulary = load_pretrained(encoder)
            encoder = name_of(model)
        else:
            vocabulary = table.architectures.vocabulary
            with seeded(seed):
                model = ENCODERS.get(encoder)(n_ops=len(vocabulary), **preset.published(encoder).config)
        settings = replace(preset.published(encoder).fine_tune, epochs=epochs)
        predictor, fit_options = Predictor(model, vocabulary, members, settings, seed=seed), {}
    state = out / "fit.state"
    with progress_bar(f"fitting on {len(rows)} labels", epochs) as bar:
        done = 0

        def on_epoch(epoch: int) -> None:
            nonlocal done
            bar.advance(epoch - done)
            done = epoch

        tuned = predictor.fit(
            table.architectures.select(rows),
            -values[rows] if lower_is_better else values[rows],
            metrics=[f"-{metric}" if lower_is_better else metric],
            checkpoint=state,
            on_epoch=on_epoch,
            **fit_options,
        )
    predictor.save(out)
    state.unlink(missing_ok=True)
    shutil.rmtree(out / PRETRAINING, ignore_errors=True)
    taus = tuned.validation_tau.max(0).tolist()
    if as_json:
        print_json({"predictor": str(out), "labels": len(rows), "metric": metric, "validation_tau": taus})
    else:
        typer.echo(
            f"{out}: fitted on {len(rows)} labels of {metric}; validation Kendall tau of the {len(taus)} models: "
            + ", ".join(f"{tau:.3f}" for tau in taus)
        )


def _from_recipe(
    name: str, benchmark: Benchmark | None, table: Table, metric: str, proxies: list[str], out: Path, seed: int
) -> tuple[BlendedPredictor, dict[str, Any]]:
    """The unfitted predictor of a recipe, and what its `fit` needs besides labels.

    Raises ArchflowError for a name that is no recipe, and for proxies that are not there.
    """
    import os

    from archflow.bench.recipe import recipe_for
    from archflow.data.proxies import proxy, proxy_columns
    from archflow.errors import ArchflowError

    if name != "best":
        raise ArchflowError(f"no recipe is called {name!r}; there is: best")
    chosen = recipe_for(benchmark)["recipe"]
    known = {column: proxy(table, column) for column in proxies or [c for c in proxy_columns(table) if c != metric]}
    pretrained = chosen.pretrain(table.architectures, known, out / PRETRAINING, seed, processes=os.cpu_count() or 1)
    return chosen.predictor(pretrained, seed), {"reference": table.architectures}
