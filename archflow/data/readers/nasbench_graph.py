"""NAS-Bench-Graph's light files: one pickled mapping per graph data set, from the official hash to four numbers.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.data.pickled_arrays import NUMPY_NAMES, number
from archflow.data.safe_pickle import read_pickle
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.spaces.nasbench_graph import decode_hash

_METRICS = ("valid_perf", "perf", "latency", "para")


def read(files: Mapping[str, Path]) -> Table:
    """Read the architectures in the order of their hashes, `arch_id`; DATASET_METRIC for each file DATASET.bench.

    An architecture that a file lacks is NaN there.
    """
    measured = {Path(name).stem: _measurements(path) for name, path in files.items()}
    hashes = np.unique(np.concatenate([keys for keys, _ in measured.values()]))
    metrics = {"arch_id": hashes.astype(np.float64)}
    for dataset, (keys, values) in measured.items():
        rows = np.searchsorted(hashes, keys)
        for column, metric in enumerate(_METRICS):
            metrics[f"{dataset}_{metric}"] = np.full(len(hashes), np.nan)
            metrics[f"{dataset}_{metric}"][rows] = values[:, column]
    return Table(decode_hash(hashes), metrics)


def _measurements(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Hashes (n,) and their numbers (n, 4)."""
    content = read_pickle(path, NUMPY_NAMES)
    try:
        if not (isinstance(content, dict) and content and all(type(key) is int for key in content)):
            raise ArchflowError("it is not a mapping from hashes")
        rows = [[number(row[metric]) for metric in _METRICS] for row in content.values()]
        return np.array(list(content), np.int64), np.array(rows)
    except (ArchflowError, KeyError, TypeError, OverflowError) as error:
        raise ArchflowError(f"{path}: not a published NAS-Bench-Graph file ({error})") from None
