"""The result of arch2vec as a table and maps of the latent space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archflow.files import write_atomically
from archflow.graph import ArchitectureSet
from archflow.report import html
from archflow.report.figures import curves
from archflow.report.maps import class_map, value_map
from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow.report.page import Figures, save_figure, write_page
from archflow_reproduce.studies.arch2vec import LatentMap

if TYPE_CHECKING:
    from archflow.report.vega import Chart

ENDS = ("input", "output")
CLASSES = 5
"""More colours are hard to distinguish."""
OTHERS = "none of these alone"
MEASURES = {
    "operation_accuracy": ("operations", "share of held-out nodes whose operation is rebuilt"),
    "adjacency_accuracy": (
        "adjacency",
        "share of pairs of held-out nodes of which it is rightly said whether an edge joins them",
    ),
    "edge_probability": ("p on edges", "mean probability of an edge over the pairs that an edge joins; 1 is perfect"),
    "non_edge_probability": (
        "p on non-edges",
        "mean probability of an edge over the pairs that no edge joins; 0 is perfect",
    ),
    "validity": ("validity", "share of random codes that decode to an architecture of the space"),
    "uniqueness": ("uniqueness", "share of different architectures, isomorphic ones once, among the valid"),
}
LOSSES = {"arch2vec_operations": "operations", "arch2vec_edges": "edges", "arch2vec_kl": "divergence"}


def arch2vec_table(result: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Heads and the one row of a result of `run_arch2vec`."""
    values = {**result["reconstruction"], **result["samples"]}
    heads = ["data", "encoder", "epochs", *(name for name, _ in MEASURES.values())]
    row = [result["data"], f"`{result['encoder']}`", str(result["epochs"])]
    return heads, [row + [rounded(values[key]) for key in MEASURES]]


def latent_maps(result: Mapping[str, Any], latent: LatentMap) -> dict[str, Chart]:
    """Two maps of the same architectures by name.

    `accuracy` is coloured by the measured value, `operation` by the most frequent operation.
    """
    x, y = latent.places.T
    kind, names = frequent_operations(latent.architectures)
    titles = [f"principal component {i + 1} ({100 * share:.0f} % of variance)" for i, share in enumerate(latent.shares)]
    axes = {"x_title": titles[0], "y_title": titles[1]}
    return {
        "accuracy": value_map(x, y, latent.metric, value_title=result["metric"], **axes),
        "operation": class_map(x, y, kind, names, kind_title="operation", others=OTHERS, **axes),
    }


def frequent_operations(architectures: ArchitectureSet) -> tuple[NDArray[np.int64], list[str]]:
    """(N,) the most frequent operation of each architecture, as an index into the returned names.

    Input and output are not counted.

    -1 if several operations are equally frequent, or if the operation is not among the `CLASSES` that are most frequent
    in most architectures.
    """
    inner = np.array([i for i, op in enumerate(architectures.vocabulary.ops) if op not in ENDS], np.int64)
    counts = architectures.op_counts[:, inner]
    most = counts.max(axis=1, initial=0)
    leads = (counts == most[:, None]) & (most > 0)[:, None]
    leader = np.where(leads.sum(axis=1) == 1, leads @ np.arange(len(inner)), -1)
    wins = np.bincount(leader[leader >= 0], minlength=len(inner))
    kept = np.sort(np.argsort(-wins, kind="stable")[:CLASSES])
    position = np.full(len(inner) + 1, -1)  # the last entry stands for -1
    position[kept] = np.arange(len(kept))
    return position[leader], [architectures.vocabulary.ops[inner[i]] for i in kept]


def write_beside(path: Path, result: Mapping[str, Any], latent: LatentMap) -> None:
    """Write the table (.md), the report (.html), and the maps (.svg, .png) next to the result file `path`."""
    with write_atomically(path.with_suffix(".md")) as temporary:
        temporary.write_text(markdown_table(*arch2vec_table(result)) + "\n", encoding="utf-8")
    arch2vec_report(path.with_suffix(".html"), result, latent)
    for name, chart in latent_maps(result, latent).items():
        for ending in ("svg", "png"):
            save_figure(chart, beside(path, f"{name}.{ending}"))


def beside(path: Path, ending: str) -> Path:
    """Path of the file with this ending that belongs to the result at `path`."""
    return path.with_name(f"{path.stem}-{ending}")


def arch2vec_report(path: str | Path, result: Mapping[str, Any], latent: LatentMap) -> None:
    """Write one self-contained HTML file about a result of `run_arch2vec`, completely or not at all."""
    values = {**result["reconstruction"], **result["samples"]}
    row = [html.Cell(rounded(values[key])) for key in MEASURES]
    maps = latent_maps(result, latent)
    samples, machine = result["samples"], result["machine"]
    told = (
        f"From {result['train']:,} architectures of {result['data']}, without a label, {result['encoder']} learnt to "
        f"rebuild operations and edges from noisy codes of the nodes. Here is how well it rebuilds "
        f"{result['held_out']:,} others, and what {samples['count']:,} random codes decode to."
    )
    losses = {name: (np.arange(1, len(result["losses"][k]) + 1), result["losses"][k]) for k, name in LOSSES.items()}
    figures = Figures()
    write_page(
        path,
        f"{result['data']}: arch2vec",
        html.paragraph(told, "lead"),
        html.facts(
            [
                ("valid samples", f"{samples['valid']:,} of {samples['count']:,}"),
                ("different ones", f"{samples['distinct']:,}"),
                ("epochs", result["epochs"]),
                ("processor", machine["processor"]),
            ]
        ),
        html.section(
            "Reconstruction and samples",
            html.table([name for name, _ in MEASURES.values()], [row]),
            html.terms(list(MEASURES.values())),
        ),
        html.section(
            "The latent space, by accuracy",
            figures.show(
                "accuracy",
                maps["accuracy"],
                f"Colour is the rank of an architecture's {result['metric']}, brighter is better; in a dense map, of "
                "the median in a cell. No label was used to make the map.",
            ),
        ),
        html.section(
            "The latent space, by operation",
            figures.show("operation", maps["operation"], "The same map by the operation that is most frequent."),
        ),
        html.section(
            "Loss by epoch",
            figures.show("loss", curves(losses, x_title="epoch", y_title="loss", width=680)),
        ),
        figures=figures,
    )
