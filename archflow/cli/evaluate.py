"""`archflow evaluate`: how well predictors rank a table after learning from a few of its labels."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.fit import ContextOption, LowerOption, RecipeOption
from archflow.cli.fitted import names_or_none
from archflow.cli.output import (
    ComputeOption,
    FiguresOption,
    ForceOption,
    Json,
    label_count,
    note,
    print_json,
    print_table,
)
from archflow.cli.reading import Reading
from archflow.errors import ArchflowError
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.data.benchmarks import Benchmark
    from archflow.graph.table import Table
    from archflow.predict.context import ContextChoice
    from archflow.recipes.evaluation import Evaluation
    from archflow.recipes.fitting import Task

TableArgument = Annotated[
    str | None, typer.Argument(help="A data set's name (`archflow data list`) or a table file.", show_default=False)
]
TableOption = Annotated[str | None, typer.Option("--data", help="The table, in place of the argument.")]
MetricOption = Annotated[str, typer.Option(help="The column to learn, -COLUMN if lower is better.")]
LabelsOption = Annotated[
    str | None,
    typer.Option(
        help="Labels to learn from: a count, or a fraction such as 0.1 or 10%; several, separated by commas, give "
        "a learning curve. Default: 50, or fewer if that would leave too few to judge on."
    ),
]
FeaturesOption = Annotated[
    str | None,
    typer.Option(
        help="Columns known before training, separated by commas, such as parameters. Default: found by name."
    ),
]
ReportOption = Annotated[Path | None, typer.Option(help="The report to write (.html), with the verdict and figures.")]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(help="The objective, as for `fit`. With log or relative, errors of predicted values are reported."),
]
Repetitions = Annotated[
    int, typer.Option(min=1, max=1000, help="How many times labels are drawn and a predictor is fitted.")
]


@dataclass(frozen=True)
class Page:
    """The options of the report."""

    report: ReportOption = None
    figures: FiguresOption = None
    force: ForceOption = False


def evaluate(
    metric: MetricOption,
    reading: Reading,
    page: Page,
    table: TableArgument = None,
    data: TableOption = None,
    labels: LabelsOption = None,
    repetitions: Repetitions = 5,
    features: FeaturesOption = None,
    recipe: RecipeOption = None,
    objective: ObjectiveOption = None,
    context: ContextOption = None,
    lower_is_better: LowerOption = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first draw.")] = 21,
    device: ComputeOption = "cpu",
    as_json: Json = False,
) -> None:
    """Measure how well a predictor ranks a table from few labels.

    Labels are drawn repeatedly; the components of the predictor and their blend are judged on measured architectures
    that they did not learn from. If interrupted, re-run the same command to resume.
    """
    from archflow.progress import progress_bar
    from archflow.recipes.draws import Draws
    from archflow.recipes.evaluation import evaluate, maker
    from archflow.recipes.unfinished import configuration, unfinished

    given = _given(table, data)
    benchmark, path = _checked(given, page)
    columns, budgets = names_or_none(features), _budgets(labels)
    task, chosen = _task(reading.read(path), metric, lower_is_better, objective, context)
    draws = Draws.of(task, budgets, repetitions, columns or (), seed, chosen)
    known = {**configuration(path, draws, recipe, benchmark, columns, chosen), "reading": asdict(reading)}
    with unfinished(known) as (folder, journal):
        make = maker(task, folder, recipe, benchmark, columns, note, chosen, device)
        with progress_bar("learning and judging", repetitions * len(draws.budgets), kept=folder) as bar:
            found = evaluate(make, draws, bar.advance, journal)
        if page.report is not None:
            _write(page.report, page.figures, found, given)
    _print(given, found, page.report, task.note, as_json)


def _budgets(labels: str | None) -> list[float]:
    """The numbers of labels that an option lists."""
    if labels is None:
        return []
    found = [label_count(text.strip()) for text in labels.split(",") if text.strip()]
    if None in found or not found:
        raise ArchflowError(f"--labels {labels!r}: name counts or fractions that leave architectures to judge on")
    return [each for each in found if each is not None]


def _task(
    table: Table, metric: str, lower_is_better: bool, objective: str | None, context: str | None
) -> tuple[Task, ContextChoice | None]:
    """The fitting task for the table, and the context column to use, if any."""
    from archflow.predict.context import ContextChoice
    from archflow.recipes.fitting import Task

    metric = f"-{metric.removeprefix('-')}" if lower_is_better else metric
    task = Task.of(table, [metric], [objective] if objective else ())
    note(task.note)
    return task, ContextChoice.parsed(context, task.table.column_names) if context else None


def _given(table: str | None, data: str | None) -> str:
    """The table that the user named, as an argument or by --data; raises ArchflowError unless it is named once."""
    if (table is None) == (data is None):
        raise ArchflowError("which table? Give its name or file once: archflow evaluate TABLE --metric COLUMN")
    return table or data or ""


def _checked(given: str, page: Page) -> tuple[Benchmark | None, Path]:
    """Check the outputs; return the path of the table, and the named data set that it belongs to, if any."""
    from archflow.data.benchmarks import find
    from archflow.files import check_folder
    from archflow.outputs import Output, check_outputs
    from archflow.report.page import is_page
    from archflow.report.vega import require_altair

    report, figures = page.report, page.figures
    if figures is not None and report is None:
        raise ArchflowError("--figures: needs a report; give --report too")
    benchmark, path = find(given)
    if report is not None:
        require_altair()
        check_outputs(
            Output("--report", report, "a report", (".html",), is_page), inputs={"TABLE": path}, force=page.force
        )
    if figures is not None:
        check_folder(figures)
    return benchmark, path


def _write(report: Path, figures: Path | None, found: list[Evaluation], given: str) -> None:
    from archflow.recipes.judging import CHANCE
    from archflow.recipes.verdict import verdict
    from archflow.report.evaluation import Predictions, evaluation_report

    last = found[-1]
    first = last.repetitions[0]
    evaluation_report(
        report,
        title=f"How well {last.metric} of {Path(given).name} is ranked",
        verdict=verdict(found),
        budgets=[each.content() for each in found],
        predictions=Predictions(
            first.predicted, last.table.metric(last.metric)[first.rows], first.low, first.high, last.metric
        ),
        chance=CHANCE,
        figures_folder=figures,
    )


def _print(given: str, found: list[Evaluation], report: Path | None, note: str, as_json: bool) -> None:
    from archflow.recipes.verdict import verdict

    last, sentences = found[-1], verdict(found)
    if as_json:
        about = {"table": given, "metric": last.metric, "lower_is_better": last.lower_is_better}
        more = {"verdict": sentences, "report": None if report is None else str(report)}
        print_json({**about, "budgets": [each.content() for each in found], **more, **({"note": note} if note else {})})
        return
    for number, each in enumerate(found):
        _print_one(each, f"{given}, {last.metric}" if number == 0 else "")
    for sentence in sentences:
        typer.echo(printable(sentence))
    if report is not None:
        typer.echo(f"\nreport: {printable(str(report))}")


def _print_one(found: Evaluation, named: str) -> None:
    """Print the results for one number of labels, and the coverage of intervals."""
    content = found.content()
    draws = f"{content['repetitions']} {'draws' if content['repetitions'] > 1 else 'draw'} of {found.labels} labels"
    typer.echo(printable(f"{named + ': ' if named else ''}{draws}, judged on {found.judged:,} others"))
    typer.echo()
    top, called = ("p_at_1", "P@1 %") if found.judged >= 1000 else ("top_ten", "top ten")
    rows = [
        [
            row["predictor"],
            "" if row["weight"] is None else f"{100 * row['weight']:3.0f} %",
            _with_error(f"{row['tau']:.3f}", row["tau_error"]),
            f"{100 * row[top]:3.0f} %",
            f"{row['regret_at_10']:.3g}",
        ]
        for row in content["predictors"]
    ]
    print_table(("predictor", "weight", "Kendall tau", called, "regret@10"), rows)
    held = [f"{100 * float(a):.0f} %: {100 * h:.0f} %" for a, h in content["coverage"].items() if h is not None]
    typer.echo(f"\ncoverage of intervals, nominal and actual: {', '.join(held)}\n" if held else "")


def _with_error(text: str, error: float | None) -> str:
    return text if error is None or not math.isfinite(error) else f"{text} ± {error:.3f}"
