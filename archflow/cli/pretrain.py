"""`archflow pretrain`: pre-train an encoder on architectures without labels."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import (
    ComputeOption,
    ForceOption,
    Json,
    PositionsOption,
    ProxyOption,
    ViewOption,
    names,
    note,
    print_json,
)
from archflow.cli.reading import Reading

if TYPE_CHECKING:
    from archflow.data.joined import Unlabelled
    from archflow.encoders.embedder import Embedder
    from archflow.graph.table import Table
    from archflow.pretext.jobs import PretrainingJob
    from archflow.pretext.named import Settings

Tables = Annotated[
    str,
    typer.Option(
        "--data",
        help="A data set's name (`archflow data list`) or a table file. Several, separated by commas, are joined; "
        "the first one's published settings apply.",
    ),
]
KindOption = Annotated[
    str, typer.Option(help="The kind of encoder: gated_gcn, gin, mlp, transformer, or one of yours.")
]
TaskOption = Annotated[
    str, typer.Option(help="The pretext task: fgp, flow, proxy_ranking, gmae ..., or a sum such as 0.5*flow+0.5*gmae.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of the task, TASK.SETTING=VALUE, such as graphcl.temperature=0.1 or cap.hops=[1,2]; may be "
        "repeated.",
    ),
]
WidthOption = Annotated[
    int | None, typer.Option(min=1, help="Width of the encoder's layers; default: the data set's preset.")
]
CardOption = Annotated[
    bool,
    typer.Option(
        "--card",
        help="Write the encoder in the form in which the package ships encoders: with a card (.json) beside it, "
        "and in half precision where that changes almost nothing.",
    ),
]


def pretrain(
    data: Tables,
    out: Annotated[Path, typer.Option(help="The encoder to write (.safetensors).")],
    reading: Reading,
    encoder: KindOption = "gated_gcn",
    task: TaskOption = "fgp",
    settings: SetOption = None,
    view: ViewOption = None,
    positions: PositionsOption = False,
    proxy: ProxyOption = None,
    width: WidthOption = None,
    epochs: Annotated[int, typer.Option(min=1, help="Pre-training epochs.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 21,
    device: ComputeOption = "cpu",
    card: CardOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Pre-train an encoder on one or more tables, without labels.

    The training state is saved beside the encoder after every epoch; if interrupted, re-run the same command to resume.
    Several processes or GPUs share the work if `torchrun` starts the command.
    """
    from archflow.data.catalogue import BENCHMARKS
    from archflow.data.joined import joined
    from archflow.data.several import several_tables
    from archflow.pretext import proxies_for
    from archflow.pretext.settings import parsed
    from archflow.recipes.pretraining import check_out, published_job

    check_out(out, card, names(data), force)
    tables = several_tables("--data", names(data), reading.read)
    benchmark, tasks = BENCHMARKS.get(next(iter(tables))), parsed(settings or [])
    usual = [benchmark.proxy] if benchmark else _default_proxy(tables, task, tasks, names(proxy))
    given = {"tasks": tasks, "width": width, "view": view, "positions": positions, "epochs": epochs, "seed": seed}
    given["device"] = device
    job = published_job(benchmark, encoder, task, out, proxies=names(proxy) or usual, **given)
    _run(job, joined(tables, proxies_for(job.task, job.tasks)), data, card, as_json)


def _default_proxy(tables: dict[str, Table], task: str, tasks: Settings, given: list[str]) -> list[str]:
    """The proxy for a user's own tables if one is needed but not given; print a note if it is not the usual one."""
    from archflow.data.proxies import DEFAULTS, default_proxy
    from archflow.pretext import with_proxies

    usual = [DEFAULTS[0]]
    ranks = any(settings.get("proxies") == usual for settings in with_proxies(task, tasks, usual).values())
    if given or not ranks:
        return []
    name = default_proxy(list(tables.values()))
    if [name] != usual:
        note(f"all architectures have the same {usual[0]}; the proxy is {name} instead")
    return [name]


def _run(job: PretrainingJob, unlabelled: Unlabelled, data: str, card: bool, as_json: bool) -> None:
    """Train the encoder, write it and print what was made; of several processes the first one writes and prints."""
    from archflow.pretext.distributed import leads, torchrun_group

    with torchrun_group(job.device) as device:
        trained = _train(replace(job, device=device), unlabelled).with_history(data=data)
        if leads():
            _write(job, trained, unlabelled, card)
            _print(job, trained, as_json)


def _train(job: PretrainingJob, unlabelled: Unlabelled) -> Embedder:
    """Train the encoder, with a progress bar."""
    from archflow.progress import progress_bar

    text = f"pre-training on {len(unlabelled.architectures):,} architectures"
    with progress_bar(text, job.settings.epochs, kept=job.state) as bar:
        return job.run(
            unlabelled.architectures,
            unlabelled.proxies,
            lambda epoch, losses: bar.reach(epoch, "  ".join(f"{part} {v:.4g}" for part, v in losses.items())),
        )


def _write(job: PretrainingJob, trained: Embedder, unlabelled: Unlabelled, card: bool) -> None:
    """Write the encoder, and its card if one is wanted; remove its training state."""
    from archflow.recipes.shipping import ship

    if card:
        command = shlex.join(["archflow", *sys.argv[1:]])
        ship(job.path, trained, trained.prepare(unlabelled.architectures), command)
    else:
        trained.save(job.path)
    job.state.unlink(missing_ok=True)


def _print(job: PretrainingJob, trained: Embedder, as_json: bool) -> None:
    """Print what was made and its final losses."""
    history = {name: trained.history[name] for name in ("data", "task", "tasks", "proxies", "epochs", "seed")}
    final = {part: values[-1] for part, values in trained.history["losses"].items()}
    if as_json:
        print_json({"encoder": str(job.path), **history, "view": trained.view, "losses": final})
    else:
        losses = ", ".join(f"{part} loss {value:.4g}" for part, value in final.items())
        typer.echo(f"{job.path}: {job.encoder} pre-trained by {job.task}, {losses}")
