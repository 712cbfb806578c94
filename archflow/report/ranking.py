"""The report of one ranking: how it was made, how good it is, and what the best architectures look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from archflow.report import html
from archflow.report.figures import Bars, bars, curves
from archflow.report.graph_drawing import Drawables, draw_architecture, layout, operation_hues
from archflow.report.maps import MAX_POINTS
from archflow.report.measures import measure, method_name, rounded
from archflow.report.page import Figures, write_page
from archflow.report.projection import principal_components
from archflow.report.ranked import Ranked, map_figure, place_figure, places_among, ranked_rows, score_figure

Row = Mapping[str, Any]
CARDS = 12
WIDE_DRAWING = 480  # pixels; wider drawings get their own row, since their labels would become too small to read


def ranking_report(
    path: str | Path,
    *,
    title: str,
    summary: Sequence[tuple[str, object]],
    predicted: ArrayLike,
    measured: ArrayLike | None = None,
    fitted: ArrayLike | None = None,
    comparison: Sequence[Row] | None = None,
    precision_curves: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    loss_curves: Mapping[str, Sequence[float]] | None = None,
    embeddings: ArrayLike | None = None,
    architectures: Drawables | None = None,
    native: Sequence[str] | None = None,
    metric: str = "measured score",
    figures_folder: str | Path | None = None,
) -> None:
    """Write one self-contained HTML file, completely or not at all. A part that is None is left out of the page.

    Args:
        path: The file.
        title: Its heading.
        summary: Facts to show, for example ("pre-training", "200 epochs").
        predicted: `(N,)`, higher is better.
        measured: `(N,)`, higher is better; NaN where not measured.
        fitted: `(N,)` mask of the architectures whose measurements the predictor was fitted on.
        comparison: One row per method, with `method` and the measures of `archflow.report.measures` (`tau` or
            `kendall_tau`, `p_at_1`, ...; higher is better, lower for regrets); a key `X_std` is shown beside `X`. The
            last row is the method whose predictions the page shows; a row named "supervised" is the baseline.
        precision_curves: Method -> (k `(n,)`, precision `(n,)`); a curve named "chance" is drawn dashed.
        loss_curves: Name -> loss per epoch; names with the same prefix before a colon ("pre-training: flow") share a
            figure.
        embeddings: `(N, d)`, shown as a map of their first two principal components.
        architectures: `(N,)` graphs; the best that the predictor was not fitted on are drawn, and tooltips show those
            of points.
        native: `(N,)` native strings of the search space.
        metric: The name of the measured metric, with its unit.
        figures_folder: Where every figure is also written as PNG, SVG and PDF.

    Raises:
        ArchflowError: If the file cannot be written, a drawn architecture is not a valid graph, or the extra `report`
            is missing.
    """
    scores = np.asarray(predicted, dtype=np.float64).ravel()
    truth = None if measured is None else np.asarray(measured, dtype=np.float64).ravel()
    mask = np.zeros(len(scores), bool) if fitted is None else np.asarray(fitted, dtype=bool).ravel()
    order = np.argsort(-scores, kind="stable")
    best = order[np.isfinite(scores[order]) & ~mask[order]][:CARDS] if architectures is not None else order[:0]
    ranked = Ranked(scores, truth, mask, best, metric, architectures, native)
    places, shares = (None, np.zeros(2)) if embeddings is None else principal_components(embeddings)
    rows = ranked_rows(ranked, places)
    names = [str(row["method"]) for row in comparison or []]
    names += [name for name in precision_curves or {} if name not in names]
    figures = Figures()
    write_page(
        path,
        title,
        html.paragraph(_plain_words(comparison, scores, truth, mask, metric), "lead"),
        html.facts(summary),
        _comparison(figures, comparison),
        _precision(figures, precision_curves, names),
        _scatters(figures, ranked, rows),
        "" if places is None else _embedding_map(figures, ranked, rows, shares),
        _cards(ranked),
        _losses(figures, loss_curves),
        figures=figures,
        figures_folder=figures_folder,
    )


def _plain_words(
    comparison: Sequence[Row] | None,
    predicted: NDArray[np.float64],
    measured: NDArray[np.float64] | None,
    fitted: NDArray[np.bool_],
    metric: str,
) -> str:
    """A summary in plain words for newcomers."""
    sentences = []
    count, known = len(predicted), int(fitted.sum())
    if known:
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
    """The number under `key`; NaN if there is none."""
    value = row.get(key)
    return float("nan") if value is None else float(value)


def _tau(row: Row) -> float:
    return number_in(row, "kendall_tau" if "kendall_tau" in row else "tau")


def _comparison(figures: Figures, comparison: Sequence[Row] | None) -> str:
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
        Bars(
            method_name(row["method"]),
            [number_in(row, k) for k in shares],
            [number_in(row, f"{k}_std") for k in shares],
        )
        for row in comparison
    ]
    chart = bars(list(shares.values()), drawn, y_title="agreement, 1 is perfect")
    shown = [figures.show("comparison", chart) if shares else "", explained]
    return html.section("How good is the ranking?", html.table(heads, rows), html.group("columns", shown))


def _precision(figures: Figures, series: Mapping[str, tuple[ArrayLike, ArrayLike]] | None, names: Sequence[str]) -> str:
    if not series:
        return ""
    chart = curves(
        {method_name(name): curve for name, curve in series.items()},
        x_title="k",
        y_title="precision@k",
        names=[method_name(name) for name in names],
        dashed="chance",
        log_x=True,
        y_domain=(0.0, 1.0),
        width=680,
        height=300,
    )
    caption = (
        "Precision@k is the fraction of the k architectures predicted best that are truly among the k best. "
        "The left end is what matters to someone who will train only a few."
    )
    return html.section("Finding the best: precision@k", figures.show("precision", chart, caption))


def _scatters(figures: Figures, ranked: Ranked, rows: list[dict[str, Any]]) -> str:
    if ranked.measured is None:
        return ""
    both = int((np.isfinite(ranked.predicted) & np.isfinite(ranked.measured)).sum())
    shown = [
        figures.show(
            "predicted-against-measured",
            score_figure(rows, ranked.metric),
            "Every dot is an architecture. A perfect ranking rises from left to right without ever falling; the "
            "predicted score has no unit, only its order counts.",
        ),
        figures.show(
            "places",
            place_figure(rows, both),
            "The same as ranks, the best at the lower left, a perfect ranking on the dashed line: how good are those "
            "that are predicted best?",
        ),
    ]
    return html.section("Predicted against measured", html.group("columns", shown), _sampled(len(ranked.predicted)))


def _embedding_map(figures: Figures, ranked: Ranked, rows: list[dict[str, Any]], shares: NDArray[np.float64]) -> str:
    titles = [f"principal component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)]
    coloured = ranked.measured is not None and bool(np.isfinite(ranked.measured).any())
    caption = "Architectures that the encoder finds alike lie close together."
    if coloured:
        caption += f" Colour is the rank of the {ranked.metric}, brighter is better: every shade has as many dots."
    chart = map_figure(rows, x_title=titles[0], y_title=titles[1], coloured=coloured)
    return html.section(
        "Map of the embeddings", figures.show("embeddings", chart, caption), _sampled(len(ranked.predicted))
    )


def _sampled(count: int) -> str:
    caption = (
        f"{MAX_POINTS:,} of {count:,} architectures are drawn: the best, those fitted on, an even sample of the others."
    )
    return html.paragraph(caption, "muted") if count > MAX_POINTS else ""


def _cards(ranked: Ranked) -> str:
    """The best architectures, drawn individually."""
    if ranked.architectures is None or not len(ranked.best):
        return ""
    shown = [ranked.architectures[i] for i in ranked.best.tolist()]
    hues = operation_hues([op for architecture in shown for op in architecture.ops])
    known = np.empty(0) if ranked.measured is None else ranked.measured[np.isfinite(ranked.measured)]
    widest = max(layout(architecture).width for architecture in shown)
    ranks = places_among(ranked.predicted[ranked.best], ranked.predicted[np.isfinite(ranked.predicted)])
    cards = []
    for i, rank, architecture in zip(ranked.best.tolist(), ranks.tolist(), shown, strict=True):
        lines = [f"predicted {rounded(float(ranked.predicted[i]))}"]
        if ranked.measured is not None and np.isfinite(ranked.measured[i]):
            place = f"place {places_among(ranked.measured[i], known):,} of {len(known):,}"
            lines.append(f"measured {ranked.measured[i]:.5g} ({place})")
        heading = html.element("h3", html.escape(f"#{rank}"))
        numbers = "".join(html.paragraph(line, "muted tight") for line in lines)
        native = html.element("code", html.escape(ranked.native[i])) if ranked.native is not None else ""
        cards.append(
            html.element("article", heading + numbers + draw_architecture(architecture, hues) + native, class_="card")
        )
    caption = "Data flows from top to bottom. Faint, dashed operations output zeros."
    if ranked.fitted.any():
        caption += " Those that the predictor was fitted on are left out."
    return html.section(
        "The architectures predicted best",
        html.paragraph(caption, "muted"),
        html.group("cards wide" if widest > WIDE_DRAWING else "cards", cards),
    )


def _losses(figures: Figures, losses: Mapping[str, Sequence[float]] | None) -> str:
    grouped: dict[str, dict[str, tuple[ArrayLike, ArrayLike]]] = {}
    for name, values in (losses or {}).items():
        stage, _, part = name.partition(":")
        grouped.setdefault(stage, {})[part.strip() or stage] = (np.arange(1, len(values) + 1), np.asarray(values))
    shown = []
    for number, (stage, parts) in enumerate(grouped.items(), start=1):
        every = np.concatenate([np.asarray(values, np.float64) for _, values in parts.values()])
        every = every[np.isfinite(every)]
        log = len(every) > 0 and bool(every.min() > 0 and every.max() > 30 * every.min())
        chart = curves(parts, x_title="epoch", y_title=f"{stage} loss", log_y=log)
        shown.append(figures.show(f"loss-{number}", chart))
    return html.section("Loss by epoch", html.group("columns", shown))
