"""NAS-Bench-101's uniform sample of 30,001 cells, as JSON columns under the official hashes.

Source: the files of github.com/tiga1231/nasbench-vis, drawn from the data of Ying et al., ICML 2019. Cells are
identified by hash only; the graphs come from the packed archive `nasbench101_graphs.npz` if the user's folder has it,
else from enumerating the space.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.nasbench101_graphs import graphs_of
from archflow.errors import ArchflowError
from archflow.files import read_json
from archflow.graph.table import Table

_METRICS = {
    **{f"{epochs}_final_validation_accuracy": f"val_acc_{epochs}" for epochs in (4, 12, 36, 108)},
    "final_training_time": "train_time_108_s",
    "trainable_parameters": "params",
}
"""Published column -> ours."""


def read(files: Mapping[str, Path]) -> Table:
    """Read the cells in the order of their hashes.

    Columns are the validation accuracy of one repeat (a fraction) after 4, 12, 36 and 108 epochs, the training time
    (s), and the parameters.
    """
    parts = [_columns(path) for _, path in sorted(files.items())]
    keys = np.concatenate([keys for keys, _ in parts])
    metrics = {name: np.concatenate([values[name] for _, values in parts]) for name in _METRICS.values()}
    order = np.argsort(keys)
    if (keys[order][1:] == keys[order][:-1]).any():
        raise ArchflowError(f"{', '.join(files)}: a cell occurs twice; get the files again")
    return Table(graphs_of(keys[order].tolist()), {name: values[order] for name, values in metrics.items()})


def _columns(path: Path) -> tuple[NDArray[np.str_], dict[str, NDArray[np.float64]]]:
    content = read_json(path)
    try:
        keys = np.array(content["key"], "U32")
        metrics = {ours: np.array(content[theirs], np.float64) for theirs, ours in _METRICS.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ArchflowError(f"{path}: not the published columns of NAS-Bench-101 ({error})") from None
    if keys.ndim != 1 or any(values.shape != keys.shape for values in metrics.values()):
        raise ArchflowError(f"{path}: not the published columns of NAS-Bench-101: they differ in length")
    return keys, metrics
