"""The fine-tuning loop, which trains K runs at once."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Len, MaxLen
from numpy.typing import NDArray
from torch import Tensor

from archflow.bounds import Bounded, bounded, check_progress
from archflow.checkpoint import TrainingState, fingerprint
from archflow.encoders import stack, unstack
from archflow.encoders.memory import check_evaluation, check_training
from archflow.encoders.rebuilt import check_weights
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.objectives import Hinge, Objective, describe_objective
from archflow.predict.ranking_model import ScoreModel, score
from archflow.progress import Report, notebook_bar
from archflow.seeding import member_streams


@dataclass(frozen=True)
class FineTuneSettings(Bounded):
    """FGP's settings for graph networks: pairwise hinge loss, AdamW, batches of 16, gradient norm at most 1.

    epochs: 200 / 500 / 300 for NAS-Bench-101 / -201 / -301 in the released code.
    margin: of the hinge loss, 0.5 / 0.5 / 0.1; other objectives ignore it.
    warmup: epochs of linear warm-up, followed by half a cosine to zero; 0 for a constant learning rate.
    linear: whether the learning rate falls in a straight line after the warm-up, in place of half a cosine.
    """

    epochs: int = bounded(500, least=1)
    batch_size: int = bounded(16, least=2)  # one architecture makes no pair
    learning_rate: float = bounded(1e-3, above=0)
    weight_decay: float = bounded(1e-6, least=0)
    margin: float = bounded(0.5, least=0)
    clip: float = bounded(1.0, above=0)
    warmup: int = bounded(0, least=0)
    linear: bool = False

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, from 0."""
        if self.warmup == 0:
            return self.learning_rate
        if epoch < self.warmup:
            return self.learning_rate * (epoch + 1) / self.warmup
        falling = (epoch - self.warmup) / max(1, self.epochs - self.warmup)
        if self.linear:
            return self.learning_rate * (1 - falling)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * falling))


@dataclass(frozen=True)
class Runs:
    """K runs on one set of architectures.

    labels: (N, metrics) float64, NaN where not measured. train: (K, n), validation: (K, v) rows of the set; with v = 0
    no epoch is selected.
    seeds: one per run, for the order of its batches.
    context: (N, C) numbers of each row's device or task, for models that read them.
    """

    labels: NDArray[np.float64]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    seeds: Sequence[int]
    context: NDArray[np.float32] | None = None


@dataclass(frozen=True, repr=False)
class FineTuned:
    """The result of fine-tuning.

    Args:
        models: The K models, each at its epoch with the best validation score; without validation rows, the last epoch.
        losses: (epochs, K).
        validation_score: (epochs, K) the objectives' selection score, higher is better; Kendall's tau for rankings.
            (0, K) without validation rows.
        held_out: How many validation architectures were not trained on; 0 if training architectures select the epoch.
    """

    models: list[ScoreModel]
    losses: NDArray[np.float64]
    validation_score: NDArray[np.float64]
    held_out: int

    def __repr__(self) -> str:
        kinds = ", ".join(dict.fromkeys(type(model.encoder).__name__ for model in self.models))
        score = f"; best validation score {self.validation_score.max():.3f}" if self.validation_score.size else ""
        return f"FineTuned({len(self.models)} of {kinds}; {len(self.losses)} epochs{score})"


def fine_tune(
    models: Sequence[ScoreModel],
    architectures: ArchitectureSet,
    runs: Runs,
    settings: FineTuneSettings | None = None,
    checkpoint: Path | None = None,
    device: torch.device | str = "cpu",
    on_epoch: Callable[[int], None] | None = None,
    checkpoint_every: int = 10,
    objectives: Sequence[Objective] | None = None,
) -> FineTuned:
    """Train a copy of each model on its run, and keep it at the epoch with the best validation score.

    The score is the mean over metrics; without validation rows, the last epoch is kept. Models of a stackable encoder
    train as one batched model; others train one after the other. No label outside a run's train and validation rows is
    used.

    Args:
        models: The K models.
        architectures: The set that the rows of `runs` index.
        runs: The K runs.
        settings: Training settings.
        checkpoint: File (for unstackable encoders: stem of K files) that holds the state of the loop; an interrupted
            run resumes from it, to the same result.
        device: Where to compute.
        on_epoch: Called with the number of epochs done; without it, a notebook shows a bar.
        checkpoint_every: Epochs between two writes of the checkpoint.
        objectives: One per metric, `scaled_to` labels that may be learnt from; all are hinge losses if None.

    Raises:
        ArchflowError: If a loss or a score is not finite, if the checkpoint belongs to other settings, data or weights,
            or if there is too little memory for the largest architectures.
    """
    settings = settings or FineTuneSettings()
    objectives = objectives or [Hinge(margin=settings.margin)] * runs.labels.shape[1]
    stackable, encoder = type(models[0].encoder).stackable, models[0].encoder
    train, validation = (architectures.node_counts[rows.ravel()] for rows in (runs.train, runs.validation))
    check_training(encoder, train, settings.batch_size * (len(models) if stackable else 1), device)
    if len(validation):
        check_evaluation(encoder, validation, device)
    if stackable:
        return _Loop(models, architectures, runs, settings, objectives, checkpoint, device).run(
            on_epoch, checkpoint_every
        )
    parts = []
    for k, model in enumerate(models):
        only = slice(k, k + 1)
        one = replace(runs, train=runs.train[only], validation=runs.validation[only], seeds=runs.seeds[only])
        path = checkpoint and checkpoint.with_name(f"{checkpoint.name}.{k}")
        loop = _Loop([model], architectures, one, settings, objectives, path, device)
        parts.append(loop.run(on_epoch, checkpoint_every))
    losses, scores = (np.concatenate([getattr(p, name) for p in parts], 1) for name in ("losses", "validation_score"))
    return FineTuned([p.models[0] for p in parts], losses, scores, parts[0].held_out)


class _Loop:
    def __init__(self, models, architectures, runs: Runs, settings, objectives, checkpoint, device) -> None:
        # An encoder of plain torch layers has no member axis, so it trains alone.
        self.stackable = type(models[0].encoder).stackable
        model: ScoreModel = stack(models) if self.stackable else copy.deepcopy(models[0])
        self.model = model.to(device)
        self.architectures, self.runs, self.device = architectures, runs, device
        self.settings: FineTuneSettings = settings
        self.objectives: Sequence[Objective] = objectives
        used = np.unique(np.concatenate([runs.train.ravel(), runs.validation.ravel()]))
        self.targets = np.full(runs.labels.shape, np.nan)
        for metric, objective in enumerate(objectives):
            self.targets[used, metric] = objective.targets(runs.labels[used, metric])
        self.shown_targets = torch.from_numpy(self.targets.astype(np.float32)).to(device)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.state = None
        if checkpoint is not None:
            context = () if runs.context is None else (runs.context[used],)
            data = (architectures.hashes[used], runs.labels[used], runs.train, runs.validation, *context)
            encoder = models[0].encoder
            about = {
                **asdict(settings),
                "objectives": [describe_objective(each) for each in objectives],
                "model": [type(models[0]).__name__, type(encoder).__name__, encoder.config],
            }
            key = fingerprint(about, list(map(int, runs.seeds)), *data, *self.model.parameters())
            self.state = TrainingState(checkpoint, key, {"model": self.model}, self.optimiser)

    def run(self, on_epoch: Callable[[int], None] | None, checkpoint_every: int) -> FineTuned:
        with notebook_bar(f"training on {self.runs.train.shape[1]} labels", self.settings.epochs, on_epoch) as report:
            return self._run(report, checkpoint_every)

    def _run(self, on_epoch: Report | None, checkpoint_every: int) -> FineTuned:
        best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        losses: list[list[float]] = []
        scores: list[list[float]] = []
        start = 0
        restored = self.state.restore(self._log(), best) if self.state else None
        if restored is not None:
            start, (losses, scores), best = restored
            if on_epoch:
                on_epoch(start)
        best_score = np.max(scores, axis=0, initial=-np.inf) if scores else np.full(len(self.runs.train), -np.inf)
        for epoch in range(start, self.settings.epochs):
            with member_streams([(seed, epoch) for seed in self.runs.seeds], self.device):
                losses.append(self._epoch(epoch))
            score = self._validate() if self.runs.validation.size else None
            figures = losses[-1] if score is None else [*losses[-1], *score]
            check_progress("fine-tuning", epoch, figures, self.settings.learning_rate)
            if score is None:
                self._keep(best, np.ones(len(self.runs.train), bool))
            else:
                scores.append(score.tolist())
                self._keep(best, score > best_score)
                best_score = np.maximum(best_score, score)
            last = epoch + 1 == self.settings.epochs
            if self.state and ((epoch + 1) % checkpoint_every == 0 or last):
                self.state.save(epoch + 1, (losses, scores), best)
            if on_epoch:
                on_epoch(epoch + 1)
        self.model.load_state_dict(best)
        if not self.runs.validation.size:
            check_weights(self.model)  # nothing has checked the result of the last step
        members = unstack(self.model) if self.stackable else [self.model]
        held_out = len(np.setdiff1d(self.runs.validation[0], self.runs.train[0]))
        return FineTuned(
            [member.eval() for member in members],
            np.array(losses),
            np.array(scores).reshape(-1, len(losses[0])),
            held_out,
        )

    def _log(self) -> Any:
        """The shape of a state's log: losses and scores of every run, per epoch."""
        runs, epochs = len(self.runs.train), self.settings.epochs
        of_epochs = Annotated[list[Annotated[list[float], Len(runs, runs)]], MaxLen(epochs)]
        return tuple[of_epochs, of_epochs]

    def _epoch(self, epoch: int) -> list[float]:
        """Mean loss of every run."""
        self.model.train()
        self.optimiser.param_groups[0]["lr"] = self.settings.rate(epoch)
        train = self.runs.train
        # Seeded by (run's seed, epoch): a run's order depends neither on the other runs nor on where it was resumed.
        order = np.stack(
            [
                rows[np.random.default_rng((seed, epoch)).permutation(len(rows))]
                for seed, rows in zip(self.runs.seeds, train, strict=True)
            ]
        )
        sums = torch.zeros(len(train), device=self.device)
        for first in range(0, train.shape[1], self.settings.batch_size):
            rows = order[:, first : first + self.settings.batch_size]
            if rows.shape[1] < 2:
                continue  # one architecture makes no pair
            loss = self._loss(rows)
            self.optimiser.zero_grad()
            loss.sum().backward()
            self._clip()
            self.optimiser.step()
            sums += loss.detach() * rows.shape[1]
        return (sums / train.shape[1]).tolist()

    def _loss(self, rows: NDArray[np.int64]) -> Tensor:
        """(K,) loss of every run on its batch, which each architecture enters as often as an objective asks for."""
        rows = np.tile(rows, (1, max(objective.passes for objective in self.objectives)))
        targets = self.shown_targets[torch.from_numpy(rows.reshape(-1)).to(self.device)]
        batch = Batch(self.architectures, rows, self.device, self.runs.context)
        return self.model.loss(batch, targets, self._score_loss)

    def _score_loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """(K,) loss of every run, summed over metrics; see `ScoreLoss`."""
        runs = len(self.runs.train)
        scores, targets = (x.view(runs, -1, x.shape[-1]) for x in (scores, targets))  # (K, n, metrics)
        each = enumerate(self.objectives)
        return torch.stack([objective.loss(scores[..., m], targets[..., m]) for m, objective in each]).sum(0)

    def _clip(self) -> None:
        """Clip the gradient norm of each run separately, so that runs do not affect each other."""
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        runs = len(self.runs.train)
        norms = torch.stack([torch.linalg.vector_norm(g.reshape(runs, -1), dim=1) for g in gradients])
        factor = (self.settings.clip / (torch.linalg.vector_norm(norms, dim=0) + 1e-6)).clamp(max=1)
        for g in gradients:
            g.mul_(factor.view(-1, *[1] * (g.ndim - 1)) if g.ndim else factor[0])

    def _validate(self) -> NDArray[np.float64]:
        """(K,) selection score on the validation rows, mean over metrics."""
        rows = self.runs.validation
        scores = score(self.model, self.architectures, rows, self.device, context=self.runs.context)
        targets = self.targets[rows]  # (K, v, metrics)
        each = enumerate(self.objectives)
        return np.mean([objective.selection_score(scores[..., m], targets[..., m]) for m, objective in each], axis=0)

    def _keep(self, best: dict[str, Tensor], improved: NDArray[np.bool_]) -> None:
        members = torch.from_numpy(improved).to(self.device)
        for name, value in self.model.state_dict().items():
            if self.stackable:
                best[name][members] = value[members]
            elif improved[0]:
                best[name].copy_(value)
