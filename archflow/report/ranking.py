"""The report of one ranking: what was done, how good it is, and what the best architectures look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.files import write_atomically
from archflow.report import charts, html
from archflow.report.graph_drawing import draw_architecture, layout, operation_hues
from archflow.report.measures import measure, method_name, rounded
from archflow.report.projection import principal_components

Row = Mapping[str, Any]
FOOTER = "Written by archflow. This page is one file: it loads nothing and runs no script."
WIDE_DRAWING = 480  # pixels; what is wider gets a row of its own, or its labels would shrink beyond reading


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
    - `comparison`: one row a method, with `method` and the measures of `archflow.report.measures` (`tau` or
      `kendall_tau`, `p_at_1`, ...; higher is better, lower for regrets); a key `X_std` is shown beside `X`. The last
      row is the method whose predictions the page shows; a row named "supervised" is what it is compared with.
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
        _precision(precision_curves, colours),
        _scatters(scores, truth, mask, top, metric),
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
        share = f" ({100 * known / count:.2g} %)" if known < count else ""
        sentences.append(
            f"A predictor saw the {metric} of {known:,} of {count:,} architectures{share} and then ranked them all."
        )
    elif count:
        sentences.append(f"A predictor ranked {count:,} architectures by their expected {metric}.")
    rows = [row for row in comparison or [] if np.isfinite(_tau(row))]
    if rows:
        shown, tau = rows[-1], _tau(rows[-1])
        sentence = (
            f"Its order agrees with the measured one to a Kendall tau of {tau:.3f} (1 is the same order, 0 is chance)"
        )
        plain = [row for row in rows[:-1] if str(row["method"]).startswith("supervised")]
        if plain:
            base = _tau(plain[0])
            word = "better than" if tau > base else "worse than" if tau < base else "equal to"
            sentence += f", {word} the {base:.3f} of networks trained on the labels alone"
        sentences.append(sentence + ".")
        hit = number_in(shown, "p_at_5")
        if np.isfinite(hit):
            sentences.append(f"Of the 5 % that it puts first, {100 * hit:.0f} % are truly among the best 5 %.")
    return " ".join(sentences)


def number_in(row: Row, key: str) -> float:
    """The number under `key`, NaN where there is none."""
    value = row.get(key)
    return float("nan") if value is None else float(value)


def _tau(row: Row) -> float:
    return number_in(row, "kendall_tau" if "kendall_tau" in row else "tau")


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
    explained = html.terms([(known.name, known.meaning) for known in measures.values() if known])
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
    chart = charts.bars(list(shares.values()), drawn, y_label="agreement, 1 is perfect")
    figures = [
        html.figure(chart, "") if shares else "",
        explained,
    ]
    return html.section("How good is the ranking?", html.table(heads, rows), html.group("columns", figures))


def _scatters(
    predicted: NDArray[np.float64] | None,
    measured: NDArray[np.float64] | None,
    labelled: NDArray[np.bool_] | None,
    top: Sequence[Row] | None,
    metric: str,
) -> str:
    if predicted is None or measured is None:
        return ""
    marked = {} if labelled is None else {"measurements the predictor was fitted on": labelled}
    noted = [
        (row["predicted"], row["measured"], f"rank {row.get('rank', i + 1)}: {metric} {row['measured']:.5g}")
        for i, row in enumerate(top or [])
        if row.get("predicted") is not None and row.get("measured") is not None
    ]
    values = charts.scatter(
        predicted, measured, x_label="predicted score", y_label=metric, marked=marked, noted=noted,
        noted_name="the top architectures below",
    )  # fmt: skip
    both = np.isfinite(predicted) & np.isfinite(measured)
    x, y = predicted[both], measured[both]
    places = charts.scatter(
        places_among(x, x), places_among(y, y), log=True, marked={name: mask[both] for name, mask in marked.items()},
        x_label="place in the predicted order", y_label="place in the measured order",
        noted=[(float(places_among(a, x)), float(places_among(b, y)), text) for a, b, text in noted],
        noted_name="the top architectures below",
        guides=[charts.Line("a perfect ranking", [1, len(x)], [1, len(x)], 5, dashed=True)],
    )  # fmt: skip
    figures = [
        html.figure(
            values,
            "Every dot is an architecture. A perfect ranking rises from left to right without ever falling; the "
            "predicted score has no unit, only its order counts.",
        ),
        html.figure(
            places,
            "The same as places, the best at the lower left: how good are those that are predicted best?",
        ),
    ]
    return html.section("Predicted against measured", html.group("columns", figures))


def places_among(values: ArrayLike, known: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place of each value, any shape, in the order of the known ones `(n,)`: 1 for the highest, ties share the best."""
    return 1 + len(known) - np.searchsorted(np.sort(known), values, side="right")


def _precision(curves: Mapping[str, tuple[ArrayLike, ArrayLike]] | None, colours: Mapping[str, int]) -> str:
    if not curves:
        return ""
    drawn = [
        charts.Line(method_name(name), k, precision, colours.get(name, 5), dashed=name == "chance")
        for name, (k, precision) in curves.items()
    ]
    chart = charts.lines(drawn, x_label="k", y_label="precision@k", log_x=True, include_y=(0.0, 1.0), width=760)
    told = (
        "Precision@k is the share of the k architectures predicted best that are truly among the k best. "
        "The left end is what matters to someone who will train only a few."
    )
    return html.section("Finding the best: precision@k", html.figure(chart, told))


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
    reading = (
        f" Colour is the rank of the {metric}, brighter is better; the bar gives its quartiles." if coloured else ""
    )
    return html.section(
        "Map of the embeddings",
        html.figure(chart, "Architectures that the encoder finds alike lie close together." + reading),
    )


def _top(top: Sequence[Row] | None, measured: NDArray[np.float64] | None, metric: str) -> str:
    if not top:
        return ""
    hues = operation_hues([op for row in top for op in row["ops"]])
    known = np.empty(0) if measured is None else measured[np.isfinite(measured)]
    widest = max(layout(row["ops"], row["edges"]).width for row in top)
    cards = []
    for i, row in enumerate(top):
        lines = [("predicted", rounded(row.get("predicted")))] if row.get("predicted") is not None else []
        if row.get("measured") is not None and np.isfinite(row["measured"]):
            place = f" (place {places_among(row['measured'], known):,} of {len(known):,})" if len(known) else ""
            lines.append(("measured", f"{row['measured']:.5g}{place}"))
        numbers = "".join(html.paragraph(f"{name} {value}", "muted tight") for name, value in lines)
        native = html.element("code", html.escape(row["native"])) if row.get("native") else ""
        heading = html.element("h3", html.escape(f"#{row.get('rank', i + 1)}"))
        drawing = draw_architecture(row["ops"], row["edges"], hues=hues)
        cards.append(html.element("article", heading + numbers + drawing + native, class_="card"))
    return html.section(
        "The architectures predicted best",
        html.paragraph("Data flows from top to bottom. Faint, dashed operations pass nothing on.", "muted"),
        html.group("cards wide" if widest > WIDE_DRAWING else "cards", cards),
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
        chart = charts.lines(drawn, x_label="epoch", y_label=f"{stage} loss", log_y=log, height=280)
        figures.append(html.figure(chart, ""))
    return html.section("Loss by epoch", html.group("columns", figures))
