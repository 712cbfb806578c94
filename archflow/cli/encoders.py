"""`archflow encoders`: the pre-trained encoders that ship with the package."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from archflow.cli.output import Json, print_json, print_table


def encoders(
    pattern: Annotated[
        str, typer.Argument(help="Which encoders to list: a name or a pattern such as 'gated_gcn.*'.")
    ] = "*",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/pretrained.md.")] = False,
    as_json: Json = False,
) -> None:
    """List the pre-trained encoders of the package.

    `fit` and `embed` take them by name.
    """
    from archflow.encoders.pretrained import card, names

    cards = [card(name) for name in names(pattern)]
    if as_json:
        print_json([asdict(c) for c in cards])
    elif markdown:
        from archflow.recipes.shipping import cards_table

        typer.echo(cards_table(pattern))
    elif cards:
        heads = ("name", "data", "rows", "task", "proxies", "epochs", "kB")
        shown = [(c.name, c.data, f"{c.rows:,}", c.task, ", ".join(c.proxies) or "none", c.epochs) for c in cards]
        print_table(heads, [(*row, round(c.bytes / 1000)) for row, c in zip(shown, cards, strict=True)])
    else:
        typer.echo(f"no name matches {pattern!r}; there are: {', '.join(names())}")
