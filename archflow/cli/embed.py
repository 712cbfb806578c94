"""`archflow embed`: architectures as vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import DataOption, Json, print_json
from archflow.cli.vectors import ModelArgument, vectors


def embed(
    model: ModelArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The file to write: a float32 array (N, d) in NumPy's .npy format.")],
    as_json: Json = False,
) -> None:
    """Write the embedding of every architecture of a table."""
    import numpy as np

    from archflow.data.benchmarks import load
    from archflow.files import write_atomically

    embeddings = vectors(model, load(data).architectures)
    with write_atomically(out) as temporary, temporary.open("wb") as file:
        np.save(file, embeddings)
    if as_json:
        print_json({"embeddings": str(out), "shape": list(embeddings.shape)})
    else:
        typer.echo(f"{out}: {len(embeddings):,} embeddings of {embeddings.shape[1]} numbers")
