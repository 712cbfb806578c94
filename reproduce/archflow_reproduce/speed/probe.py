"""Times one figure at a time on request, for a comparison of two checkouts.

It is run as a script with a checkout's own code first on the path. Every line on standard input is a request, a JSON
object; every line on standard output is an answer: `{"seconds": ...}` of one pass, or `{"error": ...}` if this checkout
lacks what is requested. It only uses names that archflow has had for a long time, so that older checkouts can be
measured too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from archflow.data.benchmarks import load
from archflow.encoders import ENCODERS, stack
from archflow.flow import FlowSurrogate
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.ranking_model import RankingModel
from archflow.pretext.ranking_loss import pairwise_hinge
from archflow.spaces import DARTS, NASBench101, NASBench201

PARSED, SAMPLED = 10_000, 10_000

Pass = Callable[[], object]


def encode(cells: ArchitectureSet, encoder: str, config: dict[str, Any], size: int, repeats: int) -> Pass:
    """Encode `repeats` newly built batches of `size` architectures."""
    model = _encoder(cells, encoder, config).eval()
    rows = _rows(cells, (repeats, size))

    @torch.inference_mode()
    def run() -> None:
        for chosen in rows:
            model.embed(Batch(cells, chosen))

    return run


def step(cells: ArchitectureSet, encoder: str, config: dict[str, Any], shape: list[int], repeats: int) -> Pass:
    """Train on `repeats` batches of shape (B,), or (K, B) for K stacked encoders: hinge loss and AdamW."""
    models = [RankingModel(_encoder(cells, encoder, config)) for _ in range(shape[0] if len(shape) > 1 else 1)]
    model = (models[0] if len(models) == 1 else stack(models)).train()
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    rows = _rows(cells, (repeats, *shape))
    labels = torch.randn(shape)

    def run() -> None:
        for chosen in rows:
            scores = model(Batch(cells, chosen)).view(shape)
            optimiser.zero_grad()
            pairwise_hinge(scores, labels, 0.5).sum().backward()
            optimiser.step()

    return run


def surrogate(cells: ArchitectureSet) -> Pass:
    """Compute the flow surrogate of every cell, levels included."""
    everything, computed = np.arange(len(cells)), FlowSurrogate()
    return lambda: computed(cells.select(everything))


def parse(cells: ArchitectureSet) -> Pass:
    """Parse native strings of NAS-Bench-201 into a set."""
    space = NASBench201()
    texts = [space.format(cells[int(row)]) for row in _rows(cells, (PARSED,))]
    return lambda: ArchitectureSet.from_architectures([space.parse(text) for text in texts])


def sample(cells: ArchitectureSet) -> Pass:
    """Draw DARTS cells."""
    return lambda: DARTS().sample(SAMPLED, np.random.default_rng(0))


def hashes(cells: ArchitectureSet) -> Pass:
    """Canonical hashes of every cell."""
    everything = np.arange(len(cells))
    return lambda: cells.select(everything).hashes


def enumerate_space(cells: ArchitectureSet) -> Pass:
    """List all graphs of NAS-Bench-101."""
    return lambda: NASBench101().enumerate()


def read(cells: ArchitectureSet, name: str) -> Pass:
    """Read a data set."""
    return lambda: load(name)


KINDS = {each.__name__: each for each in (encode, step, surrogate, parse, sample, hashes, enumerate_space, read)}


def _encoder(cells: ArchitectureSet, name: str, config: dict[str, Any]):
    torch.manual_seed(21)
    return ENCODERS.get(name)(n_ops=len(cells.vocabulary), **config)


def _rows(cells: ArchitectureSet, shape: tuple[int, ...]) -> np.ndarray:
    return np.resize(np.random.default_rng(0).permutation(len(cells)), shape)


def main() -> None:
    """Answer requests until standard input ends. A repeated request for the same figure is not prepared again."""
    cells = NASBench201().enumerate()
    cells.undirected  # noqa: B018 - once per set, as in training
    prepared: tuple[str, Pass] = "", lambda: None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if line != prepared[0]:
                torch.set_num_threads(request.pop("threads"))
                prepared = line, KINDS[request.pop("kind")](cells, **request)
                prepared[1]()  # warm up
            began = time.perf_counter()
            prepared[1]()
            answer: dict[str, Any] = {"seconds": time.perf_counter() - began}
        except Exception as error:  # an error of any release: the comparison continues without this figure
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
