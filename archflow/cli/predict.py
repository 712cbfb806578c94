"""`archflow predict`: rank the architectures of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import FiguresOption, ForceOption, Json, note, print_json, print_table, probability, warn
from archflow.cli.reading import STREAM, Reading, TableOption, is_stdout, write_table
from archflow.cli.vectors import SkipOption, known_rows, spread
from archflow.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from archflow.graph.table import Table
    from archflow.predict.load import AnyPredictor

OutOption = Annotated[
    Path | None,
    typer.Option(
        help="The table to write (.parquet, .csv, .jsonl; - for standard output, as CSV, or as JSON lines with "
        "--json): columns predicted_METRIC, predicted_std_METRIC, rank_METRIC, probability_top_K_METRIC (with --top K, "
        "if the predictor provides it), and measured_METRIC, 1 where the metric is known."
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        help="The report to write (.html): the ranking, its quality on measured rows, and drawings of the best "
        "architectures."
    ),
]
IntervalOption = Annotated[
    float | None,
    typer.Option(
        help="Also write the columns low_METRIC and high_METRIC: an interval that contains the metric with this "
        "probability, such as 0.8 or 80%.",
        parser=probability,
        metavar="<float>",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        help="Predict for this device or task, with a predictor that was fitted with --context: a name that it has "
        "learnt, a known device, a .toml file, or a description such as 'Raspberry Pi 5, 4 x Cortex-A76 2.4 "
        "GHz, 4 threads'. Where to compute is --torch-device."
    ),
]
TorchDeviceOption = Annotated[
    str, typer.Option("--torch-device", help="The PyTorch device to compute on, such as cpu, cuda or cuda:1.")
]


def predict(
    predictor: Annotated[Path, typer.Argument(help="The folder that `archflow fit` wrote.")],
    data: TableOption,
    reading: Reading,
    out: OutOption = None,
    report: ReportOption = None,
    figures: FiguresOption = None,
    top: Annotated[int, typer.Option(min=1, help="How many of the best architectures to show.")] = 10,
    interval: IntervalOption = None,
    device: DeviceOption = None,
    torch_device: TorchDeviceOption = "cpu",
    skip_unknown: SkipOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Rank the architectures of a table.

    Each is scored by every metric that was learnt; the best are shown.
    """
    from archflow.predict import load_predictor
    from archflow.predict.base import check_unranked

    _check(data, out, report, figures, force)
    model, table = load_predictor(predictor, torch_device), reading.table(data)
    table, notes = (table, []) if device is None else _on_device(model, table, device)
    rows = known_rows(table.architectures, model.vocabulary, skip_unknown)
    top = min(top, len(rows))
    if out is not None and not force:
        check_unranked(table, model.metrics, _further(model.metrics, top, interval))
    warnings = [*notes, *_warnings(model, table.select(rows))]
    ranked = _ranked(model, table, rows, top, interval)
    if report is not None:
        _report(report, model, ranked.select(rows), data, figures)
    if out is not None:
        write_table(ranked, out, as_json)
    if not is_stdout(out):
        _print(model, ranked, top, interval, warnings, as_json)
        if not as_json:
            _say_written(out, report, len(table))


def _say_written(out: Path | None, report: Path | None, count: int) -> None:
    for path, what in ((out, f"all {count:,} architectures"), (report, "the report")):
        if path is not None:
            typer.echo("\n" + printable(f"{path}: {what}"))


def _check(data: str, out: Path | None, report: Path | None, figures: Path | None, force: bool) -> None:
    """Check the outputs before the work."""
    from archflow.errors import ArchflowError
    from archflow.files import check_folder
    from archflow.graph.column_names import TABLE_ENDINGS
    from archflow.outputs import Output, check_outputs
    from archflow.predict.base import is_ranked
    from archflow.report.page import is_page
    from archflow.report.vega import require_altair

    outputs = [] if out is None else [Output("--out", out, "a table", TABLE_ENDINGS, is_ranked)]
    if figures is not None and report is None:
        raise ArchflowError("--figures: needs a report; give --report too")
    if report is not None:
        require_altair()
        outputs.append(Output("--report", report, "a report", (".html",), is_page))
    check_outputs(*outputs, inputs={"--data": data}, force=force)
    if figures is not None:
        check_folder(figures)


def _report(path: Path, model: AnyPredictor, ranked: Table, data: str, figures: Path | None) -> None:
    from archflow.recipes.predicted import prediction_report

    name = "standard input" if data == STREAM else Path(data).name
    prediction_report(path, model, ranked, name, figures=figures)
    if len(model.metrics) > 1:
        note(f"{path}: the report is about {model.metrics[0]}, the first metric")


def _on_device(model: AnyPredictor, table: Table, device: str) -> tuple[Table, list[str]]:
    """The table with a device in its context column, and notes about it, printed before the work."""
    from archflow.data.places import data_folder
    from archflow.errors import ArchflowError
    from archflow.predict import StackedPredictor
    from archflow.recipes.context_texts import NO_CONTEXT, meant, with_context

    if not isinstance(model, StackedPredictor):
        raise ArchflowError(f"--device: a predictor of networks alone has no context; {NO_CONTEXT}")
    found = meant(model, device, data_folder())
    for line in found.notes:
        warn(line)
    return with_context(model, table, found.text), list(found.notes)


def _warnings(model: AnyPredictor, table: Table) -> list[str]:
    """Warnings about unusual values in the input columns, which are also printed before the work."""
    from archflow.predict import StackedPredictor

    found = model.oddities(table) if isinstance(model, StackedPredictor) else []
    for line in found:
        warn(line)
    return found


def _probability(metric: str, top: int) -> str:
    return f"probability_top_{top}_{metric}"


def _further(metrics: Sequence[str], top: int, interval: float | None) -> list[str]:
    """The optional columns of predictions."""
    from archflow.predict.base import interval_columns

    ends = [name for metric in metrics for name in interval_columns(metric)] if interval is not None else []
    return ends + [_probability(metric, top) for metric in metrics]


def _ranked(model: AnyPredictor, table: Table, rows: NDArray[np.int64], top: int, interval: float | None) -> Table:
    """The table with predictions for some rows (M,), and for each metric `measured_METRIC`, 1 where it is known."""
    import numpy as np

    from archflow.predict import StackedPredictor
    from archflow.predict.base import interval_columns, ranking_columns
    from archflow.progress import progress_bar

    known = table.select(rows)
    if interval is not None:
        model.check_coverage(interval)
    with progress_bar("ranking", len(rows)) as bar:
        stacked = isinstance(model, StackedPredictor)
        further = {"top": top} if stacked else {}
        ranked = model.rank(known, bar.advance, interval, **further)
    found = []
    for place, metric in enumerate(model.metrics):
        found += ranking_columns(model.metrics, place)
        found += interval_columns(metric) if interval is not None else ()
        found += [_probability(metric, top)] if stacked else []
    columns = {name: spread(ranked.metrics[name], rows, len(table)) for name in found}
    for metric in model.metrics:
        if metric in table.metrics:
            columns[f"measured_{metric}"] = np.isfinite(table.metrics[metric]).astype(float)
    for metric in model.metrics:
        columns |= {name: _whole(columns[name]) for name in (f"rank_{metric}", f"measured_{metric}") if name in columns}
    return table.with_metrics(columns)


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers, masked where there is none."""
    import numpy as np

    missing = np.isnan(values)
    return np.ma.array(np.where(missing, 0, values).astype(np.int64), mask=missing)


def _print(
    model: AnyPredictor, ranked: Table, top: int, interval: float | None, warnings: list[str], as_json: bool
) -> None:
    """Print the best by each metric; as JSON also all rows."""
    results = [_result(model, ranked, place, top, interval, as_json) for place in range(len(model.metrics))]
    if as_json:
        found = results[0] if len(results) == 1 else {"architectures": len(ranked), "metrics": results}
        print_json({**found, **({"warnings": warnings} if warnings else {})})
        return
    for result in results:
        _print_one(result, titled=len(results) > 1)


def _result(
    model: AnyPredictor, ranked: Table, place: int, top: int, interval: float | None, every: bool
) -> dict[str, Any]:
    """The architectures ranked by one metric, and the quality of its predictions where it was measured.

    `top` holds the best, in order; `rows` all, in the order of the table, if every row is asked for. A row was measured
    if its `measured` is a number.
    """
    import numpy as np

    from archflow.predict import StackedPredictor
    from archflow.predict.base import interval_columns, ranking_columns

    name = model.metrics[place]
    mean, std, rank = (ranked.metrics[column] for column in ranking_columns(model.metrics, place))
    measured = np.where(np.isfinite(mean), ranked.metrics.get(name, np.nan), np.nan)
    shown = {"predicted": mean, "std": std}
    if interval is not None:
        shown |= dict(zip(("low", "high"), (ranked.metrics[end] for end in interval_columns(name)), strict=True))
    if isinstance(model, StackedPredictor):
        shown["probability_top"] = ranked.metrics[_probability(name, top)]
    shown["measured"] = measured

    def described(row: int) -> dict[str, Any]:
        return {
            "rank": int(rank[row]) if np.isfinite(rank[row]) else None,
            "row": row,
            **{each: float(values[row]) if np.isfinite(values[row]) else None for each, values in shown.items()},
            "architecture": ranked.called(row),
        }

    best = [described(row) for row in np.argsort(rank)[:top].tolist()]
    rows = {"rows": [described(row) for row in range(len(ranked))]} if every else {}
    quality = model.objectives[place].quality(mean, measured)
    known = int(np.isfinite(measured).sum())
    about = {"metric": name, "architectures": len(ranked), "measured": known, "quality": quality}
    return {**about, "top": best, **rows}


def _print_one(result: dict[str, Any], titled: bool) -> None:
    if titled:
        typer.echo(f"\n{printable(result['metric'])}\n")
    best = result["top"]
    formats = {"std": ".2g", "probability_top": ".2f"}
    numbers = [name for name in best[0] if name not in ("rank", "row", "architecture")]
    called = {"probability_top": f"P(top {len(best)})"}
    columns = ["rank", "row", *(called.get(name, name) for name in numbers), "architecture"]
    shown = [
        [
            *(row["rank"], row["row"]),
            *("" if row[name] is None else format(row[name], formats.get(name, ".4g")) for name in numbers),
            row["architecture"],
        ]
        for row in best
    ]
    print_table(columns, shown)
    if result["quality"]:
        measures = ", ".join(f"{name} {value:.3f}" for name, value in result["quality"].items())
        known = f"{result['measured']:,} measured {printable(result['metric'])}"
        typer.echo(f"\nagainst {known} (including those it was fitted on): {measures}")
