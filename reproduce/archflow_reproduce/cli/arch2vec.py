"""`archflow bench arch2vec`: reconstruction, samples and latent space of arch2vec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import DataOption, Json, MetricOption, print_json


def arch2vec(
    data: DataOption = "nasbench201",
    encoder: Annotated[str, typer.Option(help="The encoder's name.")] = "arch2vec",
    metric: MetricOption = None,
    epochs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Of pre-training; default: the published 8 for NAS-Bench-101, 10 for others."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole-space", help="All architectures of the search space, not only those of the table.")
    ] = False,
    samples: Annotated[int, typer.Option(min=1, help="Random codes to decode.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Where the unfinished training is kept; the same command goes on from it. Default: "
            "runs/arch2vec-DATA-ENCODER-EPOCHS-SEED, with -whole behind it for the whole space."
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="The result file (.json); the table (.md), the report (.html) and the maps (-accuracy and -operation, "
            ".svg and .png) go beside it."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """What arch2vec rebuilds of architectures it has not seen, what random codes decode to, and maps of its codes."""
    from archflow.data.benchmarks import find
    from archflow.encoders import ENCODERS
    from archflow.errors import ArchflowError
    from archflow.graph.table import read_table
    from archflow.progress import progress_bar
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.results.arch2vec_report import arch2vec_table, write_results
    from archflow_reproduce.studies.arch2vec import PUBLISHED_EPOCHS, Protocol, run_arch2vec

    ENCODERS.get(encoder)
    benchmark, path = find(data)
    if benchmark is None:
        raise ArchflowError(f"{data}: no named benchmark, so its search space is unknown; see `archflow data list`")
    protocol = Protocol(
        benchmark.name,
        benchmark,
        encoder,
        metric or benchmark.metric,
        epochs or PUBLISHED_EPOCHS.get(benchmark.name, 10),
        samples,
        seed,
        whole_space=whole,
    )
    own = f"arch2vec-{benchmark.name}-{encoder}-{protocol.epochs}-{seed}{'-whole' if whole else ''}"
    checkpoint = (folder or Path("runs") / own) / "pretraining.safetensors"
    done = 0
    with progress_bar("pre-training", protocol.epochs) as bar:

        def on_epoch(epoch: int, losses: dict[str, float]) -> None:
            nonlocal done
            bar.advance(epoch - done, f"loss {sum(losses.values()):.4f}")
            done = epoch

        result, latent = run_arch2vec(protocol, read_table(path), checkpoint, on_epoch)
    if out is not None:
        write_results(out, result, latent)
    if as_json:
        print_json(result)
        return
    typer.echo(markdown_table(*arch2vec_table(result)))
