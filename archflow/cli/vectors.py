"""Embeddings from an encoder's name or file, or from a predictor's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import note

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
        help="Leave rows with operations that the model does not know without values, instead of refusing the table.",
    ),
]


def vectors(
    model: Path, architectures: ArchitectureSet, skip_unknown: bool = False, device: str = "cpu"
) -> NDArray[np.float32]:
    """Compute (N, d) embeddings, with a progress bar.

    Args:
        model: An encoder's name or file, or a predictor's folder.
        architectures: N architectures.
        skip_unknown: Whether architectures with operations that the model does not know get NaN instead of an error.
        device: Where to compute.

    Raises:
        ArchflowError: If there is no such encoder or predictor, and as for `known_rows`.
    """
    from archflow.encoders.pretrained import load
    from archflow.predict import load_predictor
    from archflow.progress import progress_bar

    if model.is_dir():
        predictor = load_predictor(model, device)
        rows = known_rows(architectures, predictor.vocabulary, skip_unknown)
        return spread(predictor.embed(architectures.select(rows)), rows, len(architectures))
    embedder = load(model)
    rows = known_rows(architectures, embedder.vocabulary, skip_unknown)
    with progress_bar("embedding", len(rows)) as bar:
        embeddings = embedder.embed(architectures.select(rows), device, on_batch=bar.advance)
    return spread(embeddings, rows, len(architectures))


def known_rows(architectures: ArchitectureSet, vocabulary: Vocabulary | None, skip_unknown: bool) -> NDArray[np.int64]:
    """Find the rows whose operations a model knows; print a note if others are skipped.

    Raises:
        ArchflowError: If the model does not know all operations, unless their rows are to be skipped; if no row is
            left.
    """
    import numpy as np

    from archflow.errors import ArchflowError
    from archflow.graph.names import numbers_from_names

    if vocabulary is None:  # no encoder: the model's other inputs check operations themselves
        return np.arange(len(architectures))
    rows = np.flatnonzero(architectures.known_to(vocabulary))
    if len(rows) < len(architectures):
        try:
            architectures.recoded(vocabulary)
        except ArchflowError as error:
            if not skip_unknown:
                split = architectures.converted(numbers_from_names)
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
            skipped = len(architectures) - len(rows)
            note(f"{skipped:,} {'row gets' if skipped == 1 else 'rows get'} no values: {error}")
    return rows


def spread(values: NDArray, rows: NDArray[np.int64], count: int) -> NDArray:
    """Spread values (M, ...) of the chosen rows over an array (count, ...) that is NaN elsewhere."""
    import numpy as np

    if len(rows) == count:
        return values
    everywhere = np.full((count, *values.shape[1:]), np.nan, values.dtype)
    everywhere[rows] = values
    return everywhere
