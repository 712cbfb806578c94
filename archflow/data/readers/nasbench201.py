"""NAS-Bench-201 as published with "Neural Architecture Search without Training": a pickled pandas table.

Source: Mellor et al., ICML 2021; `results/arch_score_acc.pd` of their repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from archflow.data.pickled_arrays import PANDAS_NAMES, columns
from archflow.data.safe_pickle import read_pickle
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.spaces import NASBench201

_FILE = "arch_score_acc.pd"
_METRICS = {
    "arch": "arch_id",
    "params": "params_M",
    "test_top1": "cifar10_test_acc",
    "valid_top1": "cifar10_val_acc",
    "score": "zc_jacov",
}
"""Published column -> ours. `valid_test_top1` is left out, since it is not documented."""


def read(files: Mapping[str, Path]) -> Table:
    """Read all 15,625 cells.

    Columns are the parameters (millions), CIFAR-10 accuracies (%, mean over the seeds, 200 epochs) and the Jacobian
    covariance (NaN for 341).
    """
    path = files[_FILE]
    try:
        published = columns(read_pickle(path, PANDAS_NAMES))
        missing = [name for name in ("cellstr", *_METRICS) if name not in published]
        if missing:
            raise ArchflowError(f"it has no column {missing[0]!r}")
        space = NASBench201()
        native = [str(text) for text in published["cellstr"]]
        cells = ArchitectureSet.from_architectures([space.parse(text) for text in native], space.vocabulary)
        metrics = {ours: published[theirs].astype(np.float64) for theirs, ours in _METRICS.items()}
    except (ArchflowError, ValueError) as error:
        raise ArchflowError(f"{path}: not the published NAS-Bench-201 table ({error})") from None
    return Table(cells, metrics, native)
