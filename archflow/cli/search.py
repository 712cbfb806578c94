"""`archflow search`: find the best architecture with few measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import Json, names, note, print_json, print_table
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.search.outcome import Outcome
    from archflow.search.request import Settings

EvaluateOption = Annotated[
    str,
    typer.Option(
        help="How to measure: a data set's name or a table file; train:digits, train:FILE.npz or train:FOLDER; "
        "command:'./train.sh {architecture}'; package.module:function."
    ),
]
SpaceOption = Annotated[
    str | None, typer.Option(help="The search space; default: the data set's, the table itself, or nasbench201.")
]
ObjectiveOption = Annotated[
    str | None, typer.Option(help="What to maximise, -METRIC if lower is better; default: the evaluator's own.")
]
ReportedOption = Annotated[
    str | None, typer.Option(help="Metrics to report that the search does not use, separated by commas.")
]
ObjectivesOption = Annotated[
    str | None,
    typer.Option(help="Several metrics, separated by commas, in place of --metric; -METRIC if lower is better."),
]
ConstraintOption = Annotated[
    list[str] | None, typer.Option("--constraint", help="METRIC<=NUMBER or METRIC>=NUMBER; may be repeated.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting: METHOD.SETTING=VALUE, evaluate.SETTING=VALUE, or stopping.rule=median, successive_halving or "
        "extrapolation; may be repeated.",
    ),
]
BudgetOption = Annotated[
    str, typer.Option(help="A number of evaluations (100) or a time (12h, 90min, 30s), which is simulated for tables.")
]
WorkersOption = Annotated[
    int, typer.Option(min=0, help="Evaluations in parallel; 0 for one at a time in this process.")
]
TimeoutOption = Annotated[float | None, typer.Option(help="Seconds after which an evaluation counts as failed.")]
BatchOption = Annotated[
    int | None,
    typer.Option(min=1, help="How many architectures to request at once; default: as published for the method."),
]
FORM = "METHOD.SETTING=VALUE, such as regularized_evolution.population=20"
SHOWN = 5


def search(
    evaluate: EvaluateOption,
    out: Annotated[
        Path,
        typer.Option(help="The folder to write: journal, result.json, report.html. Re-run the same command to resume."),
    ],
    space: SpaceOption = None,
    metric: ObjectiveOption = None,
    report_metric: ReportedOption = None,
    objectives: ObjectivesOption = None,
    constraint: ConstraintOption = None,
    method: Annotated[str, typer.Option(help="The search method.")] = "archflow",
    settings: SetOption = None,
    budget: BudgetOption = "100",
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    workers: WorkersOption = 1,
    timeout: TimeoutOption = None,
    batch: BatchOption = None,
    as_json: Json = False,
) -> None:
    """Find the best architecture with few measurements."""
    from archflow.search.request import Request
    from archflow.search.running import run

    request = Request(
        evaluate=evaluate,
        objectives=_objectives(metric, objectives),
        space=space,
        reported=names(report_metric),
        method=method,
        budget=budget,
        seed=seed,
        constraints=constraint or (),
        settings=_settings(settings),
        workers=workers,
        timeout=timeout,
        batch=batch,
    )
    _print(run(request, out, note), out, as_json)


def _settings(given: list[str] | None) -> Settings:
    from archflow.configured import parsed

    return parsed(given or [], FORM)


def _objectives(metric: str | None, objectives: str | None) -> list[str]:
    from archflow.errors import ArchflowError

    if metric and objectives:
        raise ArchflowError("--metric and --objectives both say what to search for; give one of them")
    return names(objectives) if objectives else [metric] if metric is not None else []


def _print(outcome: Outcome, out: Path, as_json: bool) -> None:
    if as_json:
        print_json(outcome.content())
        return
    typer.echo(printable(outcome.sentence()))
    typer.echo()
    heads, rows = outcome.table(SHOWN)
    print_table(heads, rows)
    typer.echo("\n" + printable(f"{out}: journal.jsonl, result.json, report.html"))
