"""`archflow pretrain`: an encoder learns from architectures without labels."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import Json, ProxyOption, ViewOption, names, print_json


def pretrain(
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="A data set's name (`archflow data list`) or a table file; several, with commas, are one set, with "
            "the first one's published settings.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The encoder to write (.safetensors).")],
    encoder: Annotated[str, typer.Option(help="gated_gcn, gin, mlp, transformer, or one of yours.")] = "gated_gcn",
    task: Annotated[
        str, typer.Option(help="fgp, flow, proxy_ranking, gmae ..., or a sum such as 0.5*flow+0.5*gmae.")
    ] = "fgp",
    view: ViewOption = None,
    proxy: ProxyOption = None,
    width: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Of the encoder's layers; default: the data set's preset."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1)] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    card: Annotated[
        bool,
        typer.Option(
            "--card",
            help="Write it as the package ships encoders: with a card (.json) beside it, in half precision where that "
            "changes next to nothing.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Pre-train an encoder on the architectures of a table, or of several; labels are not looked at.

    The state after every epoch is kept beside the encoder: after an interruption the same command goes on.
    """
    from archflow.data.catalogue import BENCHMARKS
    from archflow.data.joined import joined
    from archflow.data.several import several_tables
    from archflow.encoders import ENCODERS
    from archflow.encoders.embedder import Embedder
    from archflow.encoders.preparation import Preparation
    from archflow.pretext import make_task, proxies_for, vocabulary_for
    from archflow.pretext import pretrain as run
    from archflow.progress import cumulative, progress_bar
    from archflow.recipes.presets import preset_of
    from archflow.recipes.shipping import ship
    from archflow.seeding import seeded

    tables = several_tables("--data", names(data))
    benchmark = BENCHMARKS.get(next(iter(tables)))
    preset = preset_of(benchmark)
    pretext_settings = preset.pretext(names(proxy) or [benchmark.proxy if benchmark else "depth"])
    used = proxies_for(task, pretext_settings)
    unlabelled = joined(tables, used)
    vocabulary = vocabulary_for(task, unlabelled.architectures.vocabulary)
    config = {**preset.published(encoder).config, **({"width": width} if width else {})}
    with seeded(seed):
        model = ENCODERS.get(encoder)(n_ops=len(vocabulary), **config)
    with seeded(seed, 2):
        pretext = make_task(task, model, pretext_settings)
    view = view or preset.published(encoder).view
    embedder = Embedder(model, Preparation(vocabulary, view))
    architectures = embedder.prepare(unlabelled.architectures)
    state = out.with_suffix(".state")
    with progress_bar(f"pre-training on {len(architectures):,} architectures", epochs) as bar:
        reach = cumulative(bar.advance)

        def on_epoch(epoch: int, losses: dict[str, float]) -> None:
            reach(epoch, "  ".join(f"{part} {value:.4g}" for part, value in losses.items()))

        settings = replace(preset.published(encoder).pretrain, epochs=epochs, seed=seed)
        losses = run(model, pretext, architectures, unlabelled.proxies, settings, state, on_epoch=on_epoch)
    history = {"data": data, "task": task, "proxies": list(used), "epochs": epochs, "seed": seed}
    embedder = embedder.with_history(**history, losses=losses)
    if card:
        command = shlex.join(["archflow", *sys.argv[1:]])
        ship(out, embedder, architectures, command)
    else:
        embedder.save(out)
    state.unlink(missing_ok=True)
    final = {part: values[-1] for part, values in losses.items()}
    if as_json:
        print_json({"encoder": str(out), **history, "view": view, "losses": final})
    else:
        typer.echo(
            f"{out}: {encoder} pre-trained by {task}, " + ", ".join(f"{k} loss {v:.4g}" for k, v in final.items())
        )
