"""`archflow bench ship-sentences`: the vectors of texts that the package carries."""

from __future__ import annotations

import typer

from archflow.cli.output import Json, print_json


def ship_sentences(as_json: Json = False) -> None:
    """Write the package's vectors of descriptions.

    Operations and published devices are encoded as text.
    """
    from archflow.sentences import SHIPPED, write_vectors
    from archflow_reproduce.devices.shipped_sentences import shipped_texts

    texts = shipped_texts()
    write_vectors(texts, SHIPPED)
    if as_json:
        print_json({"path": str(SHIPPED), "texts": len(texts), "bytes": SHIPPED.stat().st_size})
        return
    typer.echo(f"{SHIPPED}: {len(texts)} texts, {SHIPPED.stat().st_size / 1000:.0f} kB")
