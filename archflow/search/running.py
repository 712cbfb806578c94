"""A search from its statement to the files that say what came of it."""

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
    """Search, or resume the search of the folder; write `result.json` and `report.html` into it.

    Args:
        request: What to search for.
        folder: Where the journal and the files are.
        say: Is given a line for everything that the user should know.

    Raises:
        ArchflowError: As `Request.study` and `Study.run` do, or if nothing that was measured counts.
    """
    study = request.study(folder, say)
    result, report, journal = folder / RESULT, folder / REPORT, folder / JOURNAL
    check_outputs(
        Output("--out", journal, "a journal", own=Path.is_file),
        Output("--out", result, "the result", own=lambda _: journal.is_file()),
        Output("--out", report, "the report", own=is_page),
    )
    unit = "queries" if study.budget.queries is not None else "seconds"
    with progress_bar(f"searching, {unit}", study.budget.steps) as progress:
        outcome = study.run(progress)
    write_json(result, outcome.content())
    try:
        require_altair()
    except ArchflowError as error:
        say(f"no report: {error}")
    else:
        write_report(report, study, outcome)
    return outcome
