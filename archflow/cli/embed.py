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
    from archflow.predict import Predictor
    from archflow.predict.ranking_model import embed as run
    from archflow.progress import progress_bar

    if model.is_dir():
        predictor = Predictor.load(model)
        encoder, vocabulary = predictor.fitted_encoder, predictor.vocabulary
    else:
        encoder, vocabulary = load_pretrained(model)
    architectures = load(data).architectures.recoded(vocabulary)
    with progress_bar("embedding", len(architectures)) as bar:
        vectors = run(encoder, architectures, on_batch=bar.advance)
    with write_atomically(out) as temporary, temporary.open("wb") as file:
        np.save(file, vectors)
    if as_json:
        print_json({"embeddings": str(out), "shape": list(vectors.shape)})
    else:
        typer.echo(f"{out}: {len(vectors):,} embeddings of {vectors.shape[1]} numbers")
