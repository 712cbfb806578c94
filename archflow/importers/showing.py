"""The model to draw, from any source."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

from archflow.errors import ArchflowError
from archflow.graph.column_names import TABLE_ENDINGS
from archflow.graph.table import read_table
from archflow.importers.base import Source, import_models, importer_of
from archflow.importers.model import ImportedModel
from archflow.importers.vocabulary import COLUMNS
from archflow.progress import LOGGER


def model_at(source: str, inputs: str | None = None, row: int = 0) -> ImportedModel:
    """The model of a source that can be imported, or of a row of a table of architectures.

    Args:
        source: As `import_models` takes it, or a table that archflow reads.
        inputs: `package.module:name` of the arguments of a network.
        row: Which model of the source, counted from 0.

    Raises:
        ArchflowError: If it is neither, or has no such row.
    """
    if importer_of(Source(source, inputs)) is None and Path(source).suffix in TABLE_ENDINGS:
        return _of_table(Path(source), row)
    models = iter(import_models([source], inputs))
    found = next(itertools.islice(models, row, None), None)
    if found is None:
        count = sum(1 for _ in import_models([source], inputs))
        raise ArchflowError(f"{source}: has no row {row}; its models are 0 to {count - 1}")
    if row == 0 and next(models, None) is not None:
        LOGGER.info("%s: has several models; this is the first, --row N draws another", source)
    return found


def _of_table(path: Path, row: int) -> ImportedModel:
    table = read_table(path)
    if row >= len(table):
        raise ArchflowError(f"{path}: has no row {row}; its rows are 0 to {len(table) - 1}")
    if row == 0 and len(table) > 1:
        LOGGER.info("%s: has rows 0 to %d; this is row 0, --row N draws another", path, len(table) - 1)
    known = set(table.column_names)
    columns = {name: float(table.metric(name)[row]) if name in known else math.nan for name in COLUMNS}
    return ImportedModel(table.called(row), table.architectures[row], columns)
