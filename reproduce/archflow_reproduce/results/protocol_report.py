"""The result of a paper's protocol as a table with the published figures, and a plot of all runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.report import html
from archflow.report.figures import Strip, strips
from archflow.report.markdown import markdown_table
from archflow.report.measures import finite, measure, method_name, rounded
from archflow.report.page import Figures, write_page
from archflow_reproduce.results.columns import epochs_text, runs_text

BASELINE = "supervised"


def protocol_table(result: Mapping[str, Any]) -> str:
    """A Markdown table with one row per method: mean (population standard deviation) of each measure over the runs.

    `result` as in `protocol_report`; measures with published figures get a column for these.
    """
    heads, rows = _table(result)
    return markdown_table(heads, [[cell.text for cell in row] for row in rows]) + "\n"


def protocol_notes(result: Mapping[str, Any]) -> list[str]:
    """Remarks on the splits."""
    parts = result["splits"]
    twins = ", ".join(map(str, parts["test_isomorphic_to_labelled"]))
    told = [f"of {parts['test'][0]:,} test architectures, isomorphic to a labelled one (by permutation): {twins}"]
    if parts["by"] == "random" and any(parts["test_isomorphic_to_labelled"]):
        told.append("--split class keeps isomorphic architectures on one side")
    if abs(parts["order_against_metric_tau"]) > 0.1:
        told.append(
            f"careful: the table is sorted by {result['metric']} to some degree, and the paper's first permutation is "
            "the table's own order; shuffle its rows"
        )
    return told


def protocol_report(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write one self-contained HTML file about a run of `archflow bench fgp`, with its figures as files next to it.

    Args:
        path: The file.
        result: `data`, `metric`, `labels` (a fraction below 1, otherwise a count), `methods` {method: {measure: [one
            per run]}} with the measures `tau`, `p_at_1`, `p_at_5`, `spearman` (runs at the same index of two lists have
            the same split), and where known `splits` (sizes and the like, one value or one per split), `seconds`,
            `published` {method: {measure: figure}}, `machine`, `config`. A value that is not finite counts as a run
            without a result.
    """
    methods, published = result["methods"], result.get("published") or {}
    heads, rows = _table(result)
    figures, shown = Figures(), []
    for key in _measures(methods):
        known = measure(key)
        name = known.name if known else key.replace("_", " ")
        drawn = [Strip(method_name(m), runs.get(key, []), published.get(m, {}).get(key)) for m, runs in methods.items()]
        shown.append(
            figures.show(f"runs-{key}", strips(drawn, x_title=name), f"{name}: {known.meaning}." if known else name)
        )
    title = f"{result['data']}: ranking by {result['metric']} from {_labels(result['labels'])}"
    told = "Mean over the runs, population standard deviation in brackets."
    if published:
        told += " “Published” is the figure in the paper, for the same method."
    write_page(
        path,
        title,
        html.paragraph(_plain_words(result), "lead"),
        html.section("Result", html.table(heads, rows, told)),
        html.section("Every run", html.group("columns", shown)),
        html.section(
            "How it was made",
            html.facts(_circumstances(result)),
            *(_settings(name, result.get(name)) for name in ("config", "machine")),
        ),
        figures=figures,
        figures_folder=Path(path).with_suffix(".figures"),
    )


def _measures(methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for runs in methods.values() for key in runs))


def _table(result: Mapping[str, Any]) -> tuple[list[str], list[list[html.Cell]]]:
    methods, published, config = result["methods"], result.get("published") or {}, result["config"]
    heads, columns = ["method", "runs", "epochs"], []
    for key in _measures(methods):
        known = measure(key)
        heads.append(known.name if known else key.replace("_", " "))
        means = {m: _mean(runs.get(key, [])) for m, runs in methods.items()}
        compared = [mean for mean in means.values() if np.isfinite(mean)]
        choose = max if known and known.higher_is_better else min
        best = choose(compared) if known and len(compared) > 1 else None
        columns.append([html.Cell(_mean_and_std(runs.get(key, [])), means[m] == best) for m, runs in methods.items()])
        if any(key in published.get(m, {}) for m in methods):
            heads.append("published")
            columns.append([html.Cell(rounded(published.get(m, {}).get(key))) for m in methods])
    rows = []
    for i, (m, runs) in enumerate(methods.items()):
        count = max((len(finite(values)) for values in runs.values()), default=0)
        facts = [method_name(m), runs_text(count, config), epochs_text(config, m, m in published)]
        rows.append([*map(html.Cell, facts), *(column[i] for column in columns)])
    return heads, rows


def _mean(values: Sequence[float]) -> float:
    runs = finite(values)
    return float(runs.mean()) if len(runs) else float("nan")


def _mean_and_std(values: Sequence[float]) -> str:
    runs = finite(values)
    return rounded(float(runs.mean()), float(runs.std())) if len(runs) else rounded(None)


def _labels(labels: float) -> str:
    return f"{100 * labels:.3g} % labels" if labels < 1 else f"{labels:,.0f} labels"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _plain_words(result: Mapping[str, Any]) -> str:
    """What was compared, and by how much the best method is better than training on the labels alone, run by run."""
    methods = {m: np.asarray(runs.get("tau", []), dtype=np.float64) for m, runs in result["methods"].items()}
    count = max((len(tau) for tau in methods.values()), default=0)
    told = (
        f"Predictors of {result['metric']} were fitted on {_labels(result['labels'])} of {result['data']}, "
        f"{count} {'run' if count == 1 else 'runs'} of each method."
    )
    means = {m: _mean(tau.tolist()) for m, tau in methods.items() if len(finite(tau))}
    if not means:
        return told
    best = max(means, key=lambda m: means[m])
    told += f" {method_name(best)} orders unseen architectures best: Kendall tau {means[best]:.3f} on average"
    if best == BASELINE or BASELINE not in means:
        return told + "."
    gains = _paired(methods[best], methods[BASELINE])
    told += f", {means[best] - means[BASELINE]:+.3f} against training on the labels alone"
    return told + (f", better in {int((gains > 0).sum())} of {len(gains)} runs." if len(gains) else ".")


def _paired(these: NDArray[np.float64], those: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences run by run, for the runs that both methods have."""
    shared = min(len(these), len(those))
    gains = these[:shared] - those[:shared]
    return gains[np.isfinite(gains)]


def _circumstances(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The split sizes and the time taken, as far as they are known."""
    pairs = [
        (key.replace("_", " "), _per_split(value)) for key, value in _flattened(result.get("splits") or {}).items()
    ]
    return pairs + ([("time", _duration(result["seconds"]))] if result.get("seconds") is not None else [])


def _per_split(value: Any) -> str:
    """One value; for a list with one value per split, the distinct ones."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return " · ".join(dict.fromkeys(rounded(one) for one in value)) if several else rounded(value)


def _settings(name: str, values: Any) -> str:
    """A folded table of settings; nested ones are named by their path."""
    flat = _flattened(values or {})
    rows = [[html.Cell(key), html.Cell(rounded(value))] for key, value in flat.items()]
    return html.details(name, html.table(["", ""], rows)) if rows else ""


def _flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flattened(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
