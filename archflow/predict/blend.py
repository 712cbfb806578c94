"""A predictor that blends fine-tuned networks with a Gaussian process on the same encoders' embeddings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from archflow.checkpoint import fingerprint
from archflow.encoders.embedder import Architectures, as_set
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.base import Prediction, Predictor
from archflow.predict.conformal import Conformal
from archflow.predict.fine_tune import FineTuned
from archflow.predict.folder import format_of, part_of, read_folder, write_folder
from archflow.predict.gaussian_process import EmbeddingGP
from archflow.predict.labels import Labelled, validation_labels
from archflow.predict.monotone import monotone, quantile_knots
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.objectives import Objective
from archflow.predict.prepared import Prepared
from archflow.predict.stacking import share_of_first

Values = NDArray[np.float64]

FORMAT = "archflow blend 4"

REFERENCE = 2000
"""Reference architectures that are looked at, evenly from all: enough for a mean and a standard deviation."""


@dataclass(frozen=True)
class _Readings:
    """The two predictors that are blended, on a common scale: about 0 for what is usual, higher is better.

    Attributes:
        networks: Fitted.
        process: Fitted to the embeddings of the networks' embedders.
        centre, scale: (K,) mean and standard deviation of every network's scores on reference architectures.
    """

    networks: NetworkPredictor
    process: EmbeddingGP
    centre: Values
    scale: Values

    @classmethod
    def of(cls, networks: NetworkPredictor, learnt: _Seen, rising: Values, usual: _Seen) -> _Readings:
        """Fit the process to labels (n,) that rise with quality, and take the scale of the `usual` architectures."""
        process = EmbeddingGP().fit(learnt.embeddings, rising, usual.embeddings)
        scores = networks.scores(usual.prepared)[..., 0]
        return cls(networks, process, scores.mean(1), scores.std(1) + 1e-9)

    def __call__(self, seen: _Seen, on_batch: Callable[[int], None] | None = None) -> tuple[Values, Values, Values]:
        """(K, N) scores of the networks, (N,) mean and standard deviation of the process."""
        mean, std = self.process.predict(seen.embeddings)
        scores = self.networks.scores(seen.prepared, on_batch)[..., 0]
        return (scores - self.centre[:, None]) / self.scale[:, None], mean, std


@dataclass(frozen=True)
class _Blend:
    """Readings, and how they become predictions.

    Attributes:
        share: Weight of the networks; the process has the rest.
        knots: (2, KNOTS) the map from blended scores to labels that rise with quality.
    """

    readings: _Readings
    share: float
    knots: Values

    @classmethod
    def of(cls, readings: _Readings, share: float, learnt: _Seen, rising: Values) -> _Blend:
        """With the map from blended scores of the learnt architectures to their labels."""
        networks, process, _ = readings(learnt)
        knots = quantile_knots(share * networks.mean(0) + (1 - share) * process), quantile_knots(rising)
        return cls(readings, share, np.stack(knots))

    def __call__(self, seen: _Seen, on_batch: Callable[[int], None] | None = None) -> tuple[Values, Values]:
        """(N,) predictions that rise with quality, and how unsure they are: by the process' own deviation, by how far
        networks and process are apart, and by how far the networks are from one another."""
        networks, process, deviation = self.readings(seen, on_batch)
        blended = self.share * networks.mean(0) + (1 - self.share) * process
        apart = (networks.mean(0) - process) / 2
        unsure = np.sqrt(deviation**2 + apart**2 + networks.var(0))
        low, mean, high = (monotone(blended + shift * unsure, *self.knots) for shift in (-1, 0, 1))
        return mean, (high - low) / 2


class _Seen:
    """Architectures as the embedders read them, and their embeddings, each computed once."""

    def __init__(self, networks: NetworkPredictor, architectures: Architectures) -> None:
        self.prepared, self._device = Prepared(networks.embedders, architectures), networks.device

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """(N, E d) side by side."""
        return self.prepared.embeddings(self._device)


@dataclass(frozen=True)
class _Fitted:
    """What fitting gave."""

    blend: _Blend
    conformal: Conformal


class BlendedPredictor(Predictor):
    """Ranks architectures by two predictors of the same pre-trained encoders, which err differently: networks
    fine-tuned from them, and a Gaussian process on their frozen embeddings side by side (`EmbeddingGP`).

    The networks' scores are standardised on reference architectures, which need no label; the process' mean is in
    units of its prior, so that an uninformative process has little weight. The prediction is the mean of both, weighted
    by how well each predicts the validation labels (`share_of_first`), and mapped to the labels' scale by a rising map.

    Args:
        networks: Not fitted yet; its embedders should be pre-trained differently (tasks, seeds, views). Its
            `validation_share` is the part of the labels that chooses epochs, weights and calibrates, unless `fit` is
            given validation data. One metric only.
    """

    def __init__(self, networks: NetworkPredictor) -> None:
        self.networks = networks
        self._state: _Fitted | None = None

    @property
    def metrics(self) -> Sequence[str]:
        return self.networks.metrics

    @property
    def objectives(self) -> Sequence[Objective]:
        return self.networks.objectives

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
        """Learn from labels, as `Predictor.fit` says. Returns how the networks' fine-tuning went.

        Validation labels choose the networks' epochs, weight both predictors and calibrate the intervals. If they are
        a part of the labels, the Gaussian process learns from all labels in the end.

        Raises:
            ArchflowError: Also for labels of several metrics, and for too few to spare any.
        """
        given = Labelled.of(architectures, y, mask, metrics)
        if len(given.metrics) != 1:
            raise ArchflowError(
                f"blended predictor: labels of {len(given.metrics)} metrics; fit one predictor for each"
            )
        train, held = self._split(given) if validation is None else (given, validation_labels(validation, given))
        tuned = self.networks.fit(
            train.architectures,
            train.values if not given.flat else train.values[:, 0],
            validation=(held.architectures, held.values[:, 0]),
            metrics=given.metrics,
            checkpoint=checkpoint,
            on_epoch=on_epoch,
        )
        usual = as_set(architectures if reference is None else reference)
        rows = np.linspace(0, len(usual) - 1, min(len(usual), REFERENCE)).astype(np.int64)
        usual, learnt, unseen = (
            _Seen(self.networks, each) for each in (usual.select(rows), train.architectures, held.architectures)
        )
        rising, unseen_rising = self._rising(train), self._rising(held)
        readings = _Readings.of(self.networks, learnt, rising, usual)
        networks, process, _ = readings(unseen)
        share = share_of_first(networks.mean(0), process, unseen_rising)
        blend = _Blend.of(readings, share, learnt, rising)
        conformal = Conformal.of(unseen_rising, *blend(unseen))
        if validation is None:
            learnt, rising = _Seen(self.networks, given.architectures), self._rising(given)
            blend = _Blend.of(_Readings.of(self.networks, learnt, rising, usual), share, learnt, rising)
        self._state = _Fitted(blend, conformal)
        return tuned

    def _split(self, given: Labelled) -> tuple[Labelled, Labelled]:
        """What to train on, and what to hold out."""
        count = max(2, round(self.networks.validation_share * len(given)))
        if len(given) - count < 4:
            raise ArchflowError(f"blended predictor: {len(given)} labels are too few to spare {count}; give more")
        shuffled = np.random.default_rng(self.networks.seed).permutation(len(given))
        return given.select(shuffled[count:]), given.select(shuffled[:count])

    def _rising(self, labelled: Labelled) -> Values:
        """(n,) labels on the objective's scale, with the sign that makes higher better."""
        (objective,) = self.objectives
        return objective.sign * objective.to_scale(labelled.values[:, 0])

    def predict(self, architectures: Architectures, on_batch: Callable[[int], None] | None = None) -> Prediction:
        """As `Predictor.predict` says. std: as wide as the calibration labels asked for."""
        fitted = self._fitted
        mean, spread = fitted.blend(_Seen(self.networks, architectures), on_batch)
        low, high = self._around(mean, spread * fitted.conformal.one_sigma)
        return Prediction(self._in_unit(mean), (high - low) / 2)

    def interval(self, architectures: Architectures, coverage: float) -> tuple[Values, Values]:
        """As `Predictor.interval` says, wider where the prediction is less sure."""
        fitted = self._fitted
        mean, spread = fitted.blend(_Seen(self.networks, architectures))
        return self._around(mean, spread * fitted.conformal.factor(coverage))

    def readings(self, architectures: Architectures) -> tuple[Values, Values]:
        """(members, N) of the networks and (N,) of the Gaussian process: what the prediction blends."""
        networks, process, _ = self._fitted.blend.readings(_Seen(self.networks, architectures))
        return networks, process

    def blended(self, networks: Values, process: Values) -> Values:
        """(N,) what the prediction ranks by, from `readings`; higher is better."""
        share = self._fitted.blend.share
        return share * networks.mean(0) + (1 - share) * process

    def embed(self, architectures: Architectures) -> NDArray[np.float32]:
        """(N, E d) frozen embeddings side by side."""
        return _Seen(self.networks, architectures).embeddings

    @property
    def _fitted(self) -> _Fitted:
        if self._state is None:
            raise ArchflowError("predictor: nothing to predict with yet; call fit or load first")
        return self._state

    def _in_unit(self, rising: Values) -> Values:
        """(N,) values that rise with quality -> in the metric's unit and sign."""
        (objective,) = self.objectives
        return objective.from_scale(objective.sign * rising)

    def _around(self, mean: Values, reach: Values) -> tuple[Values, Values]:
        """(N,) the lower and the upper end of what lies within reach, in the metric's unit."""
        ends = self._in_unit(mean - reach), self._in_unit(mean + reach)
        return np.minimum(*ends), np.maximum(*ends)

    def save(self, folder: str | Path) -> None:
        """Write predictor.json and what it names into a folder. Raises ArchflowError before `fit`."""
        if self._state is None:
            raise ArchflowError("predictor: nothing to save yet; call fit first")
        folder, blend = Path(folder), self._state.blend
        arrays = {
            **{f"process.{name}": array for name, array in blend.readings.process.state().items()},
            "centre": blend.readings.centre,
            "scale": blend.readings.scale,
            "share": np.array([blend.share]),
            "knots": blend.knots,
            "ratios": self._state.conformal.ratios,
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        networks = f"networks-{fingerprint(*tensors.values())}"
        self.networks.save(folder / networks)
        write_folder(folder, FORMAT, tensors, {"networks": networks})
        for old in set(folder.glob("networks-*")) - {folder / networks}:
            shutil.rmtree(old)

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> Self:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if one is missing, cut off or altered."""
        folder = Path(folder)
        tensors, about = read_folder(folder, FORMAT)
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        predictor = cls(NetworkPredictor.load(folder / about["networks"], device))
        process = EmbeddingGP.from_state(part_of(arrays, "process."))
        readings = _Readings(predictor.networks, process, arrays["centre"], arrays["scale"])
        blend = _Blend(readings, float(arrays["share"][0]), arrays["knots"])
        predictor._state = _Fitted(blend, Conformal(arrays["ratios"]))
        return predictor


def load_predictor(folder: str | Path, device: torch.device | str = "cpu") -> NetworkPredictor | BlendedPredictor:
    """Whichever predictor a folder holds. Raises ArchflowError as their `load` does."""
    blended = format_of(Path(folder)).startswith("archflow blend")
    return (BlendedPredictor if blended else NetworkPredictor).load(folder, device)
