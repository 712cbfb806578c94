"""The recipe for a small label budget: what to pre-train, and what to fit on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.encoders import Encoder, load_encoder
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.effective import effective
from archflow.predict.blend import BlendedPredictor
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretextSettings, PretrainSettings, vocabulary_for
from archflow.pretext.jobs import PretrainingJob, run_jobs

TUNING_EPOCHS = 150
"""Of fine-tuning: pre-trained networks need fewer than fresh ones, and the best on validation labels is kept."""


@dataclass(frozen=True)
class Recipe:
    """Pre-train several encoders on effective architectures, without labels; fit a `BlendedPredictor` on them.

    encoder, config: their kind, and its arguments besides n_ops. tasks: pretext tasks; each pre-trains `draws` encoders
    with seeds of their own. Where there is no proxy to rank, `tasks_without_proxies` take their place.
    pretext: what the tasks share; the proxies are those that `pretrain` is given. members: networks to fine-tune.
    """

    encoder: str = "gated_gcn"
    config: Mapping[str, Any] = field(default_factory=lambda: {"width": 128})
    tasks: Sequence[str] = ("fgp", "proxy_ranking")
    tasks_without_proxies: Sequence[str] = ("flow", "gmae")
    draws: int = 2
    pretext: PretextSettings = field(default_factory=PretextSettings)
    epochs: int = 30
    members: int = 8
    fine_tune: FineTuneSettings = field(default_factory=lambda: FineTuneSettings(TUNING_EPOCHS))

    def pretrain(
        self,
        architectures: ArchitectureSet,
        proxies: Mapping[str, NDArray],
        folder: Path,
        seed: int = 21,
        processes: int = 1,
        on_wait: Callable[[], None] = lambda: None,
    ) -> tuple[list[Encoder], Vocabulary]:
        """The encoders, pre-trained on all architectures, and the operations that they know.

        proxies: by name, (N,), NaN where missing; all are ranked. folder: keeps finished encoders and the states of
        unfinished ones, in a folder of its own for other settings or data; the same call goes on from there.
        processes: how many to train at once. on_wait: called again and again meanwhile.
        """
        key = fingerprint(asdict(self), architectures.hashes, *(part for named in proxies.items() for part in named))
        folder = folder / f"encoders-{key}"
        settings = replace(self.pretext, proxies=tuple(proxies))
        jobs = [
            PretrainingJob(
                self.encoder,
                self.config,
                task,
                settings,
                PretrainSettings(self.epochs, seed=seed + draw),
                folder / f"{task}-{seed + draw}.encoder",
            )
            for task in (self.tasks if proxies else self.tasks_without_proxies)
            for draw in range(self.draws)
        ]
        # One vocabulary for all, so that a predictor can hold them side by side.
        vocabulary = vocabulary_for("+".join(dict.fromkeys(job.task for job in jobs)), architectures.vocabulary)
        run_jobs(jobs, effective(architectures.recoded(vocabulary)), proxies, processes, on_wait)
        return [load_encoder(job.path)[0] for job in jobs], vocabulary

    def predictor(self, encoders: Sequence[Encoder], vocabulary: Vocabulary, seed: int = 21) -> BlendedPredictor:
        """An unfitted predictor from what `pretrain` gave."""
        return BlendedPredictor(encoders, vocabulary, self.members, self.fine_tune, seed=seed)
