"""`archflow bench`: the protocols of the papers, and speed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from archflow.cli.output import (
    DataOption,
    Json,
    MetricOption,
    ProcessesOption,
    ProxyOption,
    RunsOption,
    ValidationOption,
    ViewOption,
    names,
    print_json,
)
from archflow_reproduce.cli.arch2vec import arch2vec
from archflow_reproduce.cli.encoders import encoders
from archflow_reproduce.cli.pretext import pretext
from archflow_reproduce.cli.recipe import recipe
from archflow_reproduce.cli.shipped import shipped

app = typer.Typer(help="Measure: the papers' protocols, and speed.", no_args_is_help=True)
app.command()(encoders)
app.command()(pretext)
app.command()(arch2vec)
app.command()(recipe)
app.command()(shipped)


@app.command()
def fgp(
    data: DataOption,
    metric: MetricOption = None,
    proxy: ProxyOption = None,
    labels: Annotated[float, typer.Option(help="Labels to learn from: a share of the train part, or a count.")] = 0.01,
    runs: RunsOption = 9,
    methods: Annotated[
        str, typer.Option(help="Which to compare, with commas; also pre-trained encoders by name or file.")
    ] = "supervised,proxy,flow,fgp",
    encoder: Annotated[str, typer.Option(help="The encoder's name.")] = "gated_gcn",
    width: Annotated[Optional[int], typer.Option(help="Of the encoder; default: the paper's for the data.")] = None,  # noqa: UP045
    train: Annotated[Optional[int], typer.Option(help="Architectures in the train part; default: the paper's.")] = None,  # noqa: UP045
    test: Annotated[Optional[int], typer.Option(help="Architectures in the test part.")] = None,  # noqa: UP045
    split: Annotated[
        str,
        typer.Option(
            help="random; class: isomorphic architectures stay on one side; size: learn from the smaller, labels or "
            "not, judge by the larger, in parameters; size:NAME: in another column or proxy; all: judge by all."
        ),
    ] = "random",
    validation: ValidationOption = 40,
    view: ViewOption = None,
    pretrain_epochs: Annotated[int, typer.Option(min=1)] = 200,
    epochs: Annotated[Optional[int], typer.Option(min=1, help="Of fine-tuning; default: the paper's.")] = None,  # noqa: UP045
    processes: ProcessesOption = 0,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="Where unfinished work is kept; the same command goes on from it. Default: runs/fgp-DATA-ENCODER."
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="The result file (.json); the table (.md), the plots (.html) and the rows of each split (the folder "
            ".splits) go beside it."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """FGP's protocol: supervised only, proxy ranking only, flow only and FGP, from the same few labels."""
    import os

    from archflow.data.benchmarks import find
    from archflow.files import write_atomically, write_json
    from archflow.graph.table import read_table
    from archflow_reproduce.protocol.published import published_figures
    from archflow_reproduce.protocol.published_protocol import published_protocol
    from archflow_reproduce.protocol.run import run_protocol
    from archflow_reproduce.results.protocol_report import protocol_report, protocol_table

    benchmark, path = find(data)
    protocol = published_protocol(
        benchmark,
        encoder,
        metric=metric,
        proxies=names(proxy),
        width=width,
        train=train,
        test=test,
        epochs=epochs,
        pretrain_epochs=pretrain_epochs,
        methods=names(methods),
        labels=labels,
        runs=runs,
        split_by=split,
        validation=validation,
        view=view,
    )
    name = benchmark.name if benchmark else path.stem
    folder = folder or Path("runs") / f"fgp-{name}-{encoder}"
    splits = out.with_suffix(".splits") if out else None
    result = run_protocol(protocol, name, read_table(path), folder, processes or os.cpu_count() or 1, splits)
    result["published"] = published_figures(result)
    if out is not None:
        write_json(out, result)
        with write_atomically(out.with_suffix(".md")) as temporary:
            temporary.write_text(protocol_table(result) + "\n")
        protocol_report(out.with_suffix(".html"), result)
    if as_json:
        print_json(result)
        return
    typer.echo(protocol_table(result))
    parts = result["splits"]
    twins = ", ".join(map(str, parts["test_isomorphic_to_labelled"]))
    typer.echo(f"\nof {parts['test'][0]:,} test architectures, isomorphic to a labelled one (by permutation): {twins}")
    if split == "random" and any(parts["test_isomorphic_to_labelled"]):
        typer.echo("--split class keeps isomorphic architectures on one side")
    if abs(parts["order_against_metric_tau"]) > 0.1:
        typer.echo(
            f"careful: the table is sorted by {result['metric']} to some degree, and the paper's first permutation is "
            "the table's own order; shuffle its rows"
        )


@app.command()
def speed(
    device: Annotated[str, typer.Option(help="cpu; or cuda, where only encoders are measured.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0 for torch's default.")] = 0,
    out: Annotated[Optional[Path], typer.Option(help="The result file (.json).")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Time encoders in use and in training, beside the machine's matrix-product rate; surrogate, pre-training, data."""
    import torch

    from archflow.files import write_json
    from archflow.progress import progress_bar
    from archflow_reproduce.results.speed_report import speed_tables
    from archflow_reproduce.speed.machine import device_named
    from archflow_reproduce.speed.pipeline import run_speed, speed_steps

    if threads:
        torch.set_num_threads(threads)
    place = device_named(device)
    with progress_bar("measuring", speed_steps(place)) as bar:
        result = run_speed(place, lambda name: bar.advance(1, name))
    if out is not None:
        write_json(out, result)
    if as_json:
        print_json(result)
        return
    typer.echo("\n\n".join(speed_tables(result)))


@app.command()
def proxies(
    count: Annotated[int, typer.Option(min=3, help="Of the 1,104 reference cells.")] = 240,
    images: Annotated[str, typer.Option(help="digits, or noise.")] = "digits",
    speed_cells: Annotated[int, typer.Option(min=1, help="Cells to time every proxy on.")] = 6,
    processes: Annotated[int, typer.Option(min=0, help="Networks at once; 0 for one a core.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where unfinished work is kept.")] = Path("runs/proxies"),
    out: Annotated[Optional[Path], typer.Option(help="The result file (.json).")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Zero-cost proxies against published values on NAS-Bench-201, and their speed.

    After an interruption the same command goes on.
    """
    import os

    from archflow.files import write_json
    from archflow.progress import progress_bar
    from archflow_reproduce.results.zero_cost_report import zero_cost_tables
    from archflow_reproduce.studies.zero_cost import run_zero_cost

    with progress_bar(f"proxies on {images}", count) as progress:
        result = run_zero_cost(count, images, folder, processes or os.cpu_count() or 1, speed_cells, progress)
    if out is not None:
        write_json(out, result)
    if as_json:
        print_json(result)
        return
    typer.echo("\n\n".join(zero_cost_tables(result)))


@app.command()
def page(
    results: Annotated[Path, typer.Option(help="The folder of result files.")] = Path("results"),
    out: Annotated[Path, typer.Option(help="The page to write (.md).")] = Path("docs/results.md"),
    readme: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A file whose short table, between its two markers, is renewed too."),
    ] = None,
) -> None:
    """Write the page of results from the result files that the other commands of `bench` made."""
    from archflow.files import write_atomically
    from archflow_reproduce.results.page import results_page, results_summary, with_summary

    pages = {out: results_page(results, out)}
    if readme is not None:
        pages[readme] = with_summary(readme, results_summary(results))
    for path, text in pages.items():
        with write_atomically(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        typer.echo(str(path))
