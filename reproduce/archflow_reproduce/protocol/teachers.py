"""Teachers: encoders trained on the labels, whose embeddings other encoders reconstruct in pre-training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archflow.checkpoint import fingerprint, remove_saved
from archflow.data.splits import Split
from archflow.encoders import ENCODERS
from archflow.encoders.embedder import Embedder
from archflow.encoders.preparation import Preparation
from archflow.graph.table import Table
from archflow.predict.fine_tune import FineTuneSettings
from archflow.progress import progress_bar
from archflow.seeding import seeded
from archflow_reproduce.protocol.runs import model_seed, tune_runs


@dataclass(frozen=True)
class Teacher:
    """The encoder whose embedding is the learnt surrogate; in FGP's table 9 a TA-GATES.

    Attributes:
        config: Its arguments other than n_ops.
        fine_tune: How it is trained on the labels of a run.
    """

    encoder: str = "ta_gates"
    config: Mapping[str, Any] = field(default_factory=dict)
    fine_tune: FineTuneSettings = field(default_factory=FineTuneSettings)

    @property
    def key(self) -> str:
        """16 hexadecimal digits of the settings."""
        return fingerprint(asdict(self))


def train_teachers(
    teacher: Teacher,
    runs: int,
    table: Table,
    metric: str,
    splits: Sequence[Split],
    folder: Path,
    on_wait: Callable[[], None],
) -> list[Path]:
    """Train one teacher per run, on the labels of that run only; returns their files.

    folder: holds the teachers, and the state of unfinished ones; the same call resumes from it.
    """
    stem = f"teacher-{teacher.key}-{runs}"
    paths = [folder / f"{stem}-{run}.encoder" for run in range(runs)]
    if all(path.exists() for path in paths):
        return paths
    vocabulary = table.architectures.vocabulary
    encoders = []
    for run in range(runs):
        with seeded(model_seed(run)):
            encoders.append(ENCODERS.get(teacher.encoder)(n_ops=len(vocabulary), **teacher.config))
    state = folder / f"{stem}.state"
    with progress_bar("teachers", teacher.fine_tune.epochs) as bar:

        def advance(epochs: int) -> None:
            bar.advance(epochs)
            on_wait()

        tuned = tune_runs(encoders, table, metric, splits, teacher.fine_tune, state, advance)
    for path, model in zip(paths, tuned.models, strict=True):
        Embedder(model.encoder, Preparation(vocabulary), {"teacher": asdict(teacher)}).save(path)
    remove_saved(folder.glob(f"{stem}.state*"))  # if the encoder is not stackable, one per run
    return paths
