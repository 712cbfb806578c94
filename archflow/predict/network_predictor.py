"""A predictor that is an ensemble of fine-tuned networks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.bounds import TRAINED_BYTES, number, whole
from archflow.device import usable
from archflow.encoders import Embedder, stack
from archflow.encoders.embedder import Architectures, check_weights
from archflow.encoders.rebuilt import rebuilt
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.memory import check_memory
from archflow.predict.base import Prediction, Predictor, ranked
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.explain.contract import ByModel, Networks
from archflow.predict.fine_tune import FineTuned, FineTuneSettings, Runs, fine_tune
from archflow.predict.fitted_networks import (
    MEMBERS,
    FittedNetworks,
    NetworksDescription,
    counts_of,
    maps_of,
    output_maps,
    residuals_of,
)
from archflow.predict.folder import MEND, parts_of, read_folder, write_folder
from archflow.predict.labels import Labelled, validation_labels
from archflow.predict.models import ScoreModel, model_for
from archflow.predict.objectives import Hinge, Objective, describe_objective, one_for_each, rebuild_objective
from archflow.predict.prepared import Prepared
from archflow.predict.ranking_model import score
from archflow.predict.shown import Shown
from archflow.seeding import seeded

Values = NDArray[np.float64]

FORMAT = "archflow networks 3"


class NetworkPredictor(Shown, Predictor):
    """Encoders with a head each, fine-tuned on the labels. Predictions are the mean of the members.

    Args:
        embedder: A pre-trained or fresh embedder, or several of one kind, which the members take in turn. Every fit
            starts from their current weights; the embedders themselves are not changed.
        members: How many networks to train, each with its own head, order of batches and held-out labels.
        objective: What to train for, by its name in `OBJECTIVES` or as an object: one for all metrics, or one for
            each. None is a ranking by the hinge loss with the settings' margin.
        settings: Training settings.
        validation_share: Fraction of the labels that select the epoch to keep, unless `fit` is given validation data.
        seed: Random seed.
        device: Where to compute.

    Raises:
        ArchflowError: If the embedders differ in kind, size or vocabulary, or an argument is out of its range.
    """

    def __init__(
        self,
        embedder: Embedder | Sequence[Embedder],
        *,
        members: int = 1,
        objective: Objective | str | Sequence[Objective | str] | None = None,
        settings: FineTuneSettings | None = None,
        validation_share: float = 0.25,
        seed: int = 21,
        device: torch.device | str = "cpu",
    ) -> None:
        self.embedders = [embedder] if isinstance(embedder, Embedder) else list(embedder)
        first = self.embedders[0].encoder
        for each in self.embedders:
            if (type(each.encoder), each.encoder.config) != (type(first), first.config):
                raise ArchflowError("predictor: its encoders are of different kinds or sizes; give several of one kind")
            if each.vocabulary != self.vocabulary:
                raise ArchflowError("predictor: its encoders know different operations; give them one vocabulary")
        self.members, self.objective = whole("predictor: members", members, 1, MEMBERS), objective
        self.settings = settings or FineTuneSettings()
        self.validation_share = number("predictor: validation_share", validation_share, above=0, most=0.99)
        self.seed, self.device = whole("predictor: seed", seed, 0), usable(device)
        needed = TRAINED_BYTES * self.members * sum(parameter.numel() for parameter in first.parameters())
        check_memory(f"predictor: {self.members} members", needed)
        self._state: FittedNetworks | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The operations that its encoders know."""
        return self.embedders[0].vocabulary

    def epochs(self, labels: int) -> int:
        """How many epochs `fit` reports, for any number of labels."""
        return self.settings.epochs

    @property
    def metrics(self) -> Sequence[str]:
        return self._state.metrics if self._state else ()

    @property
    def objectives(self) -> Sequence[Objective]:
        return self._state.objectives if self._state else ()

    @property
    def embedder(self) -> Embedder:
        """The first member's embedder; before `fit`, the first embedder that the predictor was created with."""
        first = self.embedders[0]
        return replace(first, encoder=self._state.models[0].encoder) if self._state else first

    def fit(
        self,
        architectures: Architectures,
        y: ArrayLike | None = None,
        *,
        mask: ArrayLike | None = None,
        reference: Architectures | None = None,
        validation: tuple[Architectures, ArrayLike] | Table | None = None,
        metrics: Sequence[str] | None = None,
        checkpoint: Path | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> FineTuned:
        """Learn from labels, as described in `Predictor.fit`. `reference` is ignored.

        With too few labels to hold any out (fewer than four would remain), the training labels select the epoch.
        """
        for embedder in self.embedders:
            check_weights(embedder.encoder)
        given = Labelled.of(architectures, y, mask, metrics)
        train, held, known = self._split(given, validation)
        objectives = one_for_each(self.objective or Hinge(margin=self.settings.margin), len(given.metrics))
        counts = np.empty_like(known.values)
        for metric, objective in enumerate(objectives):
            labels = known.values[:, metric]
            objective.check(labels, f"labels of {given.metrics[metric]}")
            objective = objective.spanning(labels[np.isfinite(labels)], given.metrics[metric])
            counts[:, metric] = objective.unit.counts(labels)
            learnt = counts[: len(given), metric]
            objectives[metric] = objective.scaled_to(learnt[np.isfinite(learnt)])
        models = []
        for k in range(self.members):
            with seeded(self.seed, k):
                start = self.embedders[k % len(self.embedders)].encoder
                models.append(model_for(copy.deepcopy(start), len(given.metrics)))
        prepared = Prepared(self.embedders, known.architectures)
        first = self._rows(prepared)[:, :1]
        runs = Runs(prepared.tiled(counts), train + first, held + first, range(self.seed, self.seed + self.members))
        tuned = fine_tune(
            models, prepared.together, runs, self.settings, checkpoint, self.device, on_epoch, objectives=objectives
        )
        scores = self._scores(tuned.models, prepared)
        maps = output_maps(scores[:, : len(given)], counts[: len(given)], objectives)
        residuals = residuals_of(counts_of(scores, objectives, maps), counts, objectives, train, held)
        self._state = FittedNetworks(tuned.models, given.metrics, given.flat, objectives, maps, residuals)
        return tuned

    def _split(
        self, known: Labelled, validation: tuple[Architectures, ArrayLike] | Table | None
    ) -> tuple[NDArray, NDArray, Labelled]:
        """(K, n) rows to train on, (K, v) rows that select the epoch, and the architectures that these rows index."""
        if validation is not None:
            further = validation_labels(validation, known)
            both = ArchitectureSet.concatenate(
                [each.architectures.recoded(self.vocabulary) for each in (known, further)]
            )
            values = np.concatenate([known.values, further.values])
            together = Labelled(both, values, known.metrics, known.flat, np.arange(len(values)))
            train, held = np.split(np.tile(np.arange(len(together)), (self.members, 1)), [len(known)], 1)
            return train, held, together
        rng = np.random.default_rng(self.seed)
        held_out = max(2, round(self.validation_share * len(known)))
        shuffled = np.stack([rng.permutation(len(known)) for _ in range(self.members)])
        if len(known) - held_out < 4:
            return shuffled, shuffled, known
        return shuffled[:, held_out:], shuffled[:, :held_out], known

    def _rows(self, prepared: Prepared) -> NDArray[np.int64]:
        """(K, N) each member's rows of `prepared.together`."""
        return np.stack([prepared.rows(k % len(self.embedders)) for k in range(self.members)])

    def predict(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Prediction:
        """As `Predictor.predict`. std is the spread between members, uncalibrated; NaN if there is only one."""
        return self._fitted.prediction(self._fitted.counts(self.scores(architectures, on_batch)))

    def rank(
        self,
        table: Table | Architectures,
        on_batch: Callable[[int], None] | None = None,
        coverage: float | None = None,
    ) -> Table:
        """As `Predictor.rank`; also ranks by differences that are lost to rounding in the labels' unit."""
        if coverage is not None:
            self.check_coverage(coverage)  # before the work
        counts = self._fitted.counts(self.scores(table, on_batch))
        ends = None if coverage is None else self._fitted.interval(counts, coverage)
        return ranked(table, self._fitted.prediction(counts), counts.mean(0), self, ends)

    def check_coverage(self, coverage: float) -> None:
        """Raise ArchflowError if there are too few labels for this coverage."""
        for residuals in self._fitted.residuals:
            residuals.place(coverage)

    def interval(self, architectures: Architectures, coverage: float) -> tuple[Values, Values]:
        """As `Predictor.interval`, with widths from labels that members held out of training.

        These labels also selected the members' epochs, so intervals are too narrow.
        """
        return self._fitted.interval(self._fitted.counts(self.scores(architectures)), coverage)

    def scores(self, architectures: Architectures | Prepared, on_batch: Callable[[int], None] | None = None) -> Values:
        """Compute (K, N, metrics) scores of the members, higher is better, before mapping to the labels' scale.

        Raises:
            ArchflowError: If called before `fit`, or the vocabulary lacks an operation.
        """
        models = self._fitted.models
        if not isinstance(architectures, Prepared):
            architectures = Prepared(self.embedders, architectures)
        return self._scores(models, architectures, on_batch)

    def _scores(
        self, models: Sequence[ScoreModel], prepared: Prepared, on_batch: Callable[[int], None] | None = None
    ) -> Values:
        shown, rows = prepared.together, self._rows(prepared)
        if len(models) > 1 and type(models[0].encoder).stackable:
            return score(stack(models), shown, rows, self.device, on_batch).astype(np.float64)
        reports = [None] * (len(models) - 1) + [on_batch]
        each = zip(models, rows, reports, strict=True)
        return np.stack([score(model, shown, own, self.device, report) for model, own, report in each]).astype(float)

    def by_model(self, architectures: Architectures) -> ByModel:
        return self._fitted.by_model(self._fitted.counts(self.scores(architectures)))

    def networks(self, row: Table, metric: int = 0) -> Networks:
        return self._fitted.networks(self.embedders, metric)

    def embed(self, architectures: Architectures) -> NDArray[np.float32]:
        """(N, d) embeddings by the first member's encoder or, before `fit`, by the encoder that it starts from."""
        return self.embedder.embed(architectures, self.device)

    @property
    def _fitted(self) -> FittedNetworks:
        if self._state is None:
            raise ArchflowError("predictor: nothing to predict with yet; call fit or load first")
        return self._state

    def save(self, folder: str | Path) -> None:
        """Write predictor.json and the weights file that it names into a folder. Raises ArchflowError before `fit`."""
        if self._state is None:
            raise ArchflowError("predictor: nothing to save yet; call fit first")
        fitted, tensors = self._state, {}
        for kind, modules in (("start", [each.encoder for each in self.embedders]), ("member", fitted.models)):
            for k, module in enumerate(modules):
                tensors |= {f"{kind}.{k}.{name}": value for name, value in module.state_dict().items()}
        about = {
            "embedders": [each.describe() for each in self.embedders],
            "arguments": {"members": self.members, "validation_share": self.validation_share, "seed": self.seed},
            "settings": asdict(self.settings),
            "metrics": fitted.metrics,
            "flat": fitted.flat,
            "objectives": [describe_objective(each) for each in fitted.objectives],
            "maps": [[each.tolist() for each in own] for own in fitted.maps],
            "residuals": [each.ratios.tolist() for each in fitted.residuals],
        }
        write_folder(Path(folder), FORMAT, tensors, about)

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> Self:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if one is missing, cut off or altered."""
        folder = Path(folder)
        tensors, about = read_folder(folder, FORMAT, NetworksDescription)
        try:
            parts = parts_of(tensors, "start", len(about.embedders))
            starts = [Embedder.build(each, part) for each, part in zip(about.embedders, parts, strict=True)]
            objectives = [rebuild_objective(each) for each in about.objectives]
            predictor = cls(
                starts, objective=objectives, settings=about.settings, device=device, **about.arguments.model_dump()
            )
            maps = [maps_of(own, objectives) for own in about.maps]
            residuals = [
                CrossConformal.restored(np.array(each, float), np.zeros(len(each)), len(each), 1)
                for each in about.residuals
            ]
            counts = {len(objectives), len(about.metrics), len(residuals), *map(len, maps)}
            if len(maps) != predictor.members or len(counts) > 1 or (about.flat and len(objectives) > 1):
                raise ArchflowError(f"its numbers of members or metrics contradict each other; {MEND}")
            models = [
                rebuilt(lambda: model_for(copy.deepcopy(starts[0].encoder), len(objectives)), part)
                for part in parts_of(tensors, "member", predictor.members)
            ]
        except ArchflowError as error:
            raise ArchflowError(f"{folder}: {error}") from None
        predictor._state = FittedNetworks(models, about.metrics, about.flat, objectives, maps, residuals)
        return predictor
