"""Options that are one parameter of a verb."""

import inspect
from dataclasses import dataclass
from typing import Annotated

import typer

from archflow.cli.grouped import expanded


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(min=1)]
    depth: Annotated[int, typer.Option(min=1)] = 2


def verb(name: str, size: Size, force: bool = False) -> tuple[str, int, int, bool]:
    """What it does."""
    return name, size.width, size.depth, force


def test_the_fields_stand_in_place_of_the_parameter():
    made = expanded(verb)
    parameters = inspect.signature(made).parameters
    assert list(parameters) == ["name", "width", "depth", "force"]
    assert parameters["width"].default is inspect.Parameter.empty
    assert parameters["depth"].default == 2
    assert parameters["depth"].annotation == Annotated[int, parameters["depth"].annotation.__metadata__[0]]
    assert made(name="a", width=3, depth=4, force=True) == ("a", 3, 4, True)
    assert made.__doc__ == "What it does."
