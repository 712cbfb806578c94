"""`archflow embed`: architectures as vectors."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from archflow.cli.output import DataOption, ForceOption, Json, NumbersOption, print_json
from archflow.cli.vectors import ModelArgument, SkipOption, vectors


def embed(
    model: ModelArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The file to write: a float32 array (N, d) in NumPy's .npy format.")],
    skip_unknown: SkipOption = False,
    numbers_in_names: NumbersOption = False,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Write the embedding of every architecture of a table."""
    import numpy as np

    from archflow.data.benchmarks import load
    from archflow.files import write_atomically
    from archflow.outputs import Output, check_outputs

    check_outputs(Output("--out", out, "an array", (".npy",), _are_embeddings), inputs={"--data": data}, force=force)
    table = load(data, numbers_in_names=numbers_in_names)
    embeddings = vectors(model, table.architectures, skip_unknown)
    content = io.BytesIO()  # NumPy's own writer does not say why it fails
    np.save(content, embeddings)
    with write_atomically(out) as temporary:
        temporary.write_bytes(content.getbuffer())
    if as_json:
        print_json({"embeddings": str(out), "shape": list(embeddings.shape)})
    else:
        typer.echo(f"{out}: {len(embeddings):,} embeddings of {embeddings.shape[1]} numbers")


def _are_embeddings(path: Path) -> bool:
    """Whether a file holds an array such as this command writes."""
    import numpy as np

    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return isinstance(found, np.ndarray) and found.ndim == 2 and found.dtype == np.float32
