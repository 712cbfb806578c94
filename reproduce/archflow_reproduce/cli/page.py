"""`archflow bench page`: the page of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import ForceOption
from archflow_reproduce.cli.study import write_text


def page(
    results: Annotated[Path, typer.Option(help="The folder of result files.")] = Path("results"),
    out: Annotated[Path, typer.Option(help="The page to write (.md).")] = Path("docs/results.md"),
    readme: Annotated[
        Path | None, typer.Option(help="A file whose short table, between its two markers, is renewed too.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the page of results from the result files.

    The result files are those that the other commands of `bench` made.
    """
    from archflow.outputs import Output, check_outputs
    from archflow_reproduce.results.page import is_page, results_page, results_summary, with_summary

    # The README keeps all but its short table.
    renewed = [] if readme is None else [Output("--readme", readme, own=Path.is_file)]
    check_outputs(Output("--out", out, "a page", (".md",), is_page), *renewed, force=force)
    pages = {out: results_page(results, out)}
    if readme is not None:
        pages[readme] = with_summary(readme, results_summary(results))
    for path, text in pages.items():
        write_text(path, text)
        typer.echo(str(path))
