"""Speed of encoders as they are, and compiled by torch."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archflow.encoders import Embedder, create
from archflow.encoders.embedding import BATCH_SIZE
from archflow.errors import ArchflowError
from archflow.graph.batch import Batch
from archflow.named_objects import first_line
from archflow.spaces import NASBench201
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.speed.timing import Clock, timed

ENCODERS = ("mlp", "gin", "gated_gcn", "gates", "dagnn", "transformer", "tg_nas")
BATCHES = 16
"""Batches in a pass, each with other cells, and thus other numbers of nodes and edges."""

PASSES = 5

Encode = Callable[[Batch], Tensor]


def run_compiled(
    names: Sequence[str] = ENCODERS,
    on_step: Callable[[str], None] = lambda name: None,
    clock: Clock = time.process_time,
) -> dict[str, Any]:
    """Time encoders of the default size in batches as `embed` makes them, with and without `torch.compile`.

    Args:
        names: The encoders.
        on_step: Called with the name of an encoder when it is done.
        clock: Returns seconds; processor time, which other work on the machine disturbs less.

    Returns:
        `encoders`, by name: `eager_us` and `compiled_us`, microseconds per cell without building its batch, the fastest
        of `PASSES`; `compile_s`, the seconds by the clock of the first pass; `difference`, the largest between two
        embeddings. In place of the last three `failure`, if torch cannot compile it.

    Raises:
        ArchflowError: If there is no compiler.
    """
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        raise ArchflowError("bench compiled: torch.compile needs a C++ compiler; install g++, or name one in CXX")
    cells = NASBench201().sample(BATCHES * BATCH_SIZE, np.random.default_rng(0))
    rows = np.arange(len(cells)).reshape(BATCHES, BATCH_SIZE)
    found = {}
    for name in names:
        embedder = create(name, cells)
        batches = [Batch(embedder.prepare(cells), each) for each in rows]
        found[name] = _compared(embedder, batches, clock)
        on_step(name)
    config = {"batch_size": BATCH_SIZE, "batches": BATCHES, "passes": PASSES}
    return {"encoders": found, "config": config, "machine": machine()}


def _compared(embedder: Embedder, batches: Sequence[Batch], clock: Clock) -> dict[str, Any]:
    encode: Encode = embedder.encoder.eval().embed
    cells = len(batches) * BATCH_SIZE
    with torch.inference_mode():
        plain = _pass(encode, batches)
        eager = timed(lambda: _pass(encode, batches), PASSES, clock=clock)
        eager_us = round(1e6 * eager.fastest / cells, 2)
        torch.compiler.reset()
        compiled: Encode = torch.compile(encode, dynamic=True)
        began = time.perf_counter()
        try:
            fused = _pass(compiled, batches)
        except Exception as error:  # whatever torch raises where it cannot compile
            return {"eager_us": eager_us, "failure": first_line(error)}
        seconds = time.perf_counter() - began
        fastest = timed(lambda: _pass(compiled, batches), PASSES, clock=clock).fastest
    difference = max(float((a - b).abs().max()) for a, b in zip(plain, fused, strict=True))
    return {
        "eager_us": eager_us,
        "compiled_us": round(1e6 * fastest / cells, 2),
        "compile_s": round(seconds, 1),
        "difference": float(f"{difference:.1e}"),
    }


def _pass(encode: Encode, batches: Sequence[Batch]) -> list[Tensor]:
    return [encode(batch) for batch in batches]
