"""`archflow data`: which data sets there are, and what one holds."""

from __future__ import annotations

from typing import Annotated

import typer

from archflow.cli.output import Json, print_json, print_table

app = typer.Typer(help="Data sets: list them, look into one.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The named data sets, and where they lie on this machine."""
    from archflow.data.benchmarks import BENCHMARKS, FOLDER_VARIABLE

    rows = [
        {"name": b.name, "about": b.about, "metric": b.metric, "path": str(b.path) if b.path else None}
        for b in BENCHMARKS.values()
    ]
    if as_json:
        print_json(rows)
        return
    there = [("embedded" if BENCHMARKS[r["name"]].embedded else r["path"] or "not here") for r in rows]
    print_table(
        ("name", "where", "metric", "what"),
        [(r["name"], where, r["metric"], r["about"]) for r, where in zip(rows, there, strict=True)],
    )
    if "not here" in there:
        typer.echo(f"\nSet {FOLDER_VARIABLE} to the folder that holds NAME.parquet for those that are not here.")


@app.command()
def info(
    data: Annotated[str, typer.Argument(help="A data set's name or a table file.")], as_json: Json = False
) -> None:
    """Rows, operations and metrics of a data set."""
    import numpy as np

    from archflow.data.benchmarks import find
    from archflow.graph.table import read_table

    benchmark, path = find(data)
    table = read_table(path)
    architectures = table.architectures
    metrics = []
    for name, values in table.metrics.items():
        present = values[np.isfinite(values)]
        low, middle, high = np.quantile(present, [0, 0.5, 1]).tolist() if len(present) else (None, None, None)
        metrics.append({"name": name, "measured": len(present), "min": low, "median": middle, "max": high})
    about = {
        "data": data,
        "about": benchmark.about if benchmark else None,
        "architectures": len(table),
        "distinct_graphs": len(np.unique(architectures.hashes)),
        "nodes": [int(architectures.node_counts.min()), int(architectures.node_counts.max())],
        "operations": list(architectures.vocabulary.ops),
        "metrics": metrics,
    }
    if as_json:
        print_json(about)
        return
    if benchmark:
        typer.echo(f"{benchmark.name}: {benchmark.about}")
    typer.echo(
        f"{about['architectures']:,} architectures, {about['distinct_graphs']:,} distinct graphs, "
        f"{about['nodes'][0]} to {about['nodes'][1]} nodes"
    )
    typer.echo(f"operations: {', '.join(about['operations'])}\n")
    shown = [
        [m["name"], m["measured"], *("" if m[k] is None else f"{m[k]:.6g}" for k in ("min", "median", "max"))]
        for m in metrics
    ]
    print_table(("metric", "measured", "min", "median", "max"), shown)
