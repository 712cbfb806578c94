"""`archflow embed`: architectures as vectors."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archflow.cli.output import ComputeOption, ForceOption, Json, print_json
from archflow.cli.reading import Reading, TableOption, is_stdout
from archflow.cli.vectors import ModelArgument, SkipOption, vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def embed(
    model: ModelArgument,
    data: TableOption,
    out: Annotated[
        Path,
        typer.Option(
            help="The file to write: a float32 array (N, d) in NumPy's .npy format; - for standard output, as CSV, or "
            "JSON lines with --json."
        ),
    ],
    reading: Reading,
    skip_unknown: SkipOption = False,
    device: ComputeOption = "cpu",
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Write the embedding of every architecture of a table."""
    import numpy as np

    from archflow.files import write_atomically
    from archflow.outputs import Output, check_outputs

    check_outputs(Output("--out", out, "an array", (".npy",), _are_embeddings), inputs={"--data": data}, force=force)
    table = reading.table(data)
    embeddings = vectors(model, table.architectures, skip_unknown, device)
    if is_stdout(out):
        _print_rows(embeddings, as_json)
        return
    content = io.BytesIO()  # NumPy's own writer does not say why it fails
    np.save(content, embeddings)
    with write_atomically(out) as temporary:
        temporary.write_bytes(content.getbuffer())
    if as_json:
        print_json({"embeddings": str(out), "shape": list(embeddings.shape)})
    else:
        typer.echo(f"{out}: {len(embeddings):,} embeddings of {embeddings.shape[1]} numbers")


def _print_rows(embeddings: NDArray[np.float32], as_json: bool) -> None:
    """Print one line for each architecture; rows without an embedding are empty."""
    import numpy as np

    if not as_json:
        typer.echo(",".join(f"e{i}" for i in range(embeddings.shape[1])))
    for row, vector in enumerate(embeddings):
        values = vector.tolist() if np.isfinite(vector).all() else None
        if as_json:
            print_json({"row": row, "embedding": values})
        else:
            typer.echo(",".join(f"{value:.9g}" for value in values) if values else "," * (len(vector) - 1))


def _are_embeddings(path: Path) -> bool:
    """Whether a file holds an array such as this command writes."""
    import numpy as np

    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return isinstance(found, np.ndarray) and found.ndim == 2 and found.dtype == np.float32
