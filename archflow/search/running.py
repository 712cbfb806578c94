"""Run a search from its request to the files that hold its outcome."""

from __future__ import annotations

from pathlib import Path

from archflow.errors import ArchflowError
from archflow.files import write_json
from archflow.outputs import Output, check_outputs
from archflow.progress import progress_bar
from archflow.report.page import is_page
from archflow.report.vega import require_altair
from archflow.search.outcome import Outcome
from archflow.search.reporting import write_report
from archflow.search.request import Request
from archflow.search.study import JOURNAL, Say

RESULT, REPORT = "result.json", "report.html"


def run(request: Request, folder: Path, say: Say) -> Outcome:
    """Run a search, or resume that of the folder, and write `result.json` and `report.html` into it.

    Args:
        request: What to search for.
        folder: Folder of the journal and the output files.
        say: Called with a line for everything that the user should know.

    Raises:
        ArchflowError: As for `Request.study` and `Study.run`, or if no measurement is usable.
    """
    study = request.study(folder, say)
    result, report, journal = folder / RESULT, folder / REPORT, folder / JOURNAL
    check_outputs(
        Output("--out", journal, "a journal", own=Path.is_file),
        Output("--out", result, "the result", own=lambda _: journal.is_file()),
        Output("--out", report, "the report", own=is_page),
    )
    unit = "queries" if study.budget.queries is not None else "seconds"
    with progress_bar(f"searching, {unit}", study.budget.steps, kept=journal) as progress:
        outcome = study.run(progress)
    write_json(result, outcome.content())
    try:
        require_altair()
    except ArchflowError as error:
        say(f"no report: {error}")
    else:
        write_report(report, study, outcome)
    return outcome
