"""`archflow fit`: a predictor learns from the labelled rows of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from archflow.cli.output import DataOption, Json, ProxyOption, ViewOption, names, print_json

if TYPE_CHECKING:
    from archflow.data.benchmarks import Benchmark
    from archflow.recipes.recipe import Recipe

PRETRAINING = "pretraining"
"""The folder beside the predictor that holds the recipe's encoders until all is done."""


def fit(
    data: DataOption,
    metric: Annotated[
        str,
        typer.Option(
            help="The column to learn, higher is better, -COLUMN if lower is; rows without a value are left out."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write the predictor into.")],
    encoder: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="A pre-trained one, by its name in `archflow encoders` or its .safetensors file; "
            "or gin, gated_gcn ... to start untrained. Default: gated_gcn; the recipe's own with --recipe."
        ),
    ] = None,
    view: ViewOption = None,
    labels: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Use only so many labels, drawn at random: a share below 1 or a count. Default: all."),
    ] = None,
    recipe: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="best: pre-train several encoders on the whole table, fit networks and a Gaussian process on them. "
            "Takes minutes; --encoder gated_gcn makes it quick."
        ),
    ] = None,
    proxy: ProxyOption = None,
    lower_is_better: Annotated[bool, typer.Option(help="For latency, loss and the like: as --metric -COLUMN.")] = False,
    members: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Models that vote; 2 or more give a standard deviation. Default: 4, the recipe's 6."),
    ] = None,
    epochs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Of fine-tuning. Default: 300, the recipe's 150."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    as_json: Json = False,
) -> None:
    """Fit a predictor on the rows whose metric is measured. After an interruption the same command goes on."""
    import os
    import shutil

    import numpy as np

    from archflow.data.benchmarks import find
    from archflow.data.proxies import proxy as proxy_of
    from archflow.data.proxies import proxy_columns
    from archflow.data.splits import labelled_rows
    from archflow.encoders import ENCODERS
    from archflow.encoders.pretrained import load as load_pretrained
    from archflow.encoders.saved import name_of
    from archflow.errors import ArchflowError
    from archflow.graph.table import read_table
    from archflow.predict import Predictor
    from archflow.progress import progress_bar
    from archflow.recipes.presets import preset_of
    from archflow.seeding import seeded

    benchmark, path = find(data)
    table = read_table(path)
    metric = f"-{metric.removeprefix('-')}" if lower_is_better else metric
    values = table.metric(metric)
    if np.isinf(values).any():
        raise ArchflowError(f"{path}: row {int(np.argmax(np.isinf(values)))}: {metric} is infinite; mend or empty it")
    rows = labelled_rows(values, labels, seed)
    if proxy and not recipe:
        raise ArchflowError("--proxy is for pre-training: give it with --recipe best, or to `archflow pretrain`")
    fit_options: dict[str, Any] = {}
    if recipe:
        if view:
            raise ArchflowError("--view: the recipe has its own; leave one of the two out")
        chosen = _recipe(recipe, benchmark, encoder, members, epochs)
        columns = names(proxy) or [column for column in proxy_columns(table) if column != metric.removeprefix("-")]
        proxies = {column: proxy_of(table, column) for column in columns}
        pretrained = chosen.pretrain(table.architectures, proxies, out / PRETRAINING, seed, os.cpu_count() or 1)
        predictor, fit_options = chosen.predictor(pretrained, seed), {"reference": table.architectures}
        epochs = chosen.fine_tune.epochs
    else:
        preset, encoder, epochs = preset_of(benchmark), encoder or "gated_gcn", epochs or 300
        if "." in encoder:
            model, vocabulary, history = load_pretrained(encoder)
            encoder, view = name_of(model), view or history.get("view", "whole")
        else:
            vocabulary = table.architectures.vocabulary
            with seeded(seed):
                model = ENCODERS.get(encoder)(n_ops=len(vocabulary), **preset.published(encoder).config)
        settings = replace(preset.published(encoder).fine_tune, epochs=epochs)
        predictor = Predictor(
            model, vocabulary, members or 4, settings, seed=seed, views=view or preset.published(encoder).view
        )
    state = out / "fit.state"
    with progress_bar(f"fitting on {len(rows)} labels", epochs) as bar:
        done = 0

        def on_epoch(epoch: int) -> None:
            nonlocal done
            bar.advance(epoch - done)
            done = epoch

        tuned = predictor.fit(
            table.architectures.select(rows),
            values[rows],
            metrics=[metric],
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


def _recipe(
    name: str, benchmark: Benchmark | None, encoder: str | None, members: int | None, epochs: int | None
) -> Recipe:
    """The recipe of a name, with what the user wants otherwise. Raises ArchflowError for a name that is none, and for
    an encoder that is pre-trained already."""
    from archflow.errors import ArchflowError
    from archflow.recipes.recipe import recipe_for

    if name != "best":
        raise ArchflowError(f"no recipe is called {name!r}; there is: best")
    if encoder and "." in encoder:
        raise ArchflowError(f"--encoder {encoder}: the recipe pre-trains its own; name a kind such as gated_gcn")
    recipe = recipe_for(benchmark, encoder)
    settings = replace(recipe.fine_tune, epochs=epochs or recipe.fine_tune.epochs)
    return replace(recipe, members=members or recipe.members, fine_tune=settings)
