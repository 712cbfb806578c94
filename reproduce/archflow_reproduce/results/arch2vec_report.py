"""The result of arch2vec for readers: a table, and maps of the latent space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.files import write_atomically
from archflow.graph import ArchitectureSet
from archflow.report import charts, html
from archflow.report.class_scatter import CLASSES, class_scatter
from archflow.report.map_image import SERIES, write_map
from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow.report.ranking import FOOTER
from archflow.report.svg import colour_at, standalone
from archflow_reproduce.studies.arch2vec import LatentMap

ENDS = ("input", "output")
UNKNOWN = "#c9d0d9"
"""Where the images have no colour to give; the charts have the same on a light page."""
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


def latent_maps(result: Mapping[str, Any], latent: LatentMap, width: float = 760) -> dict[str, str]:
    """Two SVGs of the same dots by name: `accuracy`, coloured by what was measured, and `operation`, by the most
    frequent operation."""
    x, y = latent.places.T
    labels = _axis_labels(latent)
    kind, names = frequent_operations(latent.architectures)
    sizes = {"x_label": labels[0], "y_label": labels[1], "width": width, "height": 0.66 * width}
    return {
        "accuracy": charts.scatter(x, y, colour=latent.metric, colour_label=result["metric"], **sizes),
        "operation": class_scatter(x, y, kind, names, others=OTHERS, **sizes),
    }


def frequent_operations(architectures: ArchitectureSet) -> tuple[NDArray[np.int64], list[str]]:
    """(N,) the operation that stands in every architecture most often, input and output aside, as a position in the
    names, the second value; -1 where several lead, or one that leads in fewer architectures than `CLASSES` others."""
    inner = np.array([i for i, op in enumerate(architectures.vocabulary.ops) if op not in ENDS], np.int64)
    counts = architectures.op_counts[:, inner]
    most = counts.max(axis=1, initial=0)
    leads = (counts == most[:, None]) & (most > 0)[:, None]
    leader = np.where(leads.sum(axis=1) == 1, leads @ np.arange(len(inner)), -1)
    wins = np.bincount(leader[leader >= 0], minlength=len(inner))
    kept = np.sort(np.argsort(-wins, kind="stable")[:CLASSES])
    position = np.full(len(inner) + 1, -1)  # the last entry is that of -1
    position[kept] = np.arange(len(kept))
    return position[leader], [architectures.vocabulary.ops[inner[i]] for i in kept]


def map_images(path: Path, result: Mapping[str, Any], latent: LatentMap) -> None:
    """The maps of `latent_maps` with all their dots as PNG files, `path` with -accuracy and -operation in its name.

    Better architectures lie on top in the first; in the second the order is that of the table."""
    (x, y), (x_label, y_label) = latent.places.T, _axis_labels(latent)
    known = np.isfinite(latent.metric)
    fraction = np.where(known, charts.rank_fraction(latent.metric), -1.0)
    order = np.argsort(fraction, kind="stable")
    shades = [colour_at(level / (charts.COLOUR_LEVELS - 1)) for level in range(charts.COLOUR_LEVELS)]
    level = np.round(fraction[order] * (charts.COLOUR_LEVELS - 1)).astype(int).tolist()
    quarters = [] if not known.any() else np.quantile(latent.metric[known], [0, 0.25, 0.5, 0.75, 1]).tolist()
    keys: list[tuple[str, str | None]] = [(f"quartiles of {result['metric']}", None)] if quarters else []
    keys += [(f"{value:.4g}", colour_at(i / 4)) for i, value in enumerate(quarters)]
    accuracy = [shades[i] if i >= 0 else UNKNOWN for i in level]
    write_map(beside(path, "accuracy.png"), x[order], y[order], accuracy, keys, x_label=x_label, y_label=y_label)
    kind, names = frequent_operations(latent.architectures)
    keys = [*zip(names, SERIES, strict=False), (OTHERS, UNKNOWN)]
    colours = [SERIES[i] if i >= 0 else UNKNOWN for i in kind.tolist()]
    write_map(beside(path, "operation.png"), x, y, colours, keys, x_label=x_label, y_label=y_label)


def write_beside(path: Path, result: Mapping[str, Any], latent: LatentMap) -> None:
    """Beside the result file `path`: the table (.md), the report (.html), and the maps (.svg, .png)."""
    with write_atomically(path.with_suffix(".md")) as temporary:
        temporary.write_text(markdown_table(*arch2vec_table(result)) + "\n", encoding="utf-8")
    arch2vec_report(path.with_suffix(".html"), result, latent)
    for name, svg in latent_maps(result, latent).items():
        with write_atomically(beside(path, f"{name}.svg")) as temporary:
            temporary.write_text(standalone(svg), encoding="utf-8")
    map_images(path, result, latent)


def beside(path: Path, ending: str) -> Path:
    """Where the file of this ending goes, of the result at `path`."""
    return path.with_name(f"{path.stem}-{ending}")


def _axis_labels(latent: LatentMap) -> list[str]:
    return [f"principal component {i + 1} ({100 * share:.0f} % of variance)" for i, share in enumerate(latent.shares)]


def arch2vec_report(path: str | Path, result: Mapping[str, Any], latent: LatentMap) -> None:
    """Write one self-contained HTML file about a result of `run_arch2vec`, whole or not at all."""
    values = {**result["reconstruction"], **result["samples"]}
    row = [html.Cell(rounded(values[key])) for key in MEASURES]
    maps = latent_maps(result, latent)
    samples, machine = result["samples"], result["machine"]
    told = (
        f"From {result['train']:,} architectures of {result['data']}, without a label, {result['encoder']} learnt to "
        f"rebuild operations and edges from noisy codes of the nodes. Here is how well it rebuilds "
        f"{result['held_out']:,} others, and what {samples['count']:,} random codes decode to."
    )
    curves = [
        charts.Line(name, np.arange(1, len(result["losses"][key]) + 1), result["losses"][key], i)
        for i, (key, name) in enumerate(LOSSES.items())
    ]
    content = html.page(
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
            html.figure(
                maps["accuracy"],
                f"Every dot is an architecture. Colour is the rank of its {result['metric']}, brighter is better; no "
                "label was used to make the map.",
            ),
        ),
        html.section(
            "The latent space, by operation",
            html.figure(maps["operation"], "The same dots by the operation that stands most often in them."),
        ),
        html.section(
            "Loss by epoch",
            html.figure(charts.lines(curves, x_label="epoch", y_label="loss", height=300, width=760), ""),
        ),
        footer=FOOTER,
    )
    with write_atomically(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
