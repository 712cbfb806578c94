"""archflow's encoders, fine-tuned on the measurements."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from archflow.encoders.create import create
from archflow.encoders.embedder import Embedder
from archflow.encoders.members import stack
from archflow.encoders.pretrained import is_pretrained
from archflow.graph import ArchitectureSet
from archflow.predict.fine_tune import FineTuneSettings, Runs, fine_tune
from archflow.predict.models import ScoreModel, model_for
from archflow.predict.objectives import OBJECTIVES
from archflow.predict.objectives.ranking import Ranking
from archflow.predict.ranking_model import score
from archflow.search.lessons import Scale, fit_alike, once, typical
from archflow.search.model_based import SURROGATES, Lesson, Model, Surrogate, Values
from archflow.seeding import seeded


@SURROGATES.register("fine_tuned")
class FineTuned(Surrogate):
    """An encoder with a new head, trained to rank the labels; every round starts from the given encoder weights.

    Args:
        encoder: An `Embedder`, the name or file of a pre-trained encoder, or a kind of encoder, whose initial weights
            are random and differ between lessons.
        members: Networks in an ensemble; their scores, each on the scale of the labels, are averaged.
        objective: A name in `OBJECTIVES`.
        epochs, learning_rate, weight_decay, margin, warmup: See `FineTuneSettings`. No label is held out; the last
            epoch is kept.
        batch_size: Architectures per step; 0 for `batches` steps per epoch.
        batches: Steps per epoch if `batch_size` is 0.
        device: Device of the training.

    Raises:
        ArchflowError: If the encoder or objective is unknown.

    Source: the settings are FGP's for NAS-Bench-201; `archflow.search.methods` has those of GMAE, CAP and others.
    """

    given = ("encoder", "device")
    bounds: ClassVar = {"members": (1, 1000), "batches": (1,), "batch_size": (0,)}

    def __init__(
        self,
        encoder: Embedder | str | Path = "gated_gcn",
        members: int = 1,
        objective: str = "hinge",
        epochs: int = 500,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-6,
        margin: float = 0.5,
        warmup: int = 0,
        batch_size: int = 16,
        batches: int = 1,
        device: str = "cpu",
    ) -> None:
        known = isinstance(encoder, Embedder) or is_pretrained(encoder)
        self.embedder = (encoder if isinstance(encoder, Embedder) else create(encoder)) if known else None
        self.kind, self.members, self.device = str(encoder), members, device
        kind = OBJECTIVES.get(objective)
        self.objective = kind(margin=margin) if objective == "hinge" else kind()  # type: ignore[call-arg]
        self.settings = FineTuneSettings(
            epochs, batch_size or 2, learning_rate, weight_decay, margin=margin, warmup=warmup
        )
        self.batch_size, self.batches = batch_size, batches

    def fit(self, lessons: Sequence[Lesson]) -> list[Model]:
        starts = [self._start(lesson) for lesson in lessons]
        shown = [repr(start.preparation.to_json()) for start in starts]
        keys = [(len(lesson.y), each) for lesson, each in zip(lessons, shown, strict=True)]

        def fit(group: Sequence[int]) -> list[Model]:
            return self._fit([lessons[number] for number in group], [starts[number] for number in group])

        return fit_alike(lessons, keys, fit)

    def _start(self, lesson: Lesson) -> Embedder:
        if self.embedder is not None:
            return self.embedder
        space = lesson.problem.space
        return once(space, ("embedder", self.kind), lambda: create(self.kind, typical(space)))

    def _fit(self, lessons: Sequence[Lesson], starts: Sequence[Embedder]) -> list[Model]:
        """Fit lessons with equal numbers of labels; the encoders have the same inputs."""
        prepared = [start.prepare(lesson.table.architectures) for lesson, start in zip(lessons, starts, strict=True)]
        scales = [Scale.of(lesson.y) for lesson in lessons]
        labels = np.concatenate([scale.down(lesson.y) for scale, lesson in zip(scales, lessons, strict=True)])
        rows = np.arange(len(labels)).reshape(len(lessons), -1)
        runs = Runs(
            labels[:, None],
            np.repeat(rows, self.members, 0),
            np.empty((len(lessons) * self.members, 0), np.int64),
            [_seed(lesson.seed, member) for lesson in lessons for member in range(self.members)],
        )
        networks = [
            self._network(start.encoder, lesson.seed, member)
            for lesson, start in zip(lessons, starts, strict=True)
            for member in range(self.members)
        ]
        size = self.batch_size or max(2, -(-rows.shape[1] // self.batches))
        settings = replace(self.settings, batch_size=size)
        together = ArchitectureSet.concatenate(prepared)
        tuned = fine_tune(networks, together, runs, settings, device=self.device, objectives=[self.objective]).models
        return [
            _Fitted(start, tuned[k * self.members : (k + 1) * self.members], shown, scale, self)
            for k, (start, shown, scale) in enumerate(zip(starts, prepared, scales, strict=True))
        ]

    def _network(self, encoder, seed: int, member: int) -> ScoreModel:
        with seeded(seed, member):
            own = copy.deepcopy(encoder) if self.embedder is not None else type(encoder)(**encoder.config)
            return model_for(own)


def _seed(seed: int, member: int) -> int:
    """A separate seed for each member."""
    return int(np.random.SeedSequence((seed, member)).generate_state(1)[0])


class _Fitted:
    """Trained networks as a model.

    Ranking scores are shifted and scaled so that those of the measured architectures have the mean and standard
    deviation of the labels.
    """

    def __init__(
        self, start: Embedder, networks: Sequence[ScoreModel], shown: ArchitectureSet, scale: Scale, made: FineTuned
    ) -> None:
        self.start, self.scale, self.device = start, scale, made.device
        stackable = type(start.encoder).stackable
        self.networks = [stack(networks)] if stackable and len(networks) > 1 else list(networks)
        self.copies = len(networks) // len(self.networks)
        self.own = None
        if isinstance(made.objective, Ranking):
            found = self._scores(shown)
            spread = found.std(1, keepdims=True)
            self.own = found.mean(1, keepdims=True), np.where(spread > 0, spread, 1.0)

    def __call__(self, architectures: ArchitectureSet) -> tuple[Values, Values]:
        scores = self._scores(self.start.prepare(architectures))
        if self.own is not None:
            scores = (scores - self.own[0]) / self.own[1]
        return self.scale.up(scores.mean(0)), self.scale.spread * scores.std(0)

    def _scores(self, shown: ArchitectureSet) -> Values:
        """(M, N) scores of all members."""
        rows = np.arange(len(shown))
        own = rows if self.copies == 1 else np.tile(rows, (self.copies, 1))
        found = [score(network, shown, own, self.device)[..., 0].reshape(self.copies, -1) for network in self.networks]
        return np.concatenate(found).astype(np.float64)
