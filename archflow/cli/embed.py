"""`archflow embed`: architectures as vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import DataOption, Json, print_json


def embed(
    model: Annotated[
        Path,
        typer.Argument(
            help="An encoder (a name of `archflow encoders` or a .safetensors file) or a predictor's folder."
        ),
    ],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The file to write: a float32 array (N, d) in NumPy's .npy format.")],
    as_json: Json = False,
) -> None:
    """Write the embedding of every architecture of a table."""
    import numpy as np

    from archflow.data.benchmarks import load
    from archflow.encoders.pretrained import encoder as load_pretrained
    from archflow.files import write_atomically
    from archflow.predict import load_predictor
    from archflow.predict.ranking_model import embed as run
    from archflow.progress import progress_bar

    architectures = load(data).architectures
    if model.is_dir():
        vectors = load_predictor(model).embed(architectures)
    else:
        encoder, vocabulary = load_pretrained(model)
        with progress_bar("embedding", len(architectures)) as bar:
            vectors = run(encoder, architectures.recoded(vocabulary), on_batch=bar.advance)
    with write_atomically(out) as temporary, temporary.open("wb") as file:
        np.save(file, vectors)
    if as_json:
        print_json({"embeddings": str(out), "shape": list(vectors.shape)})
    else:
        typer.echo(f"{out}: {len(vectors):,} embeddings of {vectors.shape[1]} numbers")
