"""`archflow bench arch2vec`: reconstruction, samples and latent space of arch2vec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import DataOption, ForceOption, Json, MetricOption
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, named_table


def arch2vec(
    data: DataOption = "nasbench201",
    encoder: options.Encoder = "arch2vec",
    metric: MetricOption = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Pre-training epochs; default: as published.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole-space", help="Use all architectures of the search space, not only the table's.")
    ] = False,
    samples: Annotated[int, typer.Option(min=1, help="Number of random codes to decode.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    folder: options.Folder = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Measure what arch2vec's codes preserve, and draw them."""
    from archflow.encoders import ENCODERS
    from archflow.progress import progress_bar
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.results.arch2vec_report import arch2vec_table, write_beside
    from archflow_reproduce.results.record import data_hash
    from archflow_reproduce.studies.arch2vec import published_arch2vec, run_arch2vec

    study = Study("arch2vec", out, as_json, force, (".md", ".html"))
    ENCODERS.get(encoder)
    name, benchmark, table = named_table(data)
    settings = {"metric": metric, "epochs": epochs, "samples": samples, "seed": seed, "whole_space": whole}
    protocol = published_arch2vec(name, benchmark, encoder, **settings)
    own = f"arch2vec-{name}-{encoder}-{protocol.epochs}-{seed}{'-whole' if whole else ''}"
    checkpoint = (folder or Path("runs") / own) / "pretraining.safetensors"
    with progress_bar("pre-training", protocol.epochs) as bar:
        result, latent = run_arch2vec(
            protocol, table, checkpoint, lambda epoch, losses: bar.reach(epoch, f"loss {sum(losses.values()):.4f}")
        )
    study.finish(result, {name: data_hash(table, protocol.metric)}, markdown_table(*arch2vec_table(result)))
    if out is not None:
        write_beside(out, result, latent)
