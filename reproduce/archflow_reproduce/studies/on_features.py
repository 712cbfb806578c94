"""Regressors on features in the protocol of encoders, such as "graf + random_forest"."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from archflow.data.splits import Split
from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.graph.table import Table
from archflow.predict.metrics import summary
from archflow_reproduce.protocol.drawn import Drawn
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.runs import MODEL_SEEDS, model_seed
from archflow_reproduce.travel.methods import REGRESSORS
from archflow_reproduce.travel.pool import Pool, Task
from archflow_reproduce.travel.tables import Entry

BETWEEN = " + "

AND_VALIDATION = "validation"
"""The third part of a name: the validation labels, which choose an encoder's epoch, are used for training too."""

BATCHES = 20
"""Number of batches that are timed."""


def is_on_features(name: str) -> bool:
    """Whether a name has the form FEATURES + REGRESSOR or FEATURES + REGRESSOR + validation.

    Raises:
        ArchflowError: If it has this form, but the features or the regressor are unknown.
    """
    kind, *rest = name.split(BETWEEN)
    if not rest:
        return False
    FEATURES.get(kind)
    if rest[0] not in REGRESSORS or rest[1:] not in ([], [AND_VALIDATION]):
        raise ArchflowError(
            f"{name!r}: after features and{BETWEEN}comes one of {', '.join(REGRESSORS)}, then nothing or "
            f"{BETWEEN.strip()} {AND_VALIDATION}"
        )
    return True


def features_result(name: str, protocol: Protocol, data: str, table: Table) -> dict[str, Any]:
    """The result of a regressor on features, in the form of `run_protocol` as far as it is shown.

    Args:
        name: A name as in `is_on_features`. A regressor has no epochs, and needs no labels to choose one.
        protocol: The training and test rows, and the number of runs.
        data: The table's name.
        table: Architectures with the protocol's metric.

    Raises:
        ArchflowError: As for `run_protocol`.
    """
    began = time.perf_counter()
    drawn = Drawn.of(protocol, data, table)
    measured, train, labels, splits = drawn.measured, drawn.train, drawn.labels, drawn.splits
    parts = list(splits.values())
    values = measured.metric(protocol.metric)
    known = Pool(Entry(data, data, protocol.metric, "cell"), measured, values, len(measured))
    runs = [_measures(name, known, parts[run % len(parts)], model_seed(run)) for run in range(protocol.runs)]
    config = {
        **{each: getattr(protocol, each) for each in ("metric", "labels", "validation", "runs", "split_by")},
        **{"data": data, "encoder": name, "methods": ["supervised"], "view": "whole", "tasks": {}},
        **{"fine_tune": {"epochs": 0}, "pretrain": {"epochs": 0}, "regressor": dict(_regressor(name)[1])},
        "model_seeds": [model_seed(run) for run in range(protocol.runs)],
    }
    return {
        "data": data,
        "metric": protocol.metric,
        "labels": labels,
        "splits": {
            "by": protocol.split_by,
            "train": train,
            "test": [len(part.test) for part in parts],
            "validation": protocol.validation,
            "permutations": list(splits),
            "model_seeds": list(MODEL_SEEDS[: -(-protocol.runs // len(parts))]),
            "test_isomorphic_to_labelled": drawn.test_isomorphic_to_labelled,
        },
        "methods": {"supervised": {measure: [run[measure] for run in runs] for measure in runs[0]}},
        "seconds": round(time.perf_counter() - began, 3),
        "config": config,
    }


def features_us(name: str, table: Table, batch_size: int) -> float:
    """Microseconds per architecture on one core to compute the features, median over batches."""
    features = FEATURES.get(name.split(BETWEEN)[0]).of(table)
    times = []
    for batch in np.array_split(np.random.default_rng(0).permutation(len(table))[: BATCHES * batch_size], BATCHES):
        part = table.select(np.resize(batch, batch_size))
        began = time.process_time()
        features(part)
        times.append(time.process_time() - began)
    return 1e6 * float(np.median(times)) / batch_size


def _regressor(name: str) -> tuple[Any, Any]:
    return REGRESSORS[name.split(BETWEEN)[1]]


def _measures(name: str, known: Pool, part: Split, seed: int) -> dict[str, float]:
    """How well the regressor ranks the test rows of a split."""
    kind, _, *further = name.split(BETWEEN)
    labelled = np.concatenate([part.labelled, part.validation]) if further else part.labelled
    task = Task(known, labelled, part.test, seed, Path())
    answer = _regressor(name)[0](task, known.features(kind))
    return {measure: round(value, 6) for measure, value in summary(answer.scores, task.truth).items()}
