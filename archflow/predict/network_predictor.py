"""A predictor of fine-tuned networks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.encoders import Embedder, stack
from archflow.encoders.embedder import Architectures, load_weights
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.predict.base import Prediction, Predictor
from archflow.predict.conformal import Conformal
from archflow.predict.fine_tune import FineTuned, FineTuneSettings, Runs, fine_tune
from archflow.predict.folder import part_of, read_folder, write_folder
from archflow.predict.labels import Labelled, validation_labels
from archflow.predict.models import ScoreModel, model_for
from archflow.predict.objectives import Hinge, Objective, describe_objective, one_for_each, rebuild_objective
from archflow.predict.prepared import Prepared
from archflow.predict.ranking_model import score
from archflow.seeding import seeded

Values = NDArray[np.float64]

FORMAT = "archflow networks 3"


@dataclass(frozen=True)
class _Fitted:
    """What fitting gave.

    Attributes:
        models: K of them.
        maps: (K, metrics) of each, the output map of every metric.
        residuals: Of every metric, how far labels were from the prediction of the members that held them out of
            training, on the objective's scale.
    """

    models: list[ScoreModel]
    metrics: list[str]
    flat: bool
    objectives: list[Objective]
    maps: list[list[Values]]
    residuals: list[Conformal]


class NetworkPredictor(Predictor):
    """Encoders with a head each, fine-tuned on the labels. Predictions are the mean of its members.

    Args:
        embedder: Pre-trained or fresh; or several of one kind, which the members take in turn. Every fit starts from
            their weights as they are now; they themselves are not changed.
        members: How many networks to train, each with its own head, order of batches and held-out labels.
        objective: What to train for, by its name in `OBJECTIVES` or as an object: one for all metrics, or one for
            each. None is a ranking by the hinge loss with the settings' margin.
        settings: Of the training.
        validation_share: Part of the labels that chooses the epoch to keep, unless `fit` is given validation data.
        seed: Decides everything that is drawn.
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
        if members < 1 or not 0 < validation_share < 1:
            raise ArchflowError(
                f"predictor: members {members} must be at least 1, validation_share {validation_share} in 0..1"
            )
        self.members, self.objective = int(members), objective
        self.settings, self.validation_share = settings or FineTuneSettings(), float(validation_share)
        self.seed, self.device = int(seed), torch.device(device)
        self._state: _Fitted | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The operations that its encoders know."""
        return self.embedders[0].vocabulary

    @property
    def metrics(self) -> Sequence[str]:
        return self._state.metrics if self._state else ()

    @property
    def objectives(self) -> Sequence[Objective]:
        return self._state.objectives if self._state else ()

    @property
    def embedder(self) -> Embedder:
        """With the encoder of the first member; before `fit`, the first embedder that the predictor was made with."""
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
        """Learn from labels, as `Predictor.fit` says. `reference` is ignored.

        With too few labels to hold any out (fewer than four would remain), the training labels choose the epoch.
        """
        given = Labelled.of(architectures, y, mask, metrics)
        train, held, known = self._split(given, validation)
        objectives = one_for_each(self.objective or Hinge(margin=self.settings.margin), len(given.metrics))
        for metric, objective in enumerate(objectives):
            objective.check(known.values[:, metric], f"labels of {given.metrics[metric]}")
            learnt = given.values[:, metric]
            objectives[metric] = objective.scaled_to(learnt[np.isfinite(learnt)])
        models = []
        for k in range(self.members):
            with seeded(self.seed, k):
                start = self.embedders[k % len(self.embedders)].encoder
                models.append(model_for(copy.deepcopy(start), len(given.metrics)))
        prepared = Prepared(self.embedders, known.architectures)
        first = self._rows(prepared)[:, :1]
        seeds = [self.seed + k for k in range(self.members)]
        runs = Runs(prepared.tiled(known.values), train + first, held + first, seeds)
        tuned = fine_tune(
            models, prepared.together, runs, self.settings, checkpoint, self.device, on_epoch, objectives=objectives
        )
        scores = self._scores(tuned.models, prepared)
        maps = [
            [
                objective.output_map(own[present, metric], given.values[present, metric])
                for metric, objective in enumerate(objectives)
                for present in [np.isfinite(given.values[:, metric])]
            ]
            for own in scores[:, : len(given)]
        ]
        values = _in_unit(scores, objectives, maps)
        residuals = _residuals(values, known.values, objectives, train, held)
        self._state = _Fitted(tuned.models, given.metrics, given.flat, objectives, maps, residuals)
        return tuned

    def _split(
        self, known: Labelled, validation: tuple[Architectures, ArrayLike] | Table | None
    ) -> tuple[NDArray, NDArray, Labelled]:
        """(K, n) rows to train on, (K, v) rows that choose the epoch, and the labelled architectures they are of."""
        if validation is not None:
            further = validation_labels(validation, known)
            both = ArchitectureSet.concatenate(
                [each.architectures.recoded(self.vocabulary) for each in (known, further)]
            )
            together = Labelled(both, np.concatenate([known.values, further.values]), known.metrics, known.flat)
            train, held = np.split(np.tile(np.arange(len(together)), (self.members, 1)), [len(known)], 1)
            return train, held, together
        rng = np.random.default_rng(self.seed)
        held_out = max(2, round(self.validation_share * len(known)))
        shuffled = np.stack([rng.permutation(len(known)) for _ in range(self.members)])
        if len(known) - held_out < 4:
            return shuffled, shuffled, known
        return shuffled[:, held_out:], shuffled[:, :held_out], known

    def _rows(self, prepared: Prepared) -> NDArray[np.int64]:
        """(K, N) every member's rows of `prepared.together`."""
        return np.stack([prepared.rows(k % len(self.embedders)) for k in range(self.members)])

    def predict(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Prediction:
        """As `Predictor.predict` says. std: between members, not calibrated; NaN if there is only one."""
        fitted = self._fitted
        values = _in_unit(self.scores(architectures, on_batch), fitted.objectives, fitted.maps)
        mean = values.mean(0)
        std = values.std(0, ddof=1) if len(values) > 1 else np.full_like(mean, np.nan)
        return Prediction(mean[:, 0], std[:, 0]) if fitted.flat else Prediction(mean, std)

    def interval(self, architectures: Architectures, coverage: float) -> tuple[Values, Values]:
        """As `Predictor.interval` says; equally wide for all architectures on the objective's scale.

        The width comes from labels that members held out of training. The same labels chose the members' epochs, so
        that the intervals are a little too narrow.
        """
        fitted, (mean, _) = self._fitted, self.predict(architectures)
        ends = np.empty((2, len(mean), len(fitted.objectives)))
        for metric, objective in enumerate(fitted.objectives):
            centre = objective.to_scale(mean if fitted.flat else mean[:, metric])
            reach = fitted.residuals[metric].factor(coverage)
            ends[:, :, metric] = [objective.from_scale(centre - reach), objective.from_scale(centre + reach)]
        return (ends[0, :, 0], ends[1, :, 0]) if fitted.flat else (ends[0], ends[1])

    def scores(self, architectures: Architectures | Prepared, on_batch: Callable[[int], None] | None = None) -> Values:
        """(K, N, metrics) the members' scores, higher is better, before they are put on the labels' scale.

        Raises:
            ArchflowError: Before `fit`, and for an operation that the vocabulary lacks.
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

    def embed(self, architectures: Architectures) -> NDArray[np.float32]:
        """(N, d) embeddings: of the first member's encoder, or before `fit` of the one it starts from."""
        return self.embedder.embed(architectures, self.device)

    @property
    def _fitted(self) -> _Fitted:
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
        tensors, about = read_folder(folder, FORMAT)
        try:
            starts = [
                Embedder.build(each, part_of(tensors, f"start.{k}.")) for k, each in enumerate(about["embedders"])
            ]
            objectives = [rebuild_objective(each) for each in about["objectives"]]
            settings = FineTuneSettings(**about["settings"])
            predictor = cls(starts, objective=objectives, settings=settings, device=device, **about["arguments"])
            models = []
            for k in range(predictor.members):
                model = model_for(copy.deepcopy(starts[0].encoder), len(objectives))
                load_weights(model, part_of(tensors, f"member.{k}."))
                models.append(model.eval())
        except ArchflowError as error:
            raise ArchflowError(f"{folder}: {error}") from None
        maps = [[np.array(each) for each in own] for own in about["maps"]]
        residuals = [Conformal(np.array(each)) for each in about["residuals"]]
        predictor._state = _Fitted(models, about["metrics"], about["flat"], objectives, maps, residuals)
        return predictor


def _in_unit(scores: Values, objectives: Sequence[Objective], maps: Sequence[Sequence[Values]]) -> Values:
    """(K, N, metrics) scores -> predictions in the metrics' units."""
    values = np.empty_like(scores)
    for k, metric in np.ndindex(scores.shape[0], scores.shape[2]):
        objective = objectives[metric]
        values[k, :, metric] = objective.from_scale(objective.outputs(scores[k, :, metric], maps[k][metric]))
    return values


def _residuals(
    values: Values, labels: Values, objectives: Sequence[Objective], train: NDArray, held: NDArray
) -> list[Conformal]:
    """How far the labels of every metric are from the mean of the members that did not train on them.

    Args:
        values: (K, N, metrics) the members' predictions.
        labels: (N, metrics).
        train, held: (K, n), (K, v) rows that a member trains on, and that choose its epoch.
    """
    unseen = np.zeros(values.shape[:2], bool)
    np.put_along_axis(unseen, held, True, 1)
    np.put_along_axis(unseen, train, False, 1)
    found = []
    for metric, objective in enumerate(objectives):
        rows = unseen.any(0) & np.isfinite(labels[:, metric])
        weight = unseen[:, rows]
        mean = (values[:, rows, metric] * weight).sum(0) / weight.sum(0)
        scaled = objective.to_scale(labels[rows, metric])
        found.append(Conformal.of(scaled, objective.to_scale(mean), np.ones(len(scaled))))
    return found
