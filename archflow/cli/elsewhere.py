"""An option that users try on verbs which take the same thing in another way."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from archflow.errors import ArchflowError

DATA_IS: dict[str, str] = {
    "search": "--evaluate",
    "measure": "the argument SOURCE",
    "import": "the argument SOURCE",
    "show": "the argument MODEL",
    "latency": "the argument MODEL",
    "explain": "the argument ARCHITECTURE, after the predictor",
    "rank": "the argument CANDIDATES",
}
"""What takes a table, by verb, where it is not --data."""


def _refuse(context: typer.Context, value: str | None) -> None:
    name = str(context.command.name)
    if value is not None:
        raise ArchflowError(f"{name} has no option --data: the table is given by {DATA_IS[name]}")


def _carrier(
    data: Annotated[
        str | None, typer.Option("--data", hidden=True, is_eager=True, expose_value=False, callback=_refuse)
    ] = None,
) -> None:
    """Not a verb; only its option is used."""


def add_hints(root: Any) -> None:
    """Let the verbs of `DATA_IS` answer --data with what takes the table. The option is hidden from help."""
    app = typer.Typer(add_completion=False)
    app.command()(_carrier)
    (option,) = (each for each in typer.main.get_command(app).params if each.name == "data")
    for verb in DATA_IS:
        root.commands[verb].params.append(option)
