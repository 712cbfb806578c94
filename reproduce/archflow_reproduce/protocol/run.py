"""The protocol of the FGP paper: how well a few labels rank the rest, with and without pre-training."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.data.joined import joined
from archflow.data.splits import PERMUTATIONS, Split
from archflow.encoders import Encoder, stack
from archflow.errors import ArchflowError
from archflow.graph.effective import view
from archflow.graph.table import Table
from archflow.predict.metrics import summary
from archflow.predict.ranking_model import ScoreModel, score
from archflow.progress import progress_bar
from archflow.sealed import read_sealed, write_sealed
from archflow_reproduce.protocol.drawn import Drawn
from archflow_reproduce.protocol.encoders import file_name, fresh_encoder, pretrained_encoders, ready_encoder
from archflow_reproduce.protocol.finished import read_finished, write_finished
from archflow_reproduce.protocol.methods import (
    LEARNED,
    is_encoder,
    pretrained_methods,
    proxies_of_methods,
    recorded_task,
)
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.runs import MODEL_SEEDS, model_seed, tune_runs
from archflow_reproduce.protocol.splits import pretraining_rows, save_splits
from archflow_reproduce.protocol.teachers import train_teachers
from archflow_reproduce.speed.machine import machine

KEEP_SECONDS = 10.0
"""Interval in seconds at which the time spent is saved."""


def run_protocol(
    protocol: Protocol,
    data: str,
    table: Table,
    folder: Path,
    processes: int = 2,
    splits_folder: Path | None = None,
    pretrain_on: Mapping[str, Table] | None = None,
) -> dict[str, Any]:
    """Run the protocol and return the result as JSON values.

    Args:
        protocol: What to measure.
        data: The table's name.
        table: The table.
        folder: Holds finished parts (encoders, methods) and the states of unfinished ones; the same call resumes from
            it.
        processes: Number of parallel trainings.
        splits_folder: Where the rows of every split are written, one file per permutation, for `load_split` with this
            table; default: `splits` in the folder.
        pretrain_on: Tables by name; encoders are pre-trained on all their architectures, as combined by `joined`,
            instead of those of `table`.

    Raises:
        ArchflowError: If a metric or proxy is missing, there are too few labels, the folder has other settings or data
            or a damaged `protocol.json`, or "learned" is combined with `pretrain_on`.
    """
    if pretrain_on and LEARNED in protocol.methods:
        raise ArchflowError(f"{LEARNED}: its teacher learns from labels of {data} alone; pre-train on {data} too")
    drawn = Drawn.of(protocol, data, table)
    rows, measured, train, labels, splits = drawn.rows, drawn.measured, drawn.train, drawn.labels, drawn.splits
    vocabulary = table.architectures.vocabulary
    within = measured.select(pretraining_rows(protocol.split_by, measured, train))
    everything = protocol.pretrain_on_all and not protocol.split_by.startswith("size")
    seen = pretrain_on or {data: table if everything else within}
    unlabelled = joined(seen, proxies_of_methods(protocol.methods, protocol.proxies, protocol.pretext), vocabulary.ops)
    settings = {"data": data, **_json(asdict(protocol))}
    if pretrain_on:
        settings["pretrain_on"] = list(pretrain_on)
    # Finished parts are shared with other numbers of runs or methods; files of another teacher have another name.
    lasting = {name: value for name, value in settings.items() if name not in ("runs", "methods", "teacher")}
    content = (measured.architectures.hashes, measured.metric(protocol.metric), unlabelled.architectures.hashes)
    spent = _Stopwatch(folder, fingerprint(lasting, *content))
    files = save_splits(splits_folder or folder / "splits", splits, protocol.split_by, table, rows)
    parts = list(splits.values())
    shown = replace(measured, architectures=view(protocol.view)(measured.architectures))
    seeds = MODEL_SEEDS[: -(-protocol.runs // len(PERMUTATIONS))]
    teachers = []
    if LEARNED in protocol.methods:
        teachers = train_teachers(protocol.teacher, protocol.runs, shown, protocol.metric, parts, folder, spent.tick)
    encoders, epoch_s = pretrained_encoders(protocol, unlabelled, teachers, folder, processes, spent.tick)
    encoders["supervised"] = [fresh_encoder(protocol, vocabulary, model_seed(run)) for run in range(protocol.runs)]
    sees = dict.fromkeys(protocol.methods, shown)
    for method in filter(is_encoder, protocol.methods):
        encoder, architectures = ready_encoder(method, measured.architectures)
        encoders[method], sees[method] = [encoder] * protocol.runs, replace(measured, architectures=architectures)
    methods = {}
    with progress_bar("fine-tuning", len(protocol.methods) * protocol.fine_tune.epochs, kept=folder) as bar:

        def advance(epochs: int) -> None:
            bar.advance(epochs)
            spent.tick()

        for method in protocol.methods:
            path = folder / f"{file_name(protocol, method)}-{protocol.runs}.json"
            finished = read_finished(path, spent.key, protocol.runs)
            if finished is None:
                state = path.with_suffix(".state")
                run = _fine_tune(protocol, sees[method], encoders[method], parts, state, advance)
                finished = write_finished(path, spent.key, {"method": run})
                state.unlink(missing_ok=True)
            else:
                bar.advance(protocol.fine_tune.epochs)
            (methods[method],) = finished.values()
    return {
        "data": data,
        "metric": protocol.metric,
        "labels": labels,
        "splits": {
            "by": protocol.split_by,
            "train": train,
            "test": [len(part.test) for part in parts],
            "validation": protocol.validation,
            "permutations": list(splits),
            "files": files,
            "model_seeds": list(seeds),
            "test_isomorphic_to_labelled": drawn.test_isomorphic_to_labelled,
            "order_against_metric_tau": _order_tau(measured.metric(protocol.metric)),
        },
        "methods": methods,
        "pretrain_epoch_s": epoch_s,
        "seconds": spent.keep(),
        "config": {**settings, **_derived(protocol)},
        "machine": machine(),
    }


def _derived(protocol: Protocol) -> dict[str, Any]:
    """Settings derived from a protocol: those of each pretext task, and the model seed of each run."""
    tasks = {
        method: recorded_task(method, protocol.proxies, protocol.pretext)
        for method in pretrained_methods(protocol.methods)
    }
    return {"tasks": _json(tasks), "model_seeds": [model_seed(run) for run in range(protocol.runs)]}


def _order_tau(values: NDArray[np.float64]) -> float:
    """Kendall tau of the table's order and the metric; the identity permutation is only fair if it is near 0."""
    return round(summary(np.arange(len(values)), values)["tau"], 4)


def _fine_tune(
    protocol: Protocol,
    table: Table,
    encoders: Sequence[Encoder],
    splits: Sequence[Split],
    state: Path,
    on_epochs: Callable[[int], None],
) -> dict[str, list[float]]:
    """Fine-tune all runs of one method as one batched model; returns the measures of every run.

    encoders: one per run. on_epochs: called with the number of additional epochs.
    """
    encoders = [copy.deepcopy(encoder) for encoder in encoders]
    tuned = tune_runs(encoders, table, protocol.metric, splits, protocol.fine_tune, state, on_epochs)
    parts = [splits[run % len(splits)] for run in range(protocol.runs)]
    labels = table.metric(protocol.metric)
    # Splits by class may differ by a few test rows; batched evaluation needs equal counts, so pad and cut.
    longest = max(len(part.test) for part in parts)
    results: dict[str, list[float]] = {}
    tests = np.stack([np.resize(part.test, longest) for part in parts])
    for k, (scores, part) in enumerate(zip(_scores(tuned.models, table, tests), parts, strict=True)):
        measures = summary(scores[: len(part.test)], labels[part.test])
        measures["validation_tau"] = float(tuned.validation_score[:, k].max())
        measures["best_epoch"] = int(tuned.validation_score[:, k].argmax()) + 1
        for name, value in measures.items():
            results.setdefault(name, []).append(round(value, 6))
    return results


def _scores(models: Sequence[ScoreModel], table: Table, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(K, n) scores of every model on its rows."""
    if len(models) > 1 and type(models[0].encoder).stackable:
        return score(stack(models), table.architectures, rows)[..., 0]
    return np.stack([score(m, table.architectures, r)[:, 0] for m, r in zip(models, rows, strict=True)])


class _Stopwatch:
    """Total seconds spent on a protocol over all calls, accurate to `KEEP_SECONDS` if a call was killed.

    Refuses a folder of another protocol.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / "protocol.json"
        about = read_sealed(self.path) if self.path.exists() else {"key": key, "seconds": 0.0}
        if about.get("key") != key:
            raise ArchflowError(f"{folder}: holds a run of other settings or data; give another --folder or remove it")
        self.key, self.before, self.began = key, about["seconds"], time.perf_counter()
        self.keep()

    def keep(self) -> float:
        """Save the seconds so far, and return them."""
        self.kept = time.perf_counter()
        seconds = round(self.before + self.kept - self.began, 3)
        write_sealed(self.path, {"key": self.key, "seconds": seconds})
        return seconds

    def tick(self) -> None:
        """Save the seconds if that was not done for `KEEP_SECONDS`."""
        if time.perf_counter() - self.kept > KEEP_SECONDS:
            self.keep()


def _json(value: Any) -> Any:
    """Dataclass fields as JSON values (tuples become lists)."""
    if isinstance(value, dict):
        return {name: _json(entry) for name, entry in value.items()}
    return [_json(entry) for entry in value] if isinstance(value, (list, tuple)) else value
