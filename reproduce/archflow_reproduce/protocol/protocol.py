"""The settings of the FGP paper's protocol, and the rows that it uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import number, whole
from archflow.data.splits import PERMUTATIONS
from archflow.errors import ArchflowError
from archflow.graph.effective import view
from archflow.graph.table import Table
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings
from archflow_reproduce.protocol.methods import proxies_of_methods
from archflow_reproduce.protocol.runs import MODEL_SEEDS
from archflow_reproduce.protocol.splits import VALIDATION, check_rule
from archflow_reproduce.protocol.teachers import Teacher

METHODS = ("supervised", "proxy", "flow", "fgp")


@dataclass(frozen=True)
class Protocol:
    """What to measure; see "5. Protocol" of the paper's experiments.

    Attributes:
        methods: "supervised", pretext tasks as `make_task` reads them ("proxy" for proxy ranking), variants of FGP
            named in `archflow_reproduce.protocol.methods`, and existing pre-trained encoders: one of the package by its
            name, or a file. "learned" reconstructs what a `teacher` has learnt from the labels instead of the flow, so
            that every run has its own encoder.
        labels: Fraction of the train part if below 1, otherwise a count.
        validation: Number of further labels, which choose the epoch.
        runs: At most 9; run i has the i-th permutation of the data and model seed i // 3, so that 3 runs share one
            pre-trained encoder.
        train, test: Sizes of the two parts; if None, each is half of the labelled architectures.
        split_by: A rule of `draw_splits`, "random" as in the paper.
        shuffled: Replace the table's own order, one of the permutations, by a random one.
        pretrain_on_all: Pre-train on architectures without a label too, unless the split is by size.
        view: The form in which the encoder sees architectures (`archflow.graph.effective.VIEWS`).
        proxies: The proxies that methods rank.
        pretext: Settings of pretext tasks, by task, that differ from the defaults.
    """

    metric: str
    encoder: str = "gated_gcn"
    encoder_config: dict[str, Any] = field(default_factory=dict)
    methods: Sequence[str] = METHODS
    labels: float = 0.01
    validation: int = VALIDATION
    runs: int = 9
    train: int | None = None
    test: int | None = None
    split_by: str = "random"
    shuffled: bool = False
    pretrain_on_all: bool = False
    view: str = "whole"
    proxies: Sequence[str] = ()
    pretext: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pretrain: PretrainSettings = field(default_factory=PretrainSettings)
    fine_tune: FineTuneSettings = field(default_factory=FineTuneSettings)
    teacher: Teacher = field(default_factory=Teacher)

    def __post_init__(self) -> None:
        proxies_of_methods(self.methods, self.proxies, self.pretext)
        check_runs(self.runs)
        for name in ("labels", "validation", "train", "test"):
            value = getattr(self, name)
            if value is not None:
                checked = number(name, value, above=0) if name == "labels" else whole(name, value, 1)
                object.__setattr__(self, name, checked)
        check_rule(self.split_by)
        view(self.view)


def check_runs(runs: int) -> None:
    """Raise ArchflowError for fewer than one run, or more runs than permutations times model seeds."""
    if not 1 <= runs <= len(PERMUTATIONS) * len(MODEL_SEEDS):
        raise ArchflowError(f"runs {runs} must be 1 to 9: three permutations of the data times three model seeds")


def measured_rows(table: Table, data: str, metric: str) -> NDArray[np.int64]:
    """The rows with a value. Raises ArchflowError if one is infinite, or there are too few to rank."""
    values = table.metric(metric)
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise ArchflowError(f"{data}: row {row}: {metric} is infinite; correct the value, or leave it empty")
    rows = np.flatnonzero(np.isfinite(values))
    if len(rows) < 10:
        raise ArchflowError(f"{data}: {len(rows)} architectures have a finite {metric}; too few to rank")
    return rows
