"""`archflow bench`: the protocols of the papers, and speed."""

from __future__ import annotations

import typer

from archflow_reproduce.cli.arch2vec import arch2vec
from archflow_reproduce.cli.encoders import encoders
from archflow_reproduce.cli.fgp import fgp
from archflow_reproduce.cli.page import page
from archflow_reproduce.cli.pretext import pretext
from archflow_reproduce.cli.proxies import proxies
from archflow_reproduce.cli.recipe import recipe
from archflow_reproduce.cli.shipped import shipped
from archflow_reproduce.cli.speed import speed

app = typer.Typer(help="Measure: the papers' protocols, and speed.", no_args_is_help=True)
for verb in (fgp, encoders, pretext, recipe, arch2vec, shipped, proxies, speed, page):
    app.command()(verb)
