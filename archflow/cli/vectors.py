"""Embeddings by whatever the user has: an encoder's name or file, or a predictor's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.printable import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archflow.graph import ArchitectureSet, Vocabulary

ModelArgument = Annotated[
    Path,
    typer.Argument(help="An encoder (a name of `archflow encoders` or a .safetensors file) or a predictor's folder."),
]
SkipOption = Annotated[
    bool,
    typer.Option(
        "--skip-unknown",
        help="Rows with operations that the model does not know get no values, instead of the table being refused.",
    ),
]


def vectors(model: Path, architectures: ArchitectureSet, skip_unknown: bool = False) -> NDArray[np.float32]:
    """(N, d) embeddings, with a progress bar.

    Args:
        model: What the command was given.
        architectures: N of them.
        skip_unknown: Whether those with operations that the model does not know are NaN, not an error.

    Raises:
        ArchflowError: If there is no such encoder or predictor, and as `known_rows` does.
    """
    from archflow.encoders.pretrained import load
    from archflow.predict import load_predictor
    from archflow.progress import progress_bar

    if model.is_dir():
        predictor = load_predictor(model)
        rows = known_rows(architectures, predictor.vocabulary, skip_unknown)
        return spread(predictor.embed(architectures.select(rows)), rows, len(architectures))
    embedder = load(model)
    rows = known_rows(architectures, embedder.vocabulary, skip_unknown)
    with progress_bar("embedding", len(rows)) as bar:
        embeddings = embedder.embed(architectures.select(rows), on_batch=bar.advance)
    return spread(embeddings, rows, len(architectures))


def known_rows(architectures: ArchitectureSet, vocabulary: Vocabulary | None, skip_unknown: bool) -> NDArray[np.int64]:
    """The rows whose operations a model knows, with a word if others are skipped.

    Raises:
        ArchflowError: Listing the operations that it does not know, unless their rows are to be skipped; if none is
            left.
    """
    import numpy as np

    from archflow.errors import ArchflowError
    from archflow.graph.names import numbers_from_names

    if vocabulary is None:  # no encoder: whatever else the model reads checks operations itself
        return np.arange(len(architectures))
    rows = np.flatnonzero(architectures.known_to(vocabulary))
    if len(rows) < len(architectures):
        try:
            architectures.recoded(vocabulary)
        except ArchflowError as error:
            if not skip_unknown:
                split = numbers_from_names(architectures)
                if split.known_to(vocabulary).all():
                    raise ArchflowError(
                        f"{error}; the model knows them without numbers: give --numbers-in-names"
                    ) from None
                raise ArchflowError(
                    f"{error}; --skip-unknown leaves such rows without values, and an encoder made by "
                    "archflow.create(..., unknown=True) reads them as [unknown]"
                ) from None
            if not len(rows):
                raise ArchflowError(f"{error}; --skip-unknown leaves no row") from None
            typer.echo(
                f"note: {len(architectures) - len(rows):,} rows get no values: {printable(str(error))}", err=True
            )
    return rows


def spread(values: NDArray, rows: NDArray[np.int64], count: int) -> NDArray:
    """(count, ...) values of the chosen rows (M, ...) in their places, NaN in all others."""
    import numpy as np

    if len(rows) == count:
        return values
    everywhere = np.full((count, *values.shape[1:]), np.nan, values.dtype)
    everywhere[rows] = values
    return everywhere
