"""The predictor: fit on few measured architectures, then score any others."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from archflow.checkpoint import fingerprint, load_tensors, save_tensors
from archflow.encoders import Encoder, stack
from archflow.encoders.embedding import embed
from archflow.encoders.saved import describe, load_weights, rebuild
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.effective import view
from archflow.predict.causal_model import model_for
from archflow.predict.fine_tune import FineTuned, FineTuneSettings, Runs, fine_tune
from archflow.predict.monotone import KNOTS, monotone, quantile_knots
from archflow.predict.ranking_model import RankingModel, score
from archflow.seeding import seeded

Values = NDArray[np.float64]


class Predictor:
    """Ranks architectures after learning from a few measurements.

    encoder: pre-trained or fresh, or several of one kind, which the members take in turn. Every fit starts from their
    weights as they are now.
    vocabulary: the operations that the encoder's ids mean; architectures with other ids are translated by name.
    members: how many models to train, each with its own head, order and validation part; predictions are their mean,
    the standard deviation between them tells how far they agree.
    validation_share: part of the labels that chooses the epoch to keep, unless `fit` is given validation data.
    views: the form in which the encoder sees architectures (`archflow.graph.effective.VIEWS`), or each encoder's.
    """

    def __init__(
        self,
        encoder: Encoder | Sequence[Encoder],
        vocabulary: Vocabulary,
        members: int = 1,
        settings: FineTuneSettings | None = None,
        validation_share: float = 0.25,
        seed: int = 21,
        device: torch.device | str = "cpu",
        views: str | Sequence[str] = "whole",
    ) -> None:
        encoders = [encoder] if isinstance(encoder, Encoder) else list(encoder)
        for each in encoders:
            if (type(each), each.config) != (type(encoders[0]), encoders[0].config):
                raise ArchflowError("predictor: its encoders are of different kinds or sizes; give several of one kind")
            if each.n_ops != len(vocabulary):
                raise ArchflowError(
                    f"predictor: the encoder knows {each.n_ops} operations, the vocabulary {len(vocabulary)}"
                )
        if members < 1 or not 0 < validation_share < 1:
            raise ArchflowError(
                f"predictor: members {members} must be at least 1, validation_share {validation_share} in 0..1"
            )
        self.encoder, self.vocabulary, self.members = encoders[0], vocabulary, members
        self._starts, self.views = encoders, [views] * len(encoders) if isinstance(views, str) else list(views)
        if len(self.views) != len(encoders):
            raise ArchflowError(f"predictor: {len(self.views)} views for {len(encoders)} encoders; give one for each")
        self._view = {name: view(name) for name in self.views}
        self.settings, self.validation_share = settings or FineTuneSettings(), validation_share
        self.seed, self.device = seed, torch.device(device)
        self.metrics: list[str] | None = None
        self._models: list[RankingModel] = []
        self._from = self._to = np.zeros((0, 0, KNOTS))

    def fit(
        self,
        architectures: ArchitectureSet,
        y: ArrayLike,
        mask: ArrayLike | None = None,
        validation: tuple[ArchitectureSet, ArrayLike] | None = None,
        metrics: list[str] | None = None,
        checkpoint: Path | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> FineTuned:
        """Learn from labels; higher is better.

        y: (N,) or (N, metrics). mask: the same shape, False where a label is missing; without it every label counts.
        validation: further labelled architectures that choose the epoch to keep. metrics: names of y's columns.

        Raises ArchflowError, naming the row, for a label that is not finite and not masked; for fewer than two
        labels, for labels that are all equal, and for an operation that the vocabulary lacks.
        """
        labels = checked_labels(y, mask, len(architectures), "labels")
        if metrics is not None and len(metrics) != labels.shape[1]:
            raise ArchflowError(f"labels: {labels.shape[1]} columns, but {len(metrics)} names of metrics")
        known = architectures.recoded(self.vocabulary)
        usable = np.flatnonzero(np.isfinite(labels).any(1))
        rng = np.random.default_rng(self.seed)
        if validation is None:
            held_out = max(2, round(self.validation_share * len(usable)))
            shuffled = np.stack([rng.permutation(usable) for _ in range(self.members)])
            # Too few labels to spare any: the loss alone decides, on the data it is trained on.
            enough = len(usable) - held_out >= 4
            held, train = (shuffled[:, :held_out], shuffled[:, held_out:]) if enough else (shuffled, shuffled)
        else:
            held_labels = checked_labels(validation[1], None, len(validation[0]), "validation labels")
            if held_labels.shape[1] != labels.shape[1]:
                raise ArchflowError(f"validation labels: {held_labels.shape[1]} metrics, the others {labels.shape[1]}")
            held = np.tile(np.arange(len(held_labels)) + len(labels), (self.members, 1))
            train = np.tile(usable, (self.members, 1))
            labels = np.concatenate([labels, held_labels])
            known = ArchitectureSet.concatenate([known, validation[0].recoded(self.vocabulary)])
        models = []
        for k in range(self.members):
            with seeded(self.seed, k):
                models.append(model_for(copy.deepcopy(self._starts[k % len(self._starts)]), labels.shape[1]))
        seen, first = self._seen(known)
        labels = np.tile(labels, (len(self._view), 1))
        runs = Runs(labels, train + first, held + first, [self.seed + k for k in range(self.members)])
        tuned = fine_tune(models, seen, runs, self.settings, checkpoint, self.device, on_epoch)
        self._models = tuned.models
        self._flat = np.ndim(y) == 1
        self.metrics = metrics or [f"metric{i}" for i in range(labels.shape[1])]
        self._calibrate(known.select(usable), labels[usable])
        return tuned

    def _seen(self, known: ArchitectureSet) -> tuple[ArchitectureSet, NDArray[np.int64]]:
        """The architectures in all views, one after the other, and (members, 1) the first row of each member's view."""
        places = {name: place * len(known) for place, name in enumerate(self._view)}
        first = [places[self.views[k % len(self.views)]] for k in range(self.members)]
        return ArchitectureSet.concatenate([show(known) for show in self._view.values()]), np.array(first)[:, None]

    def _calibrate(self, architectures: ArchitectureSet, labels: Values) -> None:
        """Scores have no unit: map each member's to the labels by matching their quantiles. Order is kept."""
        scores = self.scores(architectures)  # (K, n, metrics)
        shape = (len(scores), labels.shape[1], KNOTS)
        self._from, self._to = np.empty(shape), np.empty(shape)
        for k, metric in np.ndindex(shape[:2]):
            present = np.isfinite(labels[:, metric])
            self._from[k, metric] = quantile_knots(scores[k, present, metric])
            self._to[k, metric] = quantile_knots(labels[present, metric])

    def predict(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        """(mean, std), each (N,), or (N, metrics) if y was so. Higher is better.

        mean: on the labels' scale. std: between members; NaN if there is only one, which cannot disagree.

        Raises ArchflowError before `fit`, and for an operation that the vocabulary lacks.
        """
        values = self.scores(architectures)
        for k, metric in np.ndindex(self._from.shape[:2]):
            values[k, :, metric] = monotone(values[k, :, metric], self._from[k, metric], self._to[k, metric])
        mean = values.mean(0)
        std = values.std(0, ddof=1) if len(values) > 1 else np.full_like(mean, np.nan)
        return (mean[:, 0], std[:, 0]) if self._flat else (mean, std)

    def scores(self, architectures: ArchitectureSet) -> Values:
        """(K, N, metrics) what every member says, before it is put on the labels' scale.

        Raises ArchflowError before `fit`, and for an operation that the vocabulary lacks.
        """
        if not self._models:
            raise ArchflowError("predictor: nothing to predict with yet; call fit or load first")
        seen, first = self._seen(architectures.recoded(self.vocabulary))
        rows = first + np.arange(len(architectures))
        if len(self._models) > 1 and type(self.encoder).stackable:
            return score(stack(self._models), seen, rows, self.device).astype(np.float64)
        each = [score(model, seen, own, self.device) for model, own in zip(self._models, rows, strict=True)]
        return np.stack(each).astype(np.float64)

    def embed(self, architectures: ArchitectureSet) -> NDArray[np.float32]:
        """(N, d) embeddings: of the first fitted member, or of the encoder itself before `fit`."""
        known = self._view[self.views[0]](architectures.recoded(self.vocabulary))
        return embed(self.fitted_encoder, known, self.device)

    @property
    def fitted_encoder(self) -> Encoder:
        """The encoder of the first fitted member, or the one it was made with before `fit`."""
        return self._models[0].encoder if self._models else self.encoder

    def save(self, folder: str | Path) -> None:
        """Write predictor.json and the weights file that it names into a folder. Raises ArchflowError before `fit`.

        The description changes over to the new weights in one step: killed at any moment, the folder holds the old
        predictor or the new one.
        """
        if not self._models:
            raise ArchflowError("predictor: nothing to save yet; call fit first")
        folder = Path(folder)
        tensors = {f"{k}.{name}": v for k, model in enumerate(self._models) for name, v in model.state_dict().items()}
        about = {
            **describe(self.encoder, self.vocabulary),
            "members": len(self._models),
            "metrics": self.metrics,
            "flat": self._flat,
            "from": self._from.tolist(),
            "to": self._to.tolist(),
            "settings": asdict(self.settings),
            "validation_share": self.validation_share,
            "seed": self.seed,
            "views": self.views,
        }
        weights = f"weights-{fingerprint(about, *tensors.values())}.safetensors"
        save_tensors(folder / weights, tensors, about)
        write_json(folder / DESCRIPTION, {"format": _FORMAT, "weights": weights, **about})
        for old in set(folder.glob("weights-*.safetensors")) - {folder / weights}:
            old.unlink()

    @classmethod
    def load(cls, folder: str | Path, device: torch.device | str = "cpu") -> Predictor:
        """Read what `save` wrote. Raises ArchflowError, naming the file, if one is missing, cut off or altered."""
        folder = Path(folder)
        tensors, written = read_described(folder, _FORMAT)
        try:
            encoder, vocabulary = rebuild(written)
            predictor = cls(
                [encoder] * len(written["views"]),
                vocabulary,
                written["members"],
                FineTuneSettings(**written["settings"]),
                written["validation_share"],
                written["seed"],
                device,
                written["views"],
            )
            model = model_for(encoder, len(written["metrics"]))
            for k in range(predictor.members):
                prefix = f"{k}."
                member = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
                load_weights(model, member)
                predictor._models.append(copy.deepcopy(model).eval())
        except ArchflowError as error:
            raise ArchflowError(f"{folder}: {error}") from None
        predictor.metrics, predictor._flat = written["metrics"], written["flat"]
        predictor._from, predictor._to = np.array(written["from"]), np.array(written["to"])
        return predictor


DESCRIPTION, _FORMAT = "predictor.json", "archflow predictor 2"


def read_described(folder: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors that a folder's description names, and what was written with them. kind: the format they must have.

    Raises ArchflowError, naming the file, if one is missing, cut off, altered, or not the other's.
    """
    path = folder / DESCRIPTION
    about: Any = read_json(path)
    weights = about.get("weights") if isinstance(about, dict) else None
    if not isinstance(weights, str) or Path(weights).name != weights:
        raise ArchflowError(f"{path}: names no weights beside it; restore it or fit anew")
    tensors, written = load_tensors(folder / weights)
    if {"format": kind, "weights": weights, **written} != about:
        raise ArchflowError(f"{path}: does not belong to {weights} beside it; restore both or fit anew")
    return tensors, written


def checked_labels(y: ArrayLike, mask: ArrayLike | None, count: int, what: str) -> Values:
    """(N, metrics) with NaN where masked. Raises ArchflowError unless every column can be ranked."""
    try:
        values = np.array(y, np.float64)
    except (TypeError, ValueError):
        raise ArchflowError(f"{what}: not all of them are numbers, or rows differ in length") from None
    present = np.ones(values.shape, bool) if mask is None else np.asarray(mask, bool)
    if present.shape != values.shape:
        raise ArchflowError(f"{what}: their mask has shape {present.shape}, they have {values.shape}; give the same")
    if values.ndim == 1:
        values, present = values[:, None], present[:, None]
    if values.ndim != 2 or len(values) != count or values.shape[1] == 0:
        raise ArchflowError(f"{what}: {np.shape(y)} does not fit {count} architectures; give one row for each")
    bad = present & ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad.any(1)))
        raise ArchflowError(f"{what}: row {row} is not a finite number; leave it out or mask it")
    values[~present] = np.nan
    for column in range(values.shape[1]):
        finite = values[present[:, column], column]
        if len(finite) < 2:
            raise ArchflowError(f"{what}: {len(finite)} measured; at least two architectures must be labelled")
        if np.ptp(finite) == 0:
            raise ArchflowError(f"{what}: all {len(finite)} are equal ({finite[0]:g}); there is nothing to rank")
    return values
