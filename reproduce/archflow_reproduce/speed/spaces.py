"""Speed of parsing, sampling and enumerating search spaces, and of loading data sets."""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np

from archflow.data.benchmarks import BENCHMARKS, locate
from archflow.graph import ArchitectureSet
from archflow.spaces import DARTS, NASBench101, NASBench201
from archflow_reproduce.speed.machine import peak_gib
from archflow_reproduce.speed.timing import CLOCK

COUNT = 100_000


def run_speed_spaces() -> dict[str, Any]:
    """Seconds on one core, each measured once.

    `parse_nasbench201_s`: 100,000 native strings to a set. `sample_darts_s`: 100,000 cells. `enumerate_nasbench101_s`,
    `hash_nasbench101_s`: all 423,624 graphs, and their official hashes. `load`: for every named data set on this
    machine, {`seconds`, `peak_gib`} of a separate process that has already imported torch.
    """
    space = NASBench201()
    texts = [space.format(cell) for cell in space.enumerate()]
    texts = [texts[i] for i in np.random.default_rng(0).integers(0, len(texts), COUNT)]
    parse = _seconds(lambda: ArchitectureSet.from_architectures([space.parse(text) for text in texts]))
    sample = _seconds(lambda: DARTS().sample(COUNT, np.random.default_rng(0)))
    began = CLOCK()
    everything = NASBench101().enumerate()
    enumerated = CLOCK()
    NASBench101().hashes(everything)
    hashed = CLOCK()
    return {
        "parse_nasbench201_s": parse,
        "sample_darts_s": sample,
        "enumerate_nasbench101_s": round(enumerated - began, 2),
        "hash_nasbench101_s": round(hashed - enumerated, 2),
        "load": {name: _load(name) for name, benchmark in BENCHMARKS.items() if locate(benchmark) is not None},
    }


def _seconds(run) -> float:
    began = CLOCK()
    run()
    return round(CLOCK() - began, 2)


def _load(name: str) -> dict[str, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load_in_process, (name,))


def _load_in_process(name: str) -> dict[str, float]:
    began = CLOCK()
    from archflow.data.benchmarks import load

    load(name)
    seconds = CLOCK() - began
    return {"seconds": round(seconds, 2), "peak_gib": round(peak_gib(), 2)}
