"""`archflow pretrain`: an encoder learns from architectures without labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import DataOption, Json, print_json


def pretrain(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The encoder to write (.safetensors).")],
    encoder: Annotated[str, typer.Option(help="gated_gcn, gin, mlp, transformer, or one of yours.")] = "gated_gcn",
    task: Annotated[str, typer.Option(help="fgp, flow or proxy_ranking.")] = "fgp",
    proxy: Annotated[
        Optional[str],  # noqa: UP045 - typer resolves it at run time
        typer.Option(help="The zero-cost proxy to rank: a column, params, flops, depth, count:OPERATION ..."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1)] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 21,
    as_json: Json = False,
) -> None:
    """Pre-train an encoder on the architectures of a table; labels are not looked at.

    The state after every epoch is kept beside the encoder: after an interruption the same command goes on.
    """
    from archflow.bench.presets import preset_of
    from archflow.data.benchmarks import find
    from archflow.data.proxies import proxy as proxy_values
    from archflow.encoders import ENCODERS, save_encoder
    from archflow.graph.table import read_table
    from archflow.pretext import PRETEXT_TASKS, PretextSettings
    from archflow.pretext import pretrain as run
    from archflow.progress import progress_bar
    from archflow.seeding import seeded

    benchmark, path = find(data)
    table = read_table(path)
    preset = preset_of(benchmark)
    name = proxy or (benchmark.proxy if benchmark else "depth")
    with seeded(seed):
        model = ENCODERS.get(encoder)(n_ops=len(table.architectures.vocabulary), **preset.recipe(encoder).config)
    with seeded(seed, 2):
        pretext = PRETEXT_TASKS.get(task)(model.dim, PretextSettings(name, preset.margin, preset.surrogate))
    proxies = {} if task == "flow" else {name: proxy_values(table, name)}
    state = out.with_suffix(".state")
    with progress_bar(f"pre-training on {len(table):,} architectures", epochs) as bar:
        done = 0

        def on_epoch(epoch: int, losses: dict[str, float]) -> None:
            nonlocal done
            bar.advance(epoch - done, "  ".join(f"{part} {value:.4g}" for part, value in losses.items()))
            done = epoch

        settings = replace(preset.recipe(encoder).pretrain, epochs=epochs, seed=seed)
        losses = run(model, pretext, table.architectures, proxies, settings, state, on_epoch=on_epoch)
    history = {"data": data, "task": task, "proxy": None if task == "flow" else name, "epochs": epochs, "seed": seed}
    save_encoder(out, model, table.architectures.vocabulary, **history, losses=losses)
    state.unlink(missing_ok=True)
    final = {part: values[-1] for part, values in losses.items()}
    if as_json:
        print_json({"encoder": str(out), **history, "losses": final})
    else:
        typer.echo(
            f"{out}: {encoder} pre-trained by {task}, " + ", ".join(f"{k} loss {v:.4g}" for k, v in final.items())
        )
