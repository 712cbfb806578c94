"""Latency on unmeasured devices: ncnn's benchmark with single devices or whole families left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.sentences import text_vectors
from archflow_reproduce.devices.ncnn_baselines import costs, process, trees, typical
from archflow_reproduce.devices.ncnn_ledg import LeDGSettings, ledg
from archflow_reproduce.devices.ncnn_runs import Runs, described, ncnn_runs, renamed
from archflow_reproduce.devices.ncnn_scores import by_device
from archflow_reproduce.speed.machine import machine

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUPS = 6
"""Folds of the devices; each is left out of one training run."""

OTHER_NAMES = {
    **{"conv2d": "convolution", "relu": "rectifier", "linear": "fully_connected"},
    **{"batch_norm": "batch_normalization", "add": "elementwise_add", "concat": "concatenate", "mul": "multiply"},
    **{"sigmoid": "logistic", "softmax": "normalized_exponential", "reshape": "view", "avg_pool2d": "average_pooling"},
}
"""Names that other frameworks use for operations of the importers; the package carries the vectors of their words."""

PLAIN = LeDGSettings()
VARIANTS: Mapping[str, tuple[str, LeDGSettings]] = {
    "LeDG-Former": ("text", PLAIN),
    "devices one-hot": ("one-hot", PLAIN),
    "devices by data sheet": ("sheet", PLAIN),
    "devices not described": ("none", PLAIN),
    "operations learned": ("text", replace(PLAIN, text=False)),
    "one mask": ("text", replace(PLAIN, masks=1)),
    "two masks": ("text", replace(PLAIN, masks=2)),
    "operations learned by data sheet": ("sheet", replace(PLAIN, text=False)),
    "one mask by data sheet": ("sheet", replace(PLAIN, masks=1)),
    "two masks by data sheet": ("sheet", replace(PLAIN, masks=2)),
}
"""Device descriptions and encoders; each variant differs in one respect from the first, or from that by data sheet."""
RENAMED = ("LeDG-Former", "operations learned", "devices by data sheet", "operations learned by data sheet")
"""Variants that also predict with operations under the names of other frameworks."""

Scores = dict[str, dict[str, dict[str, float]]]
"""By method and device."""


def _device_folds(runs: Runs) -> Bools:
    """Assign devices to K groups at random; (K, R) is false for the runs of a group's devices."""
    devices = np.random.default_rng(0).permutation(np.unique(runs.devices))
    group = {device: number % GROUPS for number, device in enumerate(devices.tolist())}
    return np.stack([[group[device] != number for device in runs.devices] for number in range(GROUPS)])


def _family_folds(runs: Runs) -> Bools:
    """As `_device_folds`, with families as groups."""
    return np.stack([runs.families != name for name in np.unique(runs.families)])


PROTOCOLS: Mapping[str, Callable[[Runs], Bools]] = {"device": _device_folds, "family": _family_folds}
"""The training runs that each fold knows, by what is left out."""


def run_ncnn(
    folder: Path,
    *,
    seeds: int = 3,
    variants: Sequence[str] = tuple(VARIANTS),
    protocols: Sequence[str] = tuple(PROTOCOLS),
    settings: LeDGSettings = PLAIN,
    say: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Run what is missing in `folder`: the baselines, then every variant with every seed.

    Args:
        folder: The folder of finished parts, each with its predictions.
        seeds: The number of seeds of weights and dropout.
        variants: Names in `VARIANTS`.
        protocols: What is left out: `device` or `family`.
        settings: Epochs and sizes of all variants.
        say: Called with the next step.

    Raises:
        ArchflowError: If a variant or protocol is unknown, the tables are not on this machine, or a variant reads
            devices as text and there is no sentence encoder.
    """
    for what, asked, known in (("variant", variants, VARIANTS), ("protocol", protocols, PROTOCOLS)):
        if unknown := next((name for name in asked if name not in known), None):
            raise ArchflowError(f"no {what} is called {unknown!r}; there are {', '.join(known)}")
    runs = ncnn_runs()
    ways = _descriptions(runs, folder, any(VARIANTS[name][0] == "text" for name in variants), say)
    found: dict[str, Scores] = {}
    for protocol in protocols:
        folds = PROTOCOLS[protocol](runs)
        predicted = _kept(folder / f"{protocol}-baselines.json", say, lambda f=folds: baselines(runs, f))
        for how in (way for way in ways if way != "none"):
            path = folder / f"{protocol}-process-{how}.json"
            predicted |= _kept(path, say, lambda f=folds, h=how: {f"process, {h}": left_out(runs, f, ways[h])})
        for name in variants:
            how, own = VARIANTS[name][0], replace(settings, masks=VARIANTS[name][1].masks, text=VARIANTS[name][1].text)
            for seed in range(seeds):
                path = folder / f"{protocol}-{name.replace(' ', '-')}-{seed}.json"
                part = _kept(path, say, lambda a=(folds, ways[how], own, seed): _variant(runs, *a))
                predicted |= {f"{method} | {seed}": values for method, values in _named(name, part).items()}
            if own == settings and f"process, {how}" in predicted:
                mean = np.mean([predicted[f"{name} | {seed}"] for seed in range(seeds)], 0)
                predicted[f"{name} and process"] = (mean + np.asarray(predicted[f"process, {how}"])) / 2
        found[protocol] = {
            method: by_device(np.asarray(values), runs.logs, runs.devices) for method, values in predicted.items()
        }
    return {
        "data_hash": fingerprint(runs.table.architectures.hashes, runs.logs),
        "scores": found,
        "families": dict(zip(runs.devices.tolist(), runs.families.tolist(), strict=True)),
        "runs": len(runs.logs),
        "networks": len(runs.names),
        "config": {"seeds": seeds, "groups": GROUPS, "settings": asdict(settings), "variants": list(variants)},
        "machine": machine(),
    }


def _descriptions(runs: Runs, folder: Path, text: bool, say: Callable[[str], None]) -> dict[str, Floats]:
    """Describe the devices in every way; without a sentence encoder, `text` is left out unless it is needed."""
    ways = {how: described(runs, how) for how in ("one-hot", "sheet", "none")}
    try:
        vectors = text_vectors(runs.sentences, folder / "texts").astype(np.float64)
    except ArchflowError as error:
        if text:
            raise
        say(f"no process on text: {error}")
        return ways
    return {"text": described(runs, "text", vectors), **ways}


def baselines(runs: Runs, folds: Bools) -> dict[str, Floats]:
    """Log milliseconds (R, G) by method; each run is predicted by the fold that left it out."""
    found: dict[str, Floats] = {}

    def put(name: str, known: Bools, values: Floats) -> None:
        found.setdefault(name, np.zeros_like(runs.logs))[~known] = values

    for known in folds:
        network, level = typical(runs.logs[known])
        for name, values in costs(runs, known).items():
            put(name, known, values)
        put("typical device", known, network + level.mean())
        put("trees on numbers", known, trees(runs, known)[~known])
    return found


def left_out(runs: Runs, folds: Bools, description: Floats) -> Floats:
    """Log milliseconds (R, G) by processes on the descriptions of devices (R, D); a fold predicts what it left out."""
    found = np.zeros_like(runs.logs)
    for known in folds:
        found[~known] = process(runs, known, description)[~known]
    return found


def _variant(runs: Runs, folds: Bools, description: Floats, settings: LeDGSettings, seed: int) -> dict[str, Floats]:
    new = renamed(runs.table.architectures.vocabulary, OTHER_NAMES)
    found, other = ledg(runs, folds, description, settings, seed, new)
    assert other is not None
    return {"": found, "renamed": other}


def _named(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part[""]} | ({f"{name}, renamed": part["renamed"]} if name in RENAMED else {})


def _kept(path: Path, say: Callable[[str], None], make: Callable[[], Mapping[str, Floats]]) -> dict[str, Any]:
    """Return the content of the file if it exists; otherwise that of `make`, after saving it."""
    if not path.is_file():
        say(path.stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {name: np.round(values, 5).tolist() for name, values in make().items()})
    return dict(read_json(path))
