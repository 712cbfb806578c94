"""The whole state of a ranking between two chunks, in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge

from archflow.checkpoint import load_tensors, save_tensors
from archflow.described import Described, parse
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.recipes.ranking.best import Best, Rows
from archflow.recipes.ranking.distinct import Distinct
from archflow.recipes.ranking.precision import Precision
from archflow.recipes.ranking.scoring import Scored
from archflow.spaces import SearchSpace

MEND = "remove the file and rank again"


class TallyDescription(Described):
    """What `Tally.save` says of a state."""

    key: str
    chunks: Annotated[int, Ge(0)]
    drawn: Annotated[int, Ge(0)]
    distinct: Annotated[int, Ge(0)]
    precision: Precision
    compiled: bool = False


@dataclass
class Tally:
    """What is known after some chunks.

    Attributes:
        best: The best so far.
        seen: The classes that are remembered.
        chunks: The number of chunks that are done.
        drawn: The number of their candidates.
        distinct: The number of those that were not recognised as duplicates.
        precision: What they were scored in.
        compiled: Whether they were scored by compiled encoders.
    """

    best: Best
    seen: Distinct
    chunks: int = 0
    drawn: int = 0
    distinct: int = 0
    precision: Precision = "float32"
    compiled: bool = False

    def add(self, scored: Scored) -> None:
        """Count the next chunk."""
        self.best.add(scored.best)
        self.chunks += 1
        self.drawn += scored.drawn
        self.distinct += int(self.seen.add(scored.digests).sum())

    def save(self, path: Path, key: str) -> None:
        """Write the state, whole or not at all; key: what decides the result."""
        about = {"key": key, "chunks": self.chunks, "drawn": self.drawn, "distinct": self.distinct}
        about |= {"precision": self.precision, "compiled": self.compiled}
        arrays = {"seen": self.seen.digests}
        if self.best.rows is not None:
            columns = self.best.rows.architectures.columns
            arrays |= {f"graph.{name}": values for name, values in columns.items() if isinstance(values, np.ndarray)}
            arrays |= {f"row.{name}": values for name, values in self.best.rows.columns.items()}
        save_tensors(path, {name: _tensor(values) for name, values in arrays.items()}, about)

    @classmethod
    def restored(cls, path: Path, key: str, space: SearchSpace, empty: Tally) -> Tally:
        """The state in a file, or the empty one if there is no file.

        Raises:
            ArchflowError: If the file is damaged, or of another ranking.
        """
        if not path.exists():
            return empty
        tensors, about = load_tensors(path)
        described = _described(path, about)
        if described.key != key:
            raise ArchflowError(
                f"{path}: an unfinished ranking with other settings, or by another predictor; finish it, or remove the "
                "file"
            )
        arrays: dict[str, Any] = {name: _array(name, tensor) for name, tensor in tensors.items()}
        try:
            graph = {name.removeprefix("graph."): arrays[name] for name in arrays if name.startswith("graph.")}
            rows = {name.removeprefix("row."): arrays[name] for name in arrays if name.startswith("row.")}
            names = space.attribute_names if "attributes" in graph else ()
            architectures = ArchitectureSet(space.vocabulary, attribute_names=names, **graph)
            best = Best(empty.best.top, Rows(architectures, **rows))
            empty.seen.add(arrays["seen"])
        except (KeyError, TypeError) as error:
            raise ArchflowError(f"{path}: a damaged state ({error}); {MEND}") from None
        counts = described.chunks, described.drawn, described.distinct
        return cls(best, empty.seen, *counts, described.precision, described.compiled)


def kept(path: Path) -> TallyDescription | None:
    """What the state in a file says of itself; None if there is no file. Raises ArchflowError if it is damaged."""
    return _described(path, load_tensors(path)[1]) if path.exists() else None


def _described(path: Path, about: Any) -> TallyDescription:
    return parse(TallyDescription, about, f"{path}: a damaged state", MEND)


def _tensor(values: np.ndarray) -> torch.Tensor:
    """An array as a tensor; torch has few operations on unsigned numbers, and safetensors does not know all of them."""
    return torch.from_numpy(np.ascontiguousarray(values.view(np.int64) if values.dtype == np.uint64 else values))


def _array(name: str, tensor: torch.Tensor) -> np.ndarray:
    values = tensor.numpy()
    return values.view(np.uint64) if name in ("seen", "row.digests") else values
