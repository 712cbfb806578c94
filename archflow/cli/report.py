"""`archflow report`: a result as a page, a figure or tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from archflow.cli.output import ForceOption
from archflow.cli.reading import STREAM
from archflow.printable import printable

ResultArgument = Annotated[
    str,
    typer.Argument(
        metavar="RESULT",
        help="The output of a verb with --json (evaluate, rank, search, predict, demo, fit, latency) as a file; "
        "the folder of a search; a record of archflow bench; or - for standard input.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="html, pdf, png or svg (the figure), tex (tables for booktabs, best values in bold), csv or md. Default: "
        "from the extension of --out.",
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="The file to write; without it, tex, csv and md are printed.")]


def report(result: ResultArgument, kind: Format = None, out: OutOption = None, force: ForceOption = False) -> None:
    """Write a result as a page, a figure, or tables."""
    from archflow.errors import ArchflowError
    from archflow.near import alternatives
    from archflow.outputs import Output, check_outputs
    from archflow.report.page import is_page
    from archflow.report.result import FORMATS, TEXTS, result_text, write_result

    wanted = kind or (out.suffix.removeprefix(".").lower() if out is not None else "")
    if wanted not in FORMATS:
        what = f"--format {wanted}: no such format" if wanted else "which format? Give --format, or --out FILE.html"
        raise ArchflowError(f"{what}; {alternatives(wanted, FORMATS)}")
    content = _read(result)
    if out is None:
        if wanted not in TEXTS:
            raise ArchflowError(f"--format {wanted}: needs a file; give --out FILE.{wanted}")
        typer.echo(result_text(content, wanted), nl=False)
        return
    check_outputs(Output("--out", out, own=is_page), inputs={"RESULT": result}, force=force)
    write_result(out, content, wanted)
    typer.echo(printable(f"{out}: written"))


def _read(result: str) -> dict[str, Any]:
    """The result in a file, in the folder of a search, or on standard input."""
    from archflow.errors import ArchflowError
    from archflow.files import parse_json, read_json

    if result == STREAM:
        try:
            content = parse_json(sys.stdin.buffer.read())
        except ValueError as error:
            raise ArchflowError(f"standard input: is not JSON ({error})") from None
        return _checked(content, result)
    path = Path(result)
    if path.is_dir() and not (path / "result.json").exists():
        raise ArchflowError(f"{result}: holds no result of a search; give the file of what a verb printed with --json")
    if path.suffix in (".csv", ".parquet", ".jsonl") and path.exists():
        raise ArchflowError(
            f"{result}: is a table or a journal; give what a verb printed with --json (for a page about the "
            "predictions of a table: archflow predict --report)"
        )
    return _checked(read_json(path / "result.json" if path.is_dir() else path), result)


def _checked(content: Any, result: str) -> dict[str, Any]:
    from archflow.errors import ArchflowError

    if not isinstance(content, dict):
        raise ArchflowError(f"{result}: is not a result of archflow; give what a verb printed with --json")
    return content
