"""The report of one ranking: what was done, how good it is, and what the best architectures look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.bench import charts, html
from archflow.bench.graph_drawing import draw_architecture, operation_hues
from archflow.bench.measures import measure, method_name, rounded
from archflow.bench.projection import principal_components
from archflow.files import write_atomically

Row = Mapping[str, Any]
FOOTER = "Written by archflow. This page is one file: it loads nothing and runs no script."


def ranking_report(
    path: str | Path,
    *,
    title: str,
    summary: Sequence[tuple[str, object]],
    comparison: Sequence[Row] | None = None,
    predicted: ArrayLike | None = None,
    measured: ArrayLike | None = None,
    labelled: ArrayLike | None = None,
    precision_curves: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    loss_curves: Mapping[str, Sequence[float]] | None = None,
    embeddings: ArrayLike | None = None,
    top: Sequence[Row] | None = None,
    metric: str = "measured score",
) -> None:
    """Write one self-contained HTML file, whole or not at all. A part that is None is left out of the page.

    - `summary`: facts to show as they are, say ("pre-training", "200 epochs").
    - `comparison`: one row a method, with `method` and the measures of `archflow.bench.measures` (`kendall_tau`,
      `p_at_1`, ...; higher is better, lower for regrets); a key `X_std` is shown beside `X`. The last row is the
      method whose predictions the page shows; a row named "supervised" is what it is compared with.
    - `predicted`, `measured` `(N,)`, higher is better; NaN where not measured. `labelled` `(N,)`: the boolean mask of
      the architectures whose measurements the predictor was fitted on.
    - `precision_curves`: method -> (k `(n,)`, precision `(n,)`); a curve named "chance" is drawn dashed.
    - `loss_curves`: name -> loss per epoch; names that agree up to a colon ("pre-training: flow") share a chart.
    - `embeddings` `(N, d)`, shown as a map of their first two principal components.
    - `top`: rows with `ops` and `edges`, and where known `rank`, `predicted`, `measured`, `native`.
    - `metric`: the name of what was measured, with its unit.

    Raises ArchflowError if the file cannot be written or a drawn architecture is not a valid graph.
    """
    names = [str(row["method"]) for row in comparison or []]
    names += [name for name in precision_curves or {} if name not in names]
    colours = {name: i for i, name in enumerate(n for n in names if n != "chance")}
    scores = None if predicted is None else np.asarray(predicted, dtype=np.float64).ravel()
    truth = None if measured is None else np.asarray(measured, dtype=np.float64).ravel()
    mask = None if labelled is None else np.asarray(labelled, dtype=bool).ravel()
    content = html.page(
        title,
        html.paragraph(_plain_words(comparison, scores, truth, mask, metric), "lead"),
        html.facts(summary),
        _comparison(comparison, colours),
        _quality(scores, truth, mask, precision_curves, colours, top, metric),
        _embedding_map(embeddings, truth, mask, metric),
        _top(top, truth, metric),
        _losses(loss_curves),
        footer=FOOTER,
    )
    with write_atomically(path) as temporary:
        temporary.write_text(content, encoding="utf-8")


def _plain_words(
    comparison: Sequence[Row] | None,
    predicted: NDArray[np.float64] | None,
    measured: NDArray[np.float64] | None,
    labelled: NDArray[np.bool_] | None,
    metric: str,
) -> str:
    """The summary that a newcomer reads first."""
    sentences = []
    count = next((len(a) for a in (predicted, measured, labelled) if a is not None), 0)
    if labelled is not None and count:
        known = int(labelled.sum())
        share = f"{100 * known / count:.2g} %" if known < count else "all"
        sentences.append(
            f"A predictor was fitted on the {metric} of {known:,} architectures ({share} of {count:,}) "
            "and then ranked every one of them."
        )
    elif count:
        sentences.append(f"A predictor ranked {count:,} architectures by their expected {metric}.")
    rows = [row for row in comparison or [] if np.isfinite(number_in(row, "kendall_tau"))]
    if rows:
        shown, tau = rows[-1], number_in(rows[-1], "kendall_tau")
        sentence = (
            f"Its order agrees with the measured one to a Kendall tau of {tau:.3f} (1 is the same order, 0 is chance)"
        )
        plain = [row for row in rows[:-1] if str(row["method"]).startswith("supervised")]
        if plain:
            base = number_in(plain[0], "kendall_tau")
            word = "better than" if tau > base else "worse than" if tau < base else "equal to"
            sentence += f", {word} the {base:.3f} of the same predictor trained on the labels alone"
        sentences.append(sentence + ".")
        hit = number_in(shown, "p_at_5")
        if np.isfinite(hit):
            sentences.append(f"Of the 5 % that it puts first, {100 * hit:.0f} % are truly among the best 5 %.")
    return " ".join(sentences)


def number_in(row: Row, key: str) -> float:
    """The number under `key`, NaN where there is none."""
    value = row.get(key)
    return float("nan") if value is None else float(value)


def _comparison(comparison: Sequence[Row] | None, colours: Mapping[str, int]) -> str:
    if not comparison:
        return ""
    keys = list(dict.fromkeys(k for row in comparison for k in row if k != "method" and not k.endswith("_std")))
    measures = {key: measure(key) for key in keys}
    best: dict[str, float] = {}
    for key, known in measures.items():
        values = [v for v in (number_in(row, key) for row in comparison) if np.isfinite(v)]
        if known and len(values) > 1:
            best[key] = max(values) if known.higher_is_better else min(values)
    rows = [
        [html.Cell(method_name(row["method"]))]
        + [html.Cell(rounded(row.get(k), row.get(f"{k}_std")), number_in(row, k) == best.get(k)) for k in keys]
        for row in comparison
    ]
    heads = ["method", *(known.name if known else key.replace("_", " ") for key, known in measures.items())]
    explained = " ".join(f"{known.name}: {known.meaning}." for known in measures.values() if known)
    shares = {key: known.name for key, known in measures.items() if known and known.is_share}
    drawn = [
        charts.Bars(
            method_name(row["method"]),
            [number_in(row, k) for k in shares],
            [number_in(row, f"{k}_std") for k in shares],
            colours[str(row["method"])],
        )
        for row in comparison
    ]
    chart = charts.bars(list(shares.values()), drawn, y_label="agreement with the measured order", width=640)
    return html.section(
        "How good is the ranking?",
        html.table(heads, rows),
        html.figure(chart, explained) if shares else html.paragraph(explained, "muted"),
    )


def _quality(
    predicted: NDArray[np.float64] | None,
    measured: NDArray[np.float64] | None,
    labelled: NDArray[np.bool_] | None,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]] | None,
    colours: Mapping[str, int],
    top: Sequence[Row] | None,
    metric: str,
) -> str:
    figures = []
    if predicted is not None and measured is not None:
        marked = {} if labelled is None else {"measurements the predictor was fitted on": labelled}
        noted = [
            (row["predicted"], row["measured"], f"rank {row.get('rank', i + 1)}: {metric} {row['measured']:.5g}")
            for i, row in enumerate(top or [])
            if row.get("predicted") is not None and row.get("measured") is not None
        ]
        chart = charts.scatter(
            predicted, measured, x_label="predicted score", y_label=metric, marked=marked, noted=noted,
            noted_name="the top architectures below",
        )  # fmt: skip
        figures.append(
            html.figure(
                chart,
                "Every dot is an architecture. A perfect ranking rises from left to right without ever falling; the "
                "predicted score has no unit, only its order counts.",
            )
        )
    if curves:
        drawn = [
            charts.Line(method_name(name), k, precision, colours.get(name, 5), dashed=name == "chance")
            for name, (k, precision) in curves.items()
        ]
        chart = charts.lines(drawn, x_label="k", y_label="precision@k", log_x=True, include_y=(0.0, 1.0), height=400)
        figures.append(
            html.figure(
                chart,
                "Precision@k: the share of the k architectures predicted best that are truly among the k best. "
                "The left end is what matters to someone who will train only a few.",
            )
        )
    return html.section("Predicted against measured", html.group("columns", figures))


def _embedding_map(
    embeddings: ArrayLike | None, measured: NDArray[np.float64] | None, labelled: NDArray[np.bool_] | None, metric: str
) -> str:
    if embeddings is None or not len(np.asarray(embeddings)):
        return ""
    coordinates, shares = principal_components(embeddings)
    labels = [f"principal component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)]
    coloured = measured is not None and bool(np.isfinite(measured).any())
    chart = charts.scatter(
        coordinates[:, 0], coordinates[:, 1], x_label=labels[0], y_label=labels[1], width=760, height=470,
        colour=measured if coloured else None, colour_label="measured",
    )  # fmt: skip
    reading = f" Colour is the rank of the {metric}, brighter is better, and the best lie on top." if coloured else ""
    return html.section(
        "Map of the embeddings",
        html.figure(chart, "Architectures that the encoder finds alike lie close together." + reading),
    )


def _top(top: Sequence[Row] | None, measured: NDArray[np.float64] | None, metric: str) -> str:
    if not top:
        return ""
    hues = operation_hues([op for row in top for op in row["ops"]])
    known = np.empty(0) if measured is None else measured[np.isfinite(measured)]
    cards = []
    for i, row in enumerate(top):
        lines = [("predicted", rounded(row.get("predicted")))] if row.get("predicted") is not None else []
        if row.get("measured") is not None and np.isfinite(row["measured"]):
            place = f" (place {1 + int((known > row['measured']).sum()):,} of {len(known):,})" if len(known) else ""
            lines.append((metric, f"{row['measured']:.5g}{place}"))
        numbers = "".join(html.paragraph(f"{name} {value}", "muted tight") for name, value in lines)
        native = html.element("code", html.escape(row["native"])) if row.get("native") else ""
        heading = html.element("h3", html.escape(f"#{row.get('rank', i + 1)}"))
        drawing = draw_architecture(row["ops"], row["edges"], hues=hues)
        cards.append(html.element("article", heading + numbers + drawing + native, class_="card"))
    return html.section(
        "The architectures predicted best",
        html.paragraph("Data flows from top to bottom. Faint, dashed operations pass nothing on.", "muted"),
        html.group("cards", cards),
    )


def _losses(curves: Mapping[str, Sequence[float]] | None) -> str:
    grouped: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
    for name, losses in (curves or {}).items():
        stage, _, part = name.partition(":")
        grouped.setdefault(stage, []).append((part.strip() or stage, np.asarray(losses, dtype=np.float64).ravel()))
    figures = []
    for stage, parts in grouped.items():
        every = np.concatenate([losses for _, losses in parts])
        every = every[np.isfinite(every)]
        log = len(every) > 0 and bool(every.min() > 0 and every.max() > 30 * every.min())
        drawn = [charts.Line(part, np.arange(1, len(v) + 1), v, i) for i, (part, v) in enumerate(parts)]
        chart = charts.lines(drawn, x_label="epoch", y_label="loss", log_y=log, height=280)
        figures.append(html.figure(chart, stage))
    return html.section("Loss by epoch", html.group("columns", figures))
