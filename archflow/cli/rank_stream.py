"""`archflow rank` with a search space: the best of all its architectures, or of a sample of any size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archflow.cli.output import print_json, print_table, warn
from archflow.cli.rank_front import FrontOptions
from archflow.cli.reading import Reading
from archflow.errors import ArchflowError
from archflow.printable import printable

if TYPE_CHECKING:
    from archflow.recipes.ranking.stream import Ranking

SHOWN = 10
"""How many of the best are printed when all of them are written to a file."""


def count(given: str | float) -> int:
    """The number of an option that may be written as 1e8."""
    try:
        number = float(str(given))  # a default is a number
    except ValueError:
        number = 0.0
    if not (number >= 1 and number.is_integer()):
        raise typer.BadParameter(f"{given!r} is not a whole number of at least 1; write 100000 or 1e5")
    return int(str(given)) if str(given).isdigit() else int(number)


SampleOption = Annotated[
    int | None,
    typer.Option(
        parser=count, metavar="<number>", help="Rank this many architectures drawn from the space of --space: 1e8."
    ),
]
AllOption = Annotated[
    bool, typer.Option("--space-all", help="Rank all architectures of the space of --space, if it can list them.")
]
TopOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="With --sample or --space-all: how many of the best to keep. Default: 1000, or all if there are fewer.",
    ),
]
MetricOption = Annotated[
    str | None,
    typer.Option(help="With --sample or --space-all: the predictor's metric to rank by; default: its first."),
]
SeedOption = Annotated[int, typer.Option(min=0, help="With --sample: the seed of the sample.")]
ProcessesOption = Annotated[
    int, typer.Option(min=0, help="With --sample or --space-all: processes to score in; 0 for one per core.")
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        metavar="<float32|auto|bfloat16>",
        help="With --sample or --space-all: the precision of matrix products. bfloat16 is refused if it changes the "
        "ranking by more than a tolerance; auto takes it where it does not and is faster, from 100,000 candidates on.",
    ),
]


CompileOption = Annotated[
    str,
    typer.Option(
        "--compile",
        metavar="<never|auto>",
        help="With --sample or --space-all: auto compiles encoders with torch.compile if the ranking stays the same up "
        "to that tolerance and more time is saved than compiling takes, from 100,000 candidates on.",
    ),
]


@dataclass(frozen=True)
class StreamOptions:
    """The options of a ranking of a space."""

    sample: SampleOption = None
    space_all: AllOption = False
    top: TopOption = None
    metric: MetricOption = None
    seed: SeedOption = 0
    processes: ProcessesOption = 0
    precision: PrecisionOption = "float32"
    compiling: CompileOption = "never"

    @property
    def asked(self) -> bool:
        """Whether a space is to be ranked."""
        return self.sample is not None or self.space_all


def rank_stream(
    predictor: str,
    options: StreamOptions,
    front: FrontOptions,
    reading: Reading,
    device: str | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Rank a space by a predictor, write the best and show the first of them."""
    from archflow.recipes.ranking.stream import rank_space

    space = _space(options, front, reading)
    _check(out, force)
    found = rank_space(
        predictor,
        space,
        options.sample,
        top=options.top,
        out=out,
        seed=options.seed,
        metric=options.metric,
        context=device,
        workers=options.processes or os.cpu_count() or 1,
        precision=options.precision,
        compiling=options.compiling,
    )
    for line in found.notes:
        warn(line)
    if as_json:
        print_json(_content(found))
        return
    _print(found, space, out)


def _space(options: StreamOptions, front: FrontOptions, reading: Reading) -> str:
    """The name of the space. Raises ArchflowError if there is none, or for options of a table."""
    if options.sample is not None and options.space_all:
        raise ArchflowError("--sample and --space-all both say what to rank; give one of them")
    if reading.space is None:
        raise ArchflowError("--sample and --space-all rank a search space: give --space NAME")
    others = {"--chain": reading.chain, "--numbers-in-names": reading.numbers_in_names} | {
        f"--{name}": getattr(front, name) for name in ("accuracy", "latency", "limit", "report")
    }
    given = next((name for name, value in others.items() if value), None)
    if given is not None:
        raise ArchflowError(f"{given}: is for the candidates of a table; with --sample or --space-all, leave it out")
    return reading.space


def _check(out: Path | None, force: bool) -> None:
    """Check the output before the work."""
    from archflow.graph.column_names import TABLE_ENDINGS
    from archflow.outputs import Output, check_outputs
    from archflow.predict.base import is_ranked

    if out is not None:
        check_outputs(Output("--out", out, "a table", TABLE_ENDINGS, is_ranked), force=force)


def _content(found: Ranking) -> dict[str, Any]:
    """The ranking in JSON form."""
    return {
        "metric": found.metric,
        "precision": found.precision,
        "compiled": found.compiled,
        "candidates": found.candidates,
        "distinct": found.distinct,
        "distinct_is_exact": found.exact,
        "top": found.rows(),
        "notes": list(found.notes),
    }


def _print(found: Ranking, space: str, out: Path | None) -> None:
    from archflow.recipes.ranking.stream import REMEMBERED

    rows = found.rows()[: SHOWN if out is not None else None]
    shown = [
        [each["rank"], f"{each['predicted']:.4g}", "" if each["std"] is None else f"{each['std']:.2g}", each["native"]]
        for each in rows
    ]
    print_table(("rank", "predicted", "std", "architecture"), shown)
    bound = "" if found.exact else f" at most, as {REMEMBERED:,} are remembered"
    counted = f"{found.candidates:,} candidates of {space}, {found.distinct:,} of them distinct{bound}"
    typer.echo("\n" + printable(f"{counted}, ranked by {found.metric}"))
    if out is not None:
        typer.echo(printable(f"{out}: the best {len(found.table):,}"))
