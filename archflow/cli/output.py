"""Options that verbs share, and what they print: one JSON object for machines, aligned tables for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from archflow.errors import ArchflowError
from archflow.printable import printable
from archflow.progress import LOGGER

Number = TypeVar("Number", int, float)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
MetricOption = Annotated[
    str | None,
    typer.Option(help="The column to rank by, -COLUMN if lower is better; default: the data set's own."),
]
RunsOption = Annotated[int, typer.Option(help="At most 9: three permutations of the data x three model seeds.")]
ProcessesOption = Annotated[int, typer.Option(min=0, help="Parallel pre-training runs; 0 for one per core.")]
FiguresOption = Annotated[
    Path | None, typer.Option(help="With --report, a folder for its figures, each as .png, .svg and .pdf.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace existing files, even if this command did not write them.")
]
ValidationOption = Annotated[
    int, typer.Option(min=2, help="Additional labelled architectures, which select the epoch; 40 as in FGP.")
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        help="The view of architectures that the encoder gets: whole, effective (without nodes that cannot reach "
        "the output) or contracted (also with identities as edges). Default: the encoder's own, whole for "
        "most."
    ),
]
PositionsOption = Annotated[
    bool,
    typer.Option(
        "--positions", help="Also give the encoder each node's distance from the inputs and from the outputs."
    ),
]
ProxyOption = Annotated[
    str | None,
    typer.Option(
        help="The zero-cost proxies to rank, separated by commas: a column, params, flops, depth, count:OPERATION "
        "...; default: the data set's own."
    ),
]


DataOption = Annotated[str, typer.Option("--data", help="A data set's name (`archflow data list`) or a table file.")]
ComputeOption = Annotated[
    str, typer.Option("--device", help="The PyTorch device to compute on, such as cpu, cuda or cuda:1.")
]


def names(text: str | None) -> list[str]:
    """The comma-separated names in an option's text."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def numbers(option: str, text: str, kind: type[Number]) -> list[Number]:
    """Parse the comma-separated positive numbers in an option's text.

    Raises:
        ArchflowError: If one is not a positive number; the message names the option.
    """
    try:
        read = [kind(part) for part in text.split(",") if part.strip()]
    except ValueError:
        read = [kind(0)]
    if any(not 0 < number < float("inf") for number in read):
        raise ArchflowError(f"{option} {text!r}: give positive numbers with commas between them")
    return read


def label_count(given: str | float | None) -> float | None:
    """Parse the number of labels that an option asks for.

    Returns:
        A count, a fraction below 1 (which may be given as a percentage), or None for all labels.

    Raises:
        ArchflowError: If the text is neither.
    """
    if given is None:
        return None
    text = str(given)  # a default is a number
    try:
        share = float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < float("inf") or (share > 1 and (text.endswith("%") or share % 1)):
        raise ArchflowError(f"--labels {text!r}: give a count such as 50, or a fraction such as 0.1 or 10%")
    return None if text.endswith("%") and share == 1 else share


def probability(given: str | float) -> float:
    """The probability of an option: a number such as 0.8, or a percentage. Whatever uses it checks its range."""
    text = str(given)  # a default is a number
    try:
        return float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number; write 0.8 or 80%") from None


def note(line: str) -> None:
    """Print a note: information that is not part of the result."""
    if line:
        LOGGER.info("note: %s", line)


def warn(line: str) -> None:
    """Print a warning: something may be wrong."""
    LOGGER.warning("%s", line)


def print_json(content: Any) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(content, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns: text to the left, numbers to the right. Terminal control characters are escaped."""
    cells = [[printable(value) if isinstance(value, str) else f"{value:g}" for value in row] for row in rows]
    numeric = [all(not isinstance(row[i], str) for row in rows) for i in range(len(columns))]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, ["-" * width for width in widths], *cells):
        aligned = (f"{c:>{w}}" if right else f"{c:<{w}}" for c, w, right in zip(line, widths, numeric, strict=True))
        typer.echo("  ".join(aligned).rstrip())
