"""`archflow bench`: the protocols of the papers, and speed."""

from __future__ import annotations

import typer

from archflow_reproduce.cli.across import across
from archflow_reproduce.cli.arch2vec import arch2vec
from archflow_reproduce.cli.choices import choices
from archflow_reproduce.cli.compiled import compiled
from archflow_reproduce.cli.devices import devices
from archflow_reproduce.cli.encoders import encoders
from archflow_reproduce.cli.experts import experts
from archflow_reproduce.cli.explain import explain
from archflow_reproduce.cli.few import few
from archflow_reproduce.cli.fgp import fgp
from archflow_reproduce.cli.hierarchical import hierarchical
from archflow_reproduce.cli.imports import import_models
from archflow_reproduce.cli.latency import latency
from archflow_reproduce.cli.neusight import neusight
from archflow_reproduce.cli.page import page
from archflow_reproduce.cli.pretext import pretext
from archflow_reproduce.cli.proxies import proxies
from archflow_reproduce.cli.scale import scale
from archflow_reproduce.cli.search import search
from archflow_reproduce.cli.serve import serve
from archflow_reproduce.cli.ship_latency import ship_latency
from archflow_reproduce.cli.ship_proxies import ship_proxies
from archflow_reproduce.cli.ship_sentences import ship_sentences
from archflow_reproduce.cli.shipped import shipped
from archflow_reproduce.cli.soak import soak
from archflow_reproduce.cli.speed import speed
from archflow_reproduce.cli.travel import travel
from archflow_reproduce.cli.widths import widths
from archflow_reproduce.cli.workers import workers

app = typer.Typer(help="Measure: the papers' protocols, and speed.", no_args_is_help=True)
for verb in (
    travel,
    choices,
    experts,
    explain,
    latency,
    search,
    hierarchical,
    fgp,
    encoders,
    pretext,
    arch2vec,
    neusight,
    shipped,
    proxies,
    widths,
    ship_proxies,
    ship_sentences,
    devices,
    few,
    across,
    ship_latency,
    speed,
    scale,
    workers,
    compiled,
    serve,
    soak,
    page,
):
    app.command()(verb)
app.command("import")(import_models)
