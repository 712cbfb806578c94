"""Which pre-training helps whom: encoders x pretext tasks x data sets x numbers of labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from archflow.graph.table import Table
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.studies.encoders import Comparison, protocol_results

_KEPT = ("data", "metric", "labels", "methods", "published", "pretrain_epoch_s", "seconds", "config")


def pretext_matrix(
    comparisons: Sequence[Comparison],
    tables: Mapping[str, Table],
    folder: Path,
    processes: int = 2,
    on_step: Callable[[str], None] = lambda name: None,
    pretrain_on: Mapping[str, Table] | None = None,
) -> dict[str, Any]:
    """Run every cell of the matrix, and return the result as JSON keeps it.

    comparisons: one a data set; its methods are "supervised" and pretext tasks. tables: by the data's names. folder:
    holds the finished and unfinished cells, data set by data set; the same call, or one for a larger matrix, goes on
    from there. on_step: called with a few words before every cell. pretrain_on: tables by name; encoders are
    pre-trained on all their architectures together instead of those of each cell's table.

    Raises ArchflowError as `run_protocol` does.
    """
    cells = []
    for comparison in comparisons:
        results = protocol_results(
            comparison,
            tables[comparison.data],
            folder / comparison.data,
            processes,
            lambda step, data=comparison.data: on_step(f"{data}: {step}"),
            pretrain_on,
        )
        for result in results:
            cell = {key: result[key] for key in _KEPT}
            cells.append({"encoder": result["config"]["encoder"], "split": result["splits"]["by"], **cell})
    return {"matrix": cells, "machine": machine()}
