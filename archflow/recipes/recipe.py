"""The recipe for a small label budget: what to pre-train, and what to fit on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.data.benchmarks import Benchmark
from archflow.encoders.embedder import Embedder
from archflow.graph import ArchitectureSet
from archflow.predict.blend import BlendedPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.objectives import Objective
from archflow.pretext import PretrainSettings, vocabulary_for, with_proxies
from archflow.pretext.jobs import PretrainingJob, run_jobs
from archflow.recipes.presets import preset_of

TUNING = FineTuneSettings(epochs=150, batch_size=32, learning_rate=8e-4, weight_decay=6e-5)
"""FlowerFormer's own on NAS-Bench-201, at a constant rate and in fewer epochs: pre-trained networks need fewer than
fresh ones, and the best epoch on validation labels is kept."""


@dataclass(frozen=True)
class Recipe:
    """Pre-train several encoders without labels; fit a `BlendedPredictor` on them.

    encoder, config: their kind, and its arguments besides n_ops. tasks: of every encoder, its pretext task and the form
    in which it is shown architectures (`archflow.graph.effective.VIEWS`); each has a seed of its own. Where there is no
    proxy to rank, `tasks_without_proxies` take their place. pretext: settings by task; the proxies are those
    that `pretrain` is given. members: networks to fine-tune, from one encoder after the other.
    """

    encoder: str = "flowerformer"
    config: Mapping[str, Any] = field(default_factory=lambda: {"width": 64})
    tasks: Sequence[tuple[str, str]] = (
        ("fgp", "effective"),
        ("fgp", "contracted"),
        ("proxy_ranking", "effective"),
    )
    tasks_without_proxies: Sequence[tuple[str, str]] = (
        ("arch2vec", "effective"),
        ("arch2vec", "contracted"),
        ("flow", "effective"),
    )
    pretext: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    epochs: int = 20
    members: int = 6
    fine_tune: FineTuneSettings = TUNING

    def pretrain(
        self,
        architectures: ArchitectureSet,
        proxies: Mapping[str, NDArray],
        folder: Path,
        seed: int = 21,
        processes: int = 1,
        on_wait: Callable[[], None] = lambda: None,
    ) -> list[Embedder]:
        """The encoders, pre-trained on all architectures.

        proxies: by name, (N,), NaN where missing; all are ranked. folder: keeps finished encoders and the states of
        unfinished ones, in a folder of its own for other settings or data; the same call goes on from there.
        processes: how many to train at once. on_wait: called again and again meanwhile.
        """
        own = {**asdict(self), "members": None, "fine_tune": None}  # what comes after pre-training
        key = fingerprint(own, architectures.hashes, *(part for named in proxies.items() for part in named))
        folder = folder / f"encoders-{key}"
        tasks = self.tasks if proxies else self.tasks_without_proxies
        jobs = [
            PretrainingJob(
                self.encoder,
                self.config,
                task,
                with_proxies(task, self.pretext, tuple(proxies)),
                PretrainSettings(self.epochs, seed=seed + place),
                folder / f"{task}-{shown}-{seed}.encoder",
                shown,
            )
            for place, (task, shown) in enumerate(tasks)
        ]
        # One vocabulary for all, so that a predictor can hold them side by side.
        vocabulary = vocabulary_for("+".join(dict.fromkeys(job.task for job in jobs)), architectures.vocabulary)
        run_jobs(jobs, architectures.recoded(vocabulary), proxies, processes, on_wait)
        return [Embedder.load(job.path) for job in jobs]

    def predictor(
        self,
        pretrained: Sequence[Embedder],
        seed: int = 21,
        objective: Objective | str | Sequence[Objective | str] | None = None,
    ) -> BlendedPredictor:
        """An unfitted predictor from what `pretrain` gave. objective: as in `NetworkPredictor`."""
        return BlendedPredictor(
            NetworkPredictor(pretrained, members=self.members, objective=objective, settings=self.fine_tune, seed=seed)
        )


def recipe_for(benchmark: Benchmark | None, encoder: str | None = None) -> Recipe:
    """The recipe with the published settings for a benchmark (None: a table of one's own).

    Args:
        benchmark: whose preset decides width, margin and pretext settings.
        encoder: the encoder's registered name; default: the recipe's own.
    """
    preset, encoder = preset_of(benchmark), encoder or Recipe.encoder
    return Recipe(
        encoder,
        preset.published(encoder).config,
        pretext=preset.tasks,
        fine_tune=replace(TUNING, margin=preset.margin),
    )
