"""`archflow rank` with a table: the Pareto front of accuracy and latency, within a latency limit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import note, print_json, print_table, probability
from archflow.cli.reading import Reading
from archflow.errors import ArchflowError
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.recipes.front import Front

AccuracyOption = Annotated[str | None, typer.Option(help="A predictor of the accuracy (its folder), or a column.")]
LatencyOption = Annotated[
    str | None, typer.Option(help="A predictor of the latency (its folder), or a column. Lower is better.")
]
LimitOption = Annotated[str | None, typer.Option(help="The highest latency allowed, with its unit: 20ms, 0.02s.")]
CoverageOption = Annotated[
    float,
    typer.Option(
        parser=probability,
        metavar="<float>",
        help="The fraction of the chosen candidates whose latency should not exceed its bound.",
    ),
]
ReportOption = Annotated[Path | None, typer.Option(help="The report to write (.html), with the front.")]


@dataclass(frozen=True)
class FrontOptions:
    """The options of a front of a table's candidates."""

    accuracy: AccuracyOption = None
    latency: LatencyOption = None
    limit: LimitOption = None
    coverage: CoverageOption = 0.9
    report: ReportOption = None


def rank_front(
    candidates: str,
    options: FrontOptions,
    reading: Reading,
    device: str | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Show the candidates of a table that no other one beats in both accuracy and latency."""
    from archflow.data.places import data_folder
    from archflow.recipes.front import pareto_front

    accuracy, latency, report = options.accuracy, options.latency, options.report
    if accuracy is None or latency is None:
        raise ArchflowError(
            "candidates of a table are ranked by --accuracy and --latency: give both; a search space by a predictor: "
            "give --space with --sample or --space-all; a table by one predictor: archflow predict"
        )
    _check(candidates, out, report, force)
    table = reading.table(candidates)
    found = pareto_front(table, accuracy, latency, options.limit, options.coverage, device, data_folder())
    if out is not None:
        found.table.write(out)
    if report is not None:
        _write(report, found)
    if as_json:
        print_json(found.content())
        return
    _print(found, out, report)


def _check(candidates: str, out: Path | None, report: Path | None, force: bool) -> None:
    """Check the outputs before the work."""
    from archflow.graph.column_names import TABLE_ENDINGS, column_names
    from archflow.outputs import Output, check_outputs
    from archflow.report.page import is_page
    from archflow.report.vega import require_altair

    outputs = []
    if out is not None:
        outputs.append(Output("--out", out, "a table", TABLE_ENDINGS, lambda path: "on_front" in column_names(path)))
    if report is not None:
        require_altair()
        outputs.append(Output("--report", report, "a report", (".html",), is_page))
    check_outputs(*outputs, inputs={"CANDIDATES": candidates}, force=force)


def _write(report: Path, found: Front) -> None:
    from archflow.report.front import Candidates, front_report

    accuracy, latency, upper = (found.table.metrics[name] for name in found.columns)
    names = {int(row): found.table.called(int(row)) for row in found.rows}
    metrics = (found.accuracy, found.latency)
    drawn = Candidates(accuracy, latency, upper, found.rows, names, metrics, found.limit)
    front_report(report, f"{found.accuracy} against {found.latency}", _sentences(found), drawn)


def _sentences(found: Front) -> list[str]:
    """Sentences about the front."""
    lines = [f"{len(found.rows)} of {len(found.table):,} candidates are on the front."]
    if found.limit is not None:
        lines.append(f"{found.within:,} are within the limit of {found.limit:g} {found.latency}.")
    if found.coverage is not None:
        lines.append(
            f"Upper bounds account for the selection: {100 * found.coverage:g} % of the candidates on the front should "
            "be no slower than their bound."
        )
    return [*lines, *found.notes]


def _print(found: Front, out: Path | None, report: Path | None) -> None:
    for line in found.notes:
        note(line)
    shown = [
        [each["row"], *(f"{each[name]:.4g}" for name in ("accuracy", "latency", "latency_upper")), each["architecture"]]
        for each in found.content()["front"]
    ]
    if shown:
        print_table(("row", found.accuracy, found.latency, "upper bound", "architecture"), shown)
        typer.echo()
    for line in _sentences(found)[: -len(found.notes) or None]:
        typer.echo(printable(line))
    for path in filter(None, (out, report)):
        typer.echo(printable(f"{path}: written"))
