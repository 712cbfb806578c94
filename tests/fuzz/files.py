"""archflow's own files: encoders, predictors, states, journals, splits, records, caches, cards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import archflow
from archflow.checkpoint import TrainingState, load_tensors, save_tensors
from archflow.data.journal import open_journal
from archflow.data.saved_splits import load_split, save_split
from archflow.data.splits import split
from archflow.encoders import Embedder
from archflow.graph.table import Table
from archflow.predict import FineTuneSettings, NetworkPredictor, StackedPredictor, load_predictor
from archflow.predict.components import COMPONENTS
from archflow.predict.folder import write_folder
from archflow_reproduce.results.page import results_page
from archflow_reproduce.results.record import read_record
from tests.fuzz.mutate import Random, chosen, damaged_bytes, damaged_json, json_text
from tests.fuzz.surface import Attempt, surface
from tests.tables import scored_cells

RESULTS = Path(__file__).parents[2] / "results"


def _damaged(path: Path, read: Callable[[], object]) -> Attempt:
    """Damage a file's bytes, then read it."""
    content = path.read_bytes()

    def attempt(random: Random) -> None:
        path.write_bytes(damaged_bytes(content, random))
        read()

    return attempt


def _described(path: Path, read: Callable[[], object], write: Callable[[Any], object] | None = None) -> Attempt:
    """Damage a JSON file in its values, so that it remains JSON, then read it. write: puts the content in its stead."""
    content = json.loads(path.read_text())
    write = write or (lambda changed: path.write_text(json_text(changed), encoding="utf-8"))

    def attempt(random: Random) -> None:
        write(damaged_json(content, random))
        read()

    return attempt


def _table():
    return scored_cells(24)


def _networks() -> NetworkPredictor:
    embedder = archflow.create("mlp", _table(), width=4)
    predictor = NetworkPredictor(embedder, members=2, settings=FineTuneSettings(epochs=1))
    predictor.fit(_table(), metrics=["score"])
    return predictor


def _resealed(file: Path, read: Callable[[], object]) -> Attempt:
    """Damage the description inside a tensor file and seal it again with a right digest, then read it."""
    tensors, about = load_tensors(file)

    def attempt(random: Random) -> None:
        changed, kept = damaged_json(about, random), dict(tensors)
        if random.integers(4) == 0:
            name = chosen(random, sorted(kept))
            kept[name] = chosen(random, (torch.zeros(0), torch.zeros(3), torch.full_like(kept[name], torch.nan)))
        try:
            save_tensors(file, kept, changed)
        except (ValueError, RecursionError, UnicodeEncodeError):
            return  # not even this can be written
        read()

    return attempt


@surface
def encoder_bytes(folder: Path) -> Attempt:
    path = folder / "e.safetensors"
    archflow.create("mlp", _table(), width=4).save(path)
    return _damaged(path, lambda: Embedder.load(path).embed(_table()))


@surface
def encoder_described(folder: Path) -> Attempt:
    path = folder / "e.safetensors"
    archflow.create("gin", _table(), width=4, positions=True).save(path)
    return _resealed(path, lambda: Embedder.load(path).embed(_table()))


@surface
def predictor_bytes(folder: Path) -> Attempt:
    _networks().save(folder)
    return _damaged(folder / "predictor.json", lambda: load_predictor(folder).rank(_table()))


@surface
def predictor_described(folder: Path) -> Attempt:
    """Description and weights agree, but what they describe is odd."""
    _networks().save(folder)
    about = json.loads((folder / "predictor.json").read_text())
    tensors, written = load_tensors(folder / about["weights"])
    shutil.rmtree(folder)

    def attempt(random: Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        changed = damaged_json(written, random)
        try:
            write_folder(folder, about["format"], tensors, changed if isinstance(changed, dict) else {"x": changed})
        except (ValueError, RecursionError, TypeError):
            return
        load_predictor(folder).rank(_table())

    return attempt


def _stacked() -> StackedPredictor:
    """Every kind of component and of features."""
    table = _stacked_table()
    embedder = archflow.create("mlp", table, width=4)
    settings = {"networks": {"epochs": 1, "steps": 1}, "experts": {"columns": ["early"]}}
    components = [COMPONENTS.get(name)(**settings.get(name, {})) for name in COMPONENTS.names()]
    predictor = StackedPredictor(embedder, components=components, columns=["params"])
    predictor.fit(table, metrics=["score"])
    return predictor


def _stacked_table() -> Table:
    table, random = _table(), np.random.default_rng(5)
    early = table.metric("score") + random.normal(0, 0.2, len(table))
    return table.with_metrics({"params": random.random(len(table)), "early": early})


@surface
def stack_bytes(folder: Path) -> Attempt:
    _stacked().save(folder)
    return _damaged(folder / "predictor.json", lambda: load_predictor(folder).rank(_stacked_table()))


@surface
def stack_described(folder: Path) -> Attempt:
    """Description and arrays agree, but what they hold is odd."""
    predictor = _stacked()
    # Components without a weight are not saved: here all have one.
    stack = predictor.fitted
    count = len(stack.parts)
    predictor._stack = replace(stack, blend=replace(stack.blend, weights=np.full(count, 1 / count)))
    predictor.save(folder)
    name = json.loads((folder / "predictor.json").read_text())["format"]
    tensors, about = load_tensors(next(iter(folder.glob("*.safetensors"))))
    table = _stacked_table().select(np.arange(6))

    def attempt(random: Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        changed, kept = (about, dict(tensors))
        if random.integers(2):
            changed = damaged_json(about, random)
        else:
            for _ in range(int(random.integers(1, 3))):
                key = chosen(random, sorted(kept))
                kept[key] = _odd_tensor(kept[key], random)
        try:
            write_folder(folder, name, kept, changed if isinstance(changed, dict) else {"components": changed})
        except (ValueError, RecursionError, TypeError):
            return
        predictor = load_predictor(folder)
        assert isinstance(predictor, StackedPredictor)
        predictor.rank(table, top=3)
        predictor.interval(table, 0.5)

    return attempt


def _odd_tensor(tensor: torch.Tensor, random: Random) -> torch.Tensor:
    """A tensor that has another shape, type or content."""
    kind = int(random.integers(9))
    if kind == 0:
        return tensor[None]
    if kind == 1:
        return tensor.reshape(-1)[: int(random.integers(3))].clone()
    if kind == 2:
        return tensor.to(chosen(random, (torch.int64, torch.float16, torch.bool, torch.uint8, torch.float64)))
    if kind == 3:
        return torch.cat([tensor.reshape(-1)] * 2)
    if kind == 4:
        return tensor * 0
    if kind == 5:
        return -tensor if tensor.dtype != torch.bool else ~tensor
    filled = chosen(random, (float("nan"), float("inf"), 1e308, 1e30, 1e11, -1e11, -1.0, 2**31 - 1, 2**62, 1e-300))
    changed = tensor.clone().reshape(-1)
    if not changed.numel():
        return torch.ones(3)
    try:
        if kind == 6:
            changed[int(random.integers(changed.numel()))] = filled
        else:
            changed[:] = filled
    except (RuntimeError, OverflowError, ValueError):
        pass
    return changed.reshape(tensor.shape)


@surface
def training_state(folder: Path) -> Attempt:
    path = folder / "x.state"
    module = torch.nn.Linear(2, 2)
    optimiser = torch.optim.AdamW(module.parameters())
    state = TrainingState(path, "key", {"m": module}, optimiser)
    module(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    state.save(3, [{"loss": 1.0}], {"best": torch.ones(2)})
    attempts = _damaged(path, state.restore), _resealed(path, state.restore)
    return lambda random: chosen(random, attempts)(random)


@surface
def journal(folder: Path) -> Attempt:
    """A damaged journal is refused, or continued with the entries that are whole; never with others."""
    path = folder / "x.journal"
    written = [{"row": row, "seed": 0, "metrics": {"accuracy": row + 0.5}} for row in range(5)]
    with open_journal(path, {"settings": 1}) as opened:
        for entry in written:
            opened.append(entry)
    content = path.read_bytes()

    def attempt(random: Random) -> None:
        path.write_bytes(damaged_bytes(content, random))
        with open_journal(path, {"settings": 1}) as opened:
            strange = [entry for entry in opened.entries if entry not in written]
            assert not strange, f"taken for measured: {strange}"

    return attempt


@surface
def saved_split(folder: Path) -> Attempt:
    """A changed split is refused."""
    path, table = folder / "split.json", _table()
    made = split(np.arange(24), train=12, labels=6, validation=4)
    save_split(path, made, "size", table)
    content = path.read_bytes()

    def attempt(random: Random) -> None:
        path.write_bytes(damaged_bytes(content, random))
        read = load_split(path, table)
        for name, rows in vars(made).items():
            assert np.array_equal(rows, getattr(read, name)), f"accepted with other {name} rows"

    return attempt


@surface
def result_page(folder: Path) -> Attempt:
    results = [path for path in sorted(RESULTS.glob("*.json")) if path.stat().st_size < 200_000]
    contents = [(path.name, path.read_bytes()) for path in results]

    def attempt(random: Random) -> None:
        name, content = chosen(random, contents)
        for old in folder.glob("*.json"):
            old.unlink()
        if random.integers(2):
            text = json_text(damaged_json(json.loads(content), random))
            (folder / name).write_text(text, encoding="utf-8")
        else:
            (folder / name).write_bytes(damaged_bytes(content, random))
        results_page(folder, folder / "results.md")

    return attempt


@surface
def record(folder: Path) -> Attempt:
    path = folder / "r.json"
    shutil.copy(RESULTS / "speed.json", path)
    return _described(path, lambda: read_record(path))


@surface
def settings(folder: Path) -> Attempt:
    """Settings of training, given in Python."""
    from dataclasses import asdict

    from archflow.pretext import PretrainSettings

    kinds = [FineTuneSettings, PretrainSettings]

    def attempt(random: Random) -> None:
        kind = chosen(random, kinds)
        changed = damaged_json(asdict(kind()), random)
        try:
            kind(**changed)
        except TypeError as error:
            if "argument" not in str(error):  # a name that there is not: Python says it
                raise

    return attempt
