"""Encoders with a head each, fine-tuned on the labels: one network per fold."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from archflow.bounds import TRAINED_BYTES, number, whole
from archflow.encoders import Embedder, stack
from archflow.encoders.embedder import check_weights
from archflow.encoders.rebuilt import rebuilt
from archflow.errors import ArchflowError
from archflow.memory import check_memory
from archflow.predict.components.base import COMPONENTS, Component, FittedComponent, Guess, Lesson, Values
from archflow.predict.context import CONTEXT
from archflow.predict.fine_tune import FineTuneSettings, Runs, fine_tune
from archflow.predict.folder import MEND, part_of, parts_of
from archflow.predict.models import ScoreModel, model_for
from archflow.predict.objectives import Hinge
from archflow.predict.ranking_model import score
from archflow.predict.score_scale import ScoreScale
from archflow.predict.seen import Seen
from archflow.predict.standard import Standard
from archflow.seeding import seeded

USUAL = 2000
"""Number of typical architectures, spaced evenly, from which the scale of scores is estimated."""

ODDS = 4.0
"""The prior weight of networks: about that of the four components on the same plain features together."""


class FittedNetworks(FittedComponent):
    """F fine-tuned networks.

    Args:
        models: F models.
        chosen: (F,) index of each model's embedder.
        scale: Maps each model's scores to the scale of the targets.
        standard: Standardises the numbers of devices or tasks that the models read; None if they read none.
    """

    def __init__(
        self, models: Sequence[ScoreModel], chosen: Sequence[int], scale: ScoreScale, standard: Standard | None = None
    ) -> None:
        self.models, self.chosen, self.scale, self.standard = models, chosen, scale, standard

    @classmethod
    def scaled(
        cls,
        models: Sequence[ScoreModel],
        chosen: Sequence[int],
        usual: Seen,
        ranks: bool,
        standard: Standard | None = None,
    ) -> FittedNetworks:
        """Scale networks so that their scores of typical architectures have mean 0 and variance 1.

        If the targets are normal scores (`ranks`), the scores become normal, too.
        """
        rows = np.linspace(0, len(usual) - 1, min(len(usual), USUAL)).astype(np.int64)
        some = usual.select(rows)
        scores = scores_of(models, chosen, some, context_of(some, standard))
        return cls(models, chosen, ScoreScale.normal(scores) if ranks else ScoreScale.straight(scores), standard)

    def __call__(self, seen: Seen, on_batch: Callable[[int], None] | None = None) -> Guess:
        """Scaled scores; std is NaN, since a single network does not estimate its uncertainty."""
        mean = self.scale(scores_of(self.models, self.chosen, seen, self.context(seen), on_batch))
        return Guess(mean, np.full_like(mean, np.nan))

    def context(self, seen: Seen) -> NDArray[np.float32] | None:
        """(N, C) numbers of devices or tasks as the models read them; None if they read none."""
        return context_of(seen, self.standard)

    def arrays(self) -> dict[str, NDArray]:
        weights = {
            f"model.{f}.{name}": value.cpu().numpy()
            for f, model in enumerate(self.models)
            for name, value in model.state_dict().items()
        }
        standard = {} if self.standard is None else self.standard.arrays()
        named = {f"context.{name}": array for name, array in standard.items()}
        return {**weights, "chosen": np.array(self.chosen), **vars(self.scale), **named}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray], usual: Seen, folds: int) -> Self:
        chosen = np.asarray(arrays.get("chosen"))
        if (
            chosen.shape != (folds,)
            or chosen.dtype.kind not in "iu"
            or not _within(chosen, 0, len(usual.embedders) - 1)
        ):
            raise ArchflowError(f"its array chosen names no embedder for each of {folds} networks; {MEND}")
        scale, context, standard = ScoreScale.restored(arrays, folds), part_of(arrays, "context."), None
        if context:  # earlier files have none: their networks read architectures alone
            if CONTEXT not in usual.described:
                raise ArchflowError(f"its networks read a device or task, and it has none; {MEND}")
            standard = Standard.restored(context, len(usual.described[CONTEXT].names))
        contexts = 0 if standard is None else standard.width
        tensors = {}
        for name, array in arrays.items():
            if name.startswith("model."):
                if array.dtype not in (np.float32, np.float64):
                    raise ArchflowError(f"its array {name} has no weights; {MEND}")
                tensors[name] = torch.tensor(array)
        starts = [usual.embedders[index].encoder for index in chosen]
        models = [
            rebuilt(lambda start=start: model_for(copy.deepcopy(start), contexts=contexts), part)
            for start, part in zip(starts, parts_of(tensors, "model", folds), strict=True)
        ]
        fitted = cls(models, chosen.tolist(), scale, standard)
        if not np.isfinite(fitted(usual).mean).all():
            raise ArchflowError(f"its networks give scores that are not finite; {MEND}")
        return fitted


@COMPONENTS.register("networks")
class Networks(Component):
    """One network per fold: an embedder's encoder with a fresh head, trained to rank the fold's labels.

    The number of epochs is fixed and the learning rate falls to zero, so that no label selects the epoch: held-out
    labels stay unseen. Models whose embedders are of one kind and size train as one batched model. If rows have a
    device or task, the head reads its numbers, too.

    Args:
        embedders: Indices of the predictor's embedders to start from; all if empty. The models take them in turn.
        epochs: The least number of passes over the labels.
        steps: The least number of training steps: fewer labels get more epochs.
        batch_size: Labels that are compared with each other in a step.
        learning_rate: The maximum, reached after a tenth of the epochs.
        weight_decay: AdamW's weight decay.
        margin: Margin of the pairwise hinge loss.
    """

    name = "networks"
    fitted = FittedNetworks

    def __init__(
        self,
        embedders: Sequence[int] = (),
        epochs: int = 60,
        steps: int = 180,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        margin: float = 0.5,
    ) -> None:
        self.embedders = [whole("networks: embedders", index, 0) for index in embedders]
        self.objective = Hinge(margin=number("networks: margin", margin, 0))
        self.settings = FineTuneSettings(epochs, batch_size, learning_rate, weight_decay, margin)
        self.steps = whole("networks: steps", steps, 1)

    def applies(self, lesson: Lesson) -> bool:
        return bool(lesson.usual.embedders)

    def fit(self, lesson: Lesson) -> FittedNetworks:
        """Train one network per fold.

        Raises:
            ArchflowError: If an index has no embedder, weights are not finite, there is too little memory, or training
                diverges.
        """
        known, folds = lesson.known, lesson.folds
        chosen = self._chosen(known.embedders, len(folds))
        sizes = [sum(map(torch.numel, known.embedders[index].encoder.parameters())) for index in chosen]
        check_memory(f"networks: {len(folds)} of them", TRAINED_BYTES * sum(sizes))
        standard = Standard.of(lesson.usual.features[CONTEXT]) if CONTEXT in lesson.usual.described else None
        contexts = 0 if standard is None else standard.width
        models: list[ScoreModel] = []
        for f, index in enumerate(chosen):
            encoder = known.embedders[index].encoder
            check_weights(encoder)
            with seeded(lesson.seed, f):
                models.append(model_for(copy.deepcopy(encoder), contexts=contexts))
        settings = self._settings_for(folds.train.shape[1])
        labels, context = known.prepared.tiled(lesson.targets[:, None]), context_of(known, standard)
        context = None if context is None else known.prepared.tiled(context)
        for place, group in enumerate(groups_of(known.embedders, chosen)):
            rows = np.stack([known.prepared.rows(chosen[f])[folds.train[f]] for f in group])
            runs = Runs(labels, rows, rows[:, :0], [lesson.seed + f for f in group], context)
            tuned = fine_tune(
                *([models[f] for f in group], known.prepared.together, runs, settings),
                checkpoint=lesson.checkpoint and lesson.checkpoint.with_name(f"{lesson.checkpoint.name}.{place}"),
                device=known.device,
                on_epoch=_behind(lesson.on_epoch, place * settings.epochs),
                objectives=[self.objective],
            )
            for f, model in zip(group, tuned.models, strict=True):
                models[f] = model
        return FittedNetworks.scaled(models, chosen, lesson.usual, lesson.ranks, standard)

    def odds(self, lesson: Lesson) -> float:
        """`ODDS` where an order is learnt from architectures alone; they were chosen for that case."""
        return ODDS if lesson.ranks and CONTEXT not in lesson.usual.described else 1.0

    def epochs(self, labels: int) -> int:
        return self._settings_for(labels).epochs

    def _settings_for(self, labels: int) -> FineTuneSettings:
        """The settings for training on this number of labels."""
        batches = math.ceil(labels / self.settings.batch_size)
        epochs = max(self.settings.epochs, math.ceil(self.steps / batches))
        return replace(self.settings, epochs=epochs, warmup=max(1, epochs // 10))

    def _chosen(self, embedders: Sequence[Embedder], folds: int) -> list[int]:
        """The index of each fold's embedder."""
        among = self.embedders or list(range(len(embedders)))
        if not among or max(among) >= len(embedders):
            raise ArchflowError(f"networks: asked for embedders {among}, but there are {len(embedders)}; name others")
        return [among[f % len(among)] for f in range(folds)]


def context_of(seen: Seen, standard: Standard | None) -> NDArray[np.float32] | None:
    """(N, C) standardised numbers of devices or tasks, with a mean squared length of 1; None without a standard."""
    if standard is None or not standard.width:
        return None
    return (standard(seen.features[CONTEXT]) / math.sqrt(standard.width)).astype(np.float32)


def scores_of(
    models: Sequence[ScoreModel],
    chosen: Sequence[int],
    seen: Seen,
    context: NDArray[np.float32] | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Values:
    """(F, N) scores of architectures by each model; F models whose embedders have the indices `chosen`."""
    prepared, scores = seen.prepared, np.empty((len(models), len(seen)))
    context = None if context is None else prepared.tiled(context)
    groups = groups_of(seen.embedders, chosen)
    for group in groups:
        rows = np.stack([prepared.rows(chosen[f]) for f in group])
        each = [models[f] for f in group]
        report = on_batch if group is groups[-1] else None
        if type(each[0].encoder).stackable:
            found = score(stack(each), prepared.together, rows, seen.device, report, context)
        else:
            reports = [None] * (len(each) - 1) + [report]
            alone = zip(each, rows, reports, strict=True)
            found = np.stack(
                [score(model, prepared.together, own, seen.device, hook, context) for model, own, hook in alone]
            )
        scores[group] = found[..., 0]
    return scores


def groups_of(embedders: Sequence[Embedder], chosen: Sequence[int]) -> list[list[int]]:
    """Group the indices of models whose embedders are of one kind and size."""
    groups: dict[str, list[int]] = {}
    for f, index in enumerate(chosen):
        encoder = embedders[index].encoder
        groups.setdefault(f"{type(encoder).__name__} {encoder.config}", []).append(f)
    return list(groups.values())


def _behind(on_epoch: Callable[[int], None] | None, epochs: int) -> Callable[[int], None] | None:
    """Shift reported epochs by those of the groups before."""
    return on_epoch and (lambda done: on_epoch(epochs + done))


def _within(values: NDArray, least: float, most: float) -> bool:
    """Whether all values are within bounds; NaN is not."""
    return bool(((values >= least) & (values <= most)).all())
