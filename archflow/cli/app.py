"""The command `archflow`: one verb a file; every error a user can mend is one line and exit code 2."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from archflow.cli import choose, data, demo, embed, encoders, fit, label, predict, pretrain, proxies
from archflow.errors import ArchflowError

app = typer.Typer(
    help="Rank neural architectures after measuring only a few.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    demo.demo,
    pretrain.pretrain,
    choose.choose,
    fit.fit,
    predict.predict,
    embed.embed,
    encoders.encoders,
    label.label,
    proxies.proxies,
):
    app.command()(verb)
app.add_typer(data.app, name="data")
for point in entry_points(group="archflow.verbs"):
    # A verb of another installed package: a typer application, as `archflow-reproduce` has one for `bench`.
    app.add_typer(point.load(), name=point.name)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except ArchflowError as error:
        print(f"archflow: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("archflow: interrupted; the same command goes on where it was", file=sys.stderr)
        raise SystemExit(130) from None
