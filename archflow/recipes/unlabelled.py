"""Which encoders to pre-train on a table before its labels are learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.bounds import Bounded, bounded
from archflow.checkpoint import fingerprint
from archflow.data.proxies import tells_apart
from archflow.encoders import create
from archflow.encoders.embedder import Embedder
from archflow.graph import ArchitectureSet
from archflow.pretext import PretrainSettings, vocabulary_for, with_proxies
from archflow.pretext.jobs import PretrainingJob, run_jobs
from archflow.pretext.named import Settings, proxies_for, task_weights

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Start:
    """One encoder to start from.

    Attributes:
        encoder: Its registered name.
        config: Its arguments other than `n_ops` and `n_attributes`.
        task: The pretext task, as `archflow.pretext.make_task` reads it; empty to leave the encoder untrained. An
            untrained encoder's random features are useful beside trained ones, since no task suits every table.
        fallback: The task to use instead if the task ranks proxies and no proxy is informative.
        view: The form in which it sees architectures (`archflow.graph.effective.VIEWS`).
        positions: Whether it also reads position attributes (`archflow.graph.positions`).
    """

    encoder: str
    config: Mapping[str, Any]
    task: str = ""
    fallback: str = ""
    view: str = "whole"
    positions: bool = True

    def untrained(self, architectures: ArchitectureSet, seed: int) -> Embedder:
        """Create the encoder with random weights, for architectures such as these."""
        shown = {"view": self.view, "positions": self.positions}
        return create(self.encoder, architectures, **shown, seed=seed, **self.config)


@dataclass(frozen=True)
class Pretraining(Bounded):
    """Encoders to pre-train without labels, all on the same part of a table.

    Attributes:
        starts: The encoders; each has its own seed.
        tasks: By task, the settings that differ from the defaults.
        epochs: Passes over the architectures.
        batch_size: Architectures per step.
        rows: The largest number of architectures to train on.
    """

    starts: Sequence[Start]
    tasks: Settings = field(default_factory=dict)
    epochs: int = bounded(30, least=1)
    batch_size: int = bounded(128, least=1)
    rows: int = bounded(2000, least=1)

    def suited_to(self, proxies: Mapping[str, NDArray], rows: Rows) -> tuple[Pretraining, dict[str, NDArray], str]:
        """Adapt the pre-training to proxies that are constant, and so cannot rank architectures.

        Args:
            proxies: By name, (N,) each; NaN where missing.
            rows: Rows of the architectures to train on.

        Returns:
            The pre-training, the informative proxies, and a line for the user about the others (empty if there are
            none).
        """
        useful = {name: values for name, values in proxies.items() if tells_apart(values[rows])}
        constant = [name for name in proxies if name not in useful]
        line = f"{', '.join(constant)} ranks nothing: left out of pre-training" if constant else ""
        if useful:
            return self, useful, line
        starts = [replace(each, task=each.fallback or each.task) for each in self.starts]
        if constant and starts != list(self.starts):
            line += f", which is by {' and '.join(dict.fromkeys(each.task for each in starts if each.task))} instead"
        return replace(self, starts=starts), {}, line

    def run(
        self,
        architectures: ArchitectureSet,
        labelled: Rows,
        proxies: Mapping[str, NDArray],
        folder: Path,
        seed: int = 21,
        processes: int = 1,
        on_wait: Callable[[], None] = lambda: None,
        on_note: Callable[[str], None] = lambda line: None,
        device: str = "cpu",
    ) -> list[Embedder]:
        """Pre-train the encoders; they know the operations of all architectures.

        Args:
            architectures: N architectures.
            labelled: Rows to prefer for training.
            proxies: By name, (N,), NaN where missing; every task that ranks proxies ranks all of them.
            folder: Keeps finished encoders and the states of unfinished ones, in a separate subfolder for each
                combination of settings and data; the same call resumes.
            seed: Seed of the first encoder; the following encoders have the following seeds.
            processes: How many encoders to train at once.
            on_wait: Called repeatedly during training.
            on_note: Called with a line for the user, if there is one.
            device: Where to compute.
        """
        rows = evenly(architectures, labelled, self.rows)
        suited, useful, line = self.suited_to(proxies, rows)
        if line:
            on_note(line)
        chosen, ranked = architectures.select(rows), {name: values[rows] for name, values in useful.items()}
        data = (
            list(architectures.vocabulary.ops),
            chosen.hashes,
            *(part for named in ranked.items() for part in named),
        )
        key = fingerprint(asdict(suited), *data)
        jobs = {
            place: suited.job(
                start, tuple(ranked), folder / f"encoders-{key}" / f"{place}-{seed}.encoder", seed + place
            )
            for place, start in enumerate(suited.starts)
            if start.task
        }
        # One vocabulary for all, so that a predictor can hold them side by side.
        names = dict.fromkeys(name for job in jobs.values() for name in task_weights(job.task))
        vocabulary = vocabulary_for("+".join(names), architectures.vocabulary) if names else architectures.vocabulary
        known = chosen.recoded(vocabulary)
        run_jobs([replace(job, device=device) for job in jobs.values()], known, ranked, processes, on_wait)
        return [
            Embedder.load(jobs[place].path) if place in jobs else start.untrained(known, seed + place)
            for place, start in enumerate(suited.starts)
        ]

    def job(self, start: Start, proxies: Sequence[str], path: Path, seed: int) -> PretrainingJob:
        """Make the training job of one encoder."""
        tasks = with_proxies(start.task, self.tasks, proxies)
        proxies_for(start.task, tasks)
        settings = PretrainSettings(self.epochs, self.batch_size, seed=seed)
        shown = {"view": start.view, "positions": start.positions}
        return PretrainingJob(start.encoder, start.config, start.task, tasks, settings, path, **shown)


_GCN = {"width": 64, "readout": "sum"}

_RANDOM = Start("gated_gcn", {"width": 256, "readout": "sum"}, view="effective")

QUICK = Pretraining(
    [
        Start("gated_gcn", _GCN, "arch2vec", view="effective"),
        Start("gated_gcn", _GCN, "fgp", "flow", view="effective"),
        _RANDOM,
    ],
    epochs=40,
    rows=1000,
)
"""Small encoders. No task suits all tables, and on some a task embeds worse than random weights do: three different
encoders are a compromise, although a single one is better on some tables."""

THOROUGH = Pretraining(
    [
        Start("flowerformer", {"width": 64}, "fgp", "arch2vec", view="effective"),
        Start("flowerformer", {"width": 64}, "fgp", "arch2vec", view="contracted"),
        Start("flowerformer", {"width": 64}, "proxy_ranking", "flow", view="effective"),
        _RANDOM,
    ],
    epochs=20,
    rows=2000,
)
"""Large encoders, and one with random weights; this takes minutes."""


def evenly(architectures: ArchitectureSet, labelled: Rows, most: int) -> Rows:
    """Choose rows to train on, ascending, spaced evenly in the order of the architectures' hashes.

    All rows are chosen if there are at most `most`; otherwise labelled rows are preferred. The choice does not depend
    on the order of the table.

    Args:
        architectures: N architectures.
        labelled: (n,) rows.
        most: The largest number of rows to choose.
    """
    everything = np.arange(len(architectures))
    if len(everything) <= most:
        return everything
    hashes = architectures.hashes
    chosen: list[Rows] = []
    for rows in (np.unique(labelled), np.setdiff1d(everything, labelled)):
        count = min(len(rows), most - sum(map(len, chosen)))
        ordered = rows[np.argsort(hashes[rows], kind="stable")]
        chosen.append(ordered[np.linspace(0, len(rows) - 1, count).astype(np.int64)])
    return np.sort(np.concatenate(chosen))
