"""Drawing, encoding and scoring one chunk of candidates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archflow.encoders.compiled import compiled
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.table import Table
from archflow.predict.base import Predictor
from archflow.predict.load import load_predictor
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.context_texts import with_context
from archflow.recipes.ranking.best import Rows
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.distinct import Digests, first_of_each
from archflow.recipes.ranking.precision import Precision, check_processor, products_in

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """A chunk after scoring.

    Attributes:
        drawn: The number of its candidates.
        digests: (M, 2) their isomorphism classes, each once.
        best: The best of them, one per class.
    """

    drawn: int
    digests: Digests
    best: Rows


@dataclass(frozen=True)
class Job:
    """What has to be known to score any chunk, in any process.

    Attributes:
        predictor: A fitted predictor, or its folder.
        candidates: The candidates.
        top: How many of a chunk can be among the best.
        metric: Which of the predictor's metrics, from 0.
        context: The text for the predictor's context column; None if it has none.
        device: Where to compute.
        precision: The precision of matrix products.
        compiled: Whether encoders are compiled.
    """

    predictor: Predictor | Path
    candidates: Candidates
    top: int
    metric: int = 0
    context: str | None = None
    device: str = "cpu"
    precision: Precision = "float32"
    compiled: bool = False


class Scorer:
    """Scores the chunks of a job. Raises ArchflowError if this machine cannot compute in the job's precision."""

    def __init__(self, job: Job) -> None:
        self.job = job
        check_processor(job.precision, job.device)
        given = job.predictor
        self.model = load_predictor(given, job.device) if isinstance(given, Path) else given

    def __call__(self, number: int) -> Scored:
        """Score a chunk; the result depends on the job and the number alone."""
        drawn = self.job.candidates.chunk(number)
        digests = self.job.candidates.space.digests(drawn)
        numbers = number * CHUNK + np.arange(len(drawn))
        rows = Rows(drawn, *self.predicted(drawn), numbers, digests)
        return Scored(len(drawn), digests[first_of_each(digests)], rows.best(self.job.top))

    def predicted(self, architectures: ArchitectureSet) -> tuple[Values, Values, Values]:
        """(N,) scores, higher is better, and predictions with their uncertainty in the metric's unit.

        Raises:
            ArchflowError: If the predictor cannot read the architectures.
        """
        table, model = self.table(architectures), self.model
        try:
            with products_in(self.job.precision), compiled(self.job.compiled):
                if isinstance(model, StackedPredictor):
                    forecast = model.forecast(table)
                    prediction, by = forecast.prediction, forecast.order  # differences that the unit rounds away
                else:
                    prediction = model.predict(table)
                    by = prediction.mean
        except ArchflowError as error:
            raise ArchflowError(f"{self.job.candidates.space.name}: {error}") from None
        by, mean, std = (part.reshape(len(table), -1)[:, self.job.metric] for part in (by, *prediction))
        score = model.objectives[self.job.metric].sign * by
        return np.where(np.isnan(score), -np.inf, score), mean, std

    def table(self, architectures: ArchitectureSet) -> Table:
        """Architectures as a table, with the context if there is one."""
        table, context = Table(architectures), self.job.context
        if context is None or not isinstance(self.model, StackedPredictor):
            return table
        return with_context(self.model, table, context)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside the block: sums round in the same way, however many processes there are."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
