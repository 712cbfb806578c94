"""Embeddings by whatever the user has: an encoder's name or file, or a predictor's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archflow.graph import ArchitectureSet

ModelArgument = Annotated[
    Path,
    typer.Argument(help="An encoder (a name of `archflow encoders` or a .safetensors file) or a predictor's folder."),
]


def vectors(model: Path, architectures: ArchitectureSet) -> NDArray[np.float32]:
    """(N, d) embeddings, with a progress bar. Raises ArchflowError if there is no such encoder or predictor."""
    from archflow.encoders.pretrained import load
    from archflow.predict import load_predictor
    from archflow.progress import progress_bar

    if model.is_dir():
        return load_predictor(model).embed(architectures)
    embedder = load(model)
    with progress_bar("embedding", len(architectures)) as bar:
        return embedder.embed(architectures, on_batch=bar.advance)
