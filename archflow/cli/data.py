"""`archflow data`: list data sets, show what one holds, and get it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import Json, print_json, print_table
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.data.catalogue import Benchmark
    from archflow.graph.table import Table

app = typer.Typer(help="List, inspect, get and verify data sets.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A data set's name, as `archflow data list` shows it.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the named data sets and where they are on this machine."""
    from archflow.data.benchmarks import BENCHMARKS, how_to_get, locate

    rows = [
        {
            "name": b.name,
            "about": b.about,
            "metric": b.metric,
            "path": str(path) if (path := locate(b)) else None,
            "get": None if b.embedded else how_to_get(b),
        }
        for b in BENCHMARKS.values()
    ]
    if as_json:
        print_json(rows)
        return
    there = ["embedded" if BENCHMARKS[r["name"]].embedded else r["path"] or r["get"] for r in rows]
    print_table(
        ("name", "where, or how to get it", "metric", "what"),
        [(r["name"], where, r["metric"], r["about"]) for r, where in zip(rows, there, strict=True)],
    )


@app.command()
def info(
    data: Annotated[str, typer.Argument(help="A data set's name or a table file.")], as_json: Json = False
) -> None:
    """Show a data set's size, operations and metrics.

    For a named one also its licence, citation and addresses; for one that is not on this machine, how to get it.
    """
    from archflow.data.benchmarks import BENCHMARKS, find, how_to_get, locate
    from archflow.graph.table import read_table

    benchmark, path = BENCHMARKS.get(data), None
    if benchmark is None or locate(benchmark) is not None:
        benchmark, path = find(data)
    about = {"data": data, **_about_benchmark(benchmark), **(_about_table(benchmark, read_table(path)) if path else {})}
    if as_json:
        print_json(about)
        return
    if benchmark:
        typer.echo(f"{benchmark.name}: {benchmark.about}")
        for key in ("note", "licence", "citation"):
            if about[key]:
                typer.echo(f"{key}: {about[key]}")
        for file in about["files"]:
            typer.echo(f"file: {file['name']}, {file['bytes']:,} bytes, {file['addresses'][0]}")
        if not benchmark.files and not benchmark.embedded:
            typer.echo("file: none to download; bring the table yourself")
        if path is None:
            typer.echo(f"not on this machine: {how_to_get(benchmark)}")
            return
    _print_table(about)


def _print_table(about: dict[str, Any]) -> None:
    typer.echo(
        f"{about['architectures']:,} architectures, {about['distinct_graphs']:,} distinct graphs, "
        f"{about['nodes'][0]} to {about['nodes'][1]} nodes"
    )
    typer.echo(f"operations: {printable(', '.join(about['operations']))}\n")
    shown = [
        [
            m["name"],
            m["measured"],
            *("" if m[k] is None else f"{m[k]:.6g}" for k in ("min", "median", "max")),
            m["unit"],
        ]
        for m in about["metrics"]
    ]
    print_table(("metric", "measured", "min", "median", "max", "unit"), shown)


@app.command()
def get(
    names: Annotated[list[str], typer.Argument(help="Names of data sets.")],
    again: Annotated[bool, typer.Option("--again", help="Rebuild the table from its files even if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Download data sets into the cache.

    What is already there is not downloaded again. Files in the folder ARCHFLOW_DATA are used instead of the network.
    The cache is the folder ARCHFLOW_CACHE; by default, archflow's folder in your user cache.
    """
    from archflow.data.benchmarks import benchmark_of
    from archflow.data.provision import get

    paths = {name: str(get(benchmark_of(name), again)) for name in names}
    if as_json:
        print_json(paths)
        return
    for name, path in paths.items():
        typer.echo(f"{name}: {path}")


@app.command("import")
def import_(
    name: Name,
    files: Annotated[list[Path], typer.Argument(help="The published files, or one table (.parquet, .csv, .jsonl).")],
    as_json: Json = False,
) -> None:
    """Import your own copies of the files instead of downloading them.

    The published files must have the published checksums; a table must have the data set's metric. nasbench101 also
    takes the official .tfrecord.
    """
    from archflow.data.benchmarks import benchmark_of
    from archflow.data.cache import record
    from archflow.data.provision import import_files

    path = import_files(benchmark_of(name), files)
    rows = record(name).rows
    if as_json:
        print_json({"name": name, "path": str(path), "rows": rows})
    else:
        typer.echo(f"{name}: {rows:,} architectures, {path}")


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="A data set's name; default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Check the files on this machine against their checksums.

    The exit code is 2 if one is damaged.
    """
    from archflow.data.benchmarks import BENCHMARKS, benchmark_of
    from archflow.data.verification import verify
    from archflow.errors import ArchflowError

    rows = [
        {
            "name": benchmark.name,
            "path": str(finding.path),
            "checked": finding.checked,
            "fault": finding.fault or None,
        }
        for benchmark in ([benchmark_of(name)] if name else BENCHMARKS.values())
        for finding in verify(benchmark)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        shown = [(r["name"], r["fault"] or f"sound ({r['checked']})", r["path"]) for r in rows]
        print_table(("name", "state", "file"), shown)
    else:
        typer.echo("nothing to verify: no such file is in the cache or in the folder ARCHFLOW_DATA")
    faulty = [row for row in rows if row["fault"]]
    if faulty:
        raise ArchflowError(f"{len(faulty)} of {len(rows)} files are not sound; first {faulty[0]['path']}")


def _about_benchmark(benchmark: Benchmark | None) -> dict[str, Any]:
    if benchmark is None:
        return {"about": None}
    files = [{"name": f.name, "bytes": f.size, "sha256": f.sha256, "addresses": f.addresses} for f in benchmark.files]
    kept = ("about", "metric", "proxy", "space", "licence", "citation", "note", "embedded")
    return {**{key: getattr(benchmark, key) for key in kept}, "files": files}


def _about_table(benchmark: Benchmark | None, table: Table) -> dict[str, Any]:
    import numpy as np

    architectures = table.architectures
    metrics = []
    for name, values in table.metrics.items():
        finite = values[np.isfinite(values)]
        low, middle, high = np.quantile(finite, [0, 0.5, 1]).tolist() if len(finite) else (None, None, None)
        unit = benchmark.unit(name) if benchmark else ""
        metrics.append({"name": name, "measured": len(finite), "min": low, "median": middle, "max": high, "unit": unit})
    return {
        "architectures": len(table),
        "distinct_graphs": len(np.unique(architectures.hashes)),
        "nodes": [int(architectures.node_counts.min()), int(architectures.node_counts.max())],
        "operations": list(architectures.vocabulary.ops),
        "metrics": metrics,
    }
