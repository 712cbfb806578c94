"""`archflow doctor`: what is installed here, and what to do about each problem."""

from __future__ import annotations

from dataclasses import asdict

import typer

from archflow.cli.output import Json, print_json, print_table
from archflow.printable import printable


def doctor(as_json: Json = False) -> None:
    """Check the installation, and say how to correct it.

    The exit code is 1 if something does not work until that is done. Nothing is downloaded.
    """
    from archflow.recipes.installation import check_installation

    checks = check_installation()
    broken = any(check.broken for check in checks)
    if as_json:
        print_json({"sound": not broken, "checks": [asdict(check) for check in checks]})
    else:
        print_table(("", "what", "found"), [(check.topic, check.name, check.found) for check in checks])
        typer.echo()
        for check in checks:
            if check.advice:
                word = "problem" if check.broken else "note"
                typer.echo(printable(f"{word}: {check.name}: {check.advice}"))
        typer.echo("something does not work yet" if broken else "everything that archflow needs is there")
    if broken:
        raise typer.Exit(1)
