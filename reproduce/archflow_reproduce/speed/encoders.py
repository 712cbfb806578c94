"""Speed of encoders in inference and training, compared with the limits of matrix products and memory."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from archflow.encoders import ENCODERS, Encoder, encoders_of, stack
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.graph.batch import Batch
from archflow.predict.ranking_model import RankingModel
from archflow.pretext.ranking_loss import pairwise_hinge
from archflow.recipes.presets import PRESETS
from archflow.seeding import seeded
from archflow_reproduce.speed.machine import wait_for
from archflow_reproduce.speed.timing import CLOCK, Clock, Roof, Times, copy_gbs, timed

REPEATS = 5
TRIES = 20
"""Number of products of each shape in the first estimate of the roof."""

LARGE = 1024
"""Batch size for which the roof is reported."""

ENCODED = {1: 16, 128: 2048, LARGE: 4 * LARGE}
"""Architectures encoded in one pass, by batch size."""

STEPS = {16: 8, LARGE: 1}
"""Training steps in one pass, by batch size."""

MEMBERS = 9
"""Fine-tuning runs that are trained as one module: the paper's three permutations times three seeds."""


def run_speed_encoders(
    architectures: ArchitectureSet,
    device: torch.device,
    on_step: Callable[[str], None] = lambda name: None,
    names: list[str] | None = None,
    clock: Clock = CLOCK,
) -> dict[str, Any]:
    """Measure encoders with their published settings for NAS-Bench-201.

    Args:
        architectures: What they encode.
        device: Device of the computation.
        on_step: Called with a short description before each step.
        names: Names of the encoders; None for all that can read the architectures.
        clock: Returns seconds.

    Returns:
        `matmul_gflops`, `matmul_gflops_own`: the roof, and the best rate at the shape of the largest product in a gated
            GCN at batch `LARGE`; `copy_gbs`: the rate of copying its largest tensor; `encoders`: by name the result of
            `encoder_speed`, with `roof_us` and `times_roof` of `beside_roof`; `below_roof`: encoders that were measured
            faster than their roof, which is impossible and invalidates all comparisons with the roof.
    """
    on_step("matrix products")
    preset = PRESETS["nasbench201"]
    nodes = LARGE * len(architectures.op) // len(architectures)
    # The nodes of a batch times the four projections of a graph convolution.
    roof = Roof((nodes, preset.width, 4 * preset.width), device, clock)
    roof.sample(TRIES)
    gbs = copy_gbs(nodes * 4 * preset.width, device, clock=clock)
    measured = {}
    for name in names or encoders_of(architectures):
        on_step(f"encoder {name}")
        with seeded(21):
            config = preset.published(name).config
            encoder = ENCODERS.get(name)(n_ops=len(architectures.vocabulary), **config).to(device)
            measured[name] = encoder_speed(encoder, architectures, device, roof, gbs)
    encoders = {name: beside_roof(facts, roof.gflops) for name, facts in measured.items()}
    return {
        "matmul_gflops": round(roof.gflops, 1),
        "matmul_gflops_own": round(roof.own, 1),
        "copy_gbs": round(gbs, 1),
        "encoders": encoders,
        "below_roof": [name for name, facts in encoders.items() if (facts["times_roof"] or 1.0) < 1.0],
    }


def encoder_speed(
    encoder: Encoder, architectures: ArchitectureSet, device: torch.device, roof: Roof, gbs: float
) -> dict[str, Any]:
    """Measure times of an encoder, including building its batches; {"min", "median"} of `REPEATS` passes each.

    `encode_us`: microseconds per architecture, by batch size. For one architecture in a batch of `LARGE`: `batch_us`
    (building only), `mflop` (of matrix products), `traffic_kb` and `traffic_us` (as counted by `traffic_bytes`, at
    `gbs`). `step_s`: seconds of a training step by batch size. `members_step_s`: the same with 16 architectures for
    each of `MEMBERS` runs at once, None if the encoder is not stackable; `members_ratio`: relative to one run.

    Args:
        encoder: The encoder.
        architectures: What it encodes.
        device: Device of both.
        roof: Sampled between the passes at `LARGE`.
        gbs: Rate of copying.
    """
    encoder.eval()
    clock = roof.clock
    between = {LARGE: roof.sample}
    encode = {size: encode_us(encoder, architectures, size, device, between.get(size), clock) for size in ENCODED}
    batch = Batch(architectures, _rows(architectures, (LARGE,)), device)
    flops, moved = matmul_flops(encoder, batch) / LARGE, traffic_bytes(encoder, batch) / LARGE
    step = {size: step_s(encoder, architectures, (size,), device, clock) for size in STEPS}
    together = step_s(encoder, architectures, (MEMBERS, 16), device, clock) if encoder.stackable else None
    return {
        "encode_us": {str(size): times.rounded(1, 2) for size, times in encode.items()},
        "batch_us": _batch_us(encoder, architectures, device, clock).rounded(1, 2),
        "mflop": round(flops / 1e6, 3),
        "traffic_kb": round(moved / 1e3, 1),
        "traffic_us": round(moved / gbs / 1e3, 2),
        "step_s": {str(size): times.rounded(1, 6) for size, times in step.items()},
        "members_step_s": together and together.rounded(1, 6),
        "members_ratio": together and round(together.fastest / step[16].fastest, 2),
    }


def beside_roof(facts: Mapping[str, Any], gflops: float) -> dict[str, Any]:
    """Add the roof to an encoder's facts.

    `roof_us` is the time that its matrix products would take at the roof, and `times_roof` its fastest time per
    architecture at `LARGE` divided by that (None without matrix products).
    """
    roof = 1e3 * facts["mflop"] / gflops
    times = round(facts["encode_us"][str(LARGE)]["min"] / roof, 3) if roof else None
    return {**facts, "roof_us": round(roof, 3), "times_roof": times}


def check_roof(result: Mapping[str, Any]) -> None:
    """Raise ArchflowError if an encoder was measured faster than its roof, which means that the roof is wrong."""
    if result["below_roof"]:
        raise ArchflowError(
            f"{', '.join(result['below_roof'])}: measured faster than the roof of {result['matmul_gflops']:g} GFLOP/s, "
            "which cannot be; measure again while nothing else runs"
        )


def _rows(architectures: ArchitectureSet, shape: tuple[int, ...]) -> np.ndarray:
    """Random rows without repetition, unless more are requested than there are."""
    order = np.random.default_rng(0).permutation(len(architectures))
    return np.resize(order, shape)


@torch.inference_mode()
def encode_us(
    encoder: Encoder,
    architectures: ArchitectureSet,
    size: int,
    device: torch.device,
    between: Callable[[], object] | None = None,
    clock: Clock = CLOCK,
) -> Times:
    """Microseconds per architecture with newly built batches of one of the sizes in `ENCODED`.

    between, clock: see `timed`.
    """
    rows = _rows(architectures, (ENCODED[size] // size, size))

    def encode() -> None:
        for chosen in rows:
            encoder.embed(Batch(architectures, chosen, device))
            if size == 1:
                wait_for(device)  # measures latency, not throughput of overlapping calls

    return _scaled(timed(encode, REPEATS, device, between or (lambda: None), clock), 1e6 / rows.size)


def _scaled(times: Times, factor: float) -> Times:
    return Times(factor * times.fastest, factor * times.median)


def _batch_us(encoder: Encoder, architectures: ArchitectureSet, device: torch.device, clock: Clock) -> Times:
    rows = _rows(architectures, (ENCODED[LARGE] // LARGE, LARGE))
    used = parts_used(encoder, Batch(architectures, rows[0], device))

    def build() -> None:
        for chosen in rows:
            batch = Batch(architectures, chosen, device)
            for name in used:
                getattr(batch, name)

    return _scaled(timed(build, REPEATS, device, clock=clock), 1e6 / rows.size)


@torch.inference_mode()
def parts_used(encoder: Encoder, batch: Batch) -> list[str]:
    """The lazily computed parts of a batch that the encoder uses."""
    before = set(vars(batch))
    encoder.embed(batch)
    return [name for name in vars(batch) if name not in before]


def matmul_flops(encoder: Encoder, batch: Batch) -> int:
    """Floating-point operations of the matrix products of one forward pass, as counted by torch."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder.embed(batch)
    return counter.get_total_flops()


_UNWRITTEN = (torch.ops.aten.empty, torch.ops.aten.empty_like, torch.ops.aten.new_empty)


class _Traffic(TorchDispatchMode):
    """Adds up the bytes of the tensors that operations read and write."""

    moved = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))  # an output tensor is passed as a keyword, and returned as the result
        if not (func.is_view or func.overloadpacket in _UNWRITTEN):
            self.moved += sum(x.nbytes for x in (*tree_leaves(args), *tree_leaves(out)) if isinstance(x, torch.Tensor))
        return out


def traffic_bytes(encoder: Encoder, batch: Batch) -> int:
    """Bytes that the operations of one forward pass read and write, without building the batch.

    Every operation reads all its operands once and writes its whole result once. This bounds the given sequence of
    operations, not the method: fused operations would move less.
    """
    parts_used(encoder, batch)
    with _Traffic() as traffic, torch.no_grad():
        encoder.embed(batch)
    return traffic.moved


def step_s(
    encoder: Encoder,
    architectures: ArchitectureSet,
    shape: tuple[int, ...],
    device: torch.device,
    clock: Clock = CLOCK,
) -> Times:
    """Seconds of a training step on a batch of shape (B,) or (K, B).

    A step is a forward pass, pairwise hinge loss, backward pass and AdamW.
    """
    models = [RankingModel(copy.deepcopy(encoder)) for _ in range(math.prod(shape[:-1]))]
    model = (models[0] if len(models) == 1 else stack(models)).to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    rows = _rows(architectures, (STEPS[shape[-1]], *shape))
    labels = torch.randn(shape, device=device)

    def train() -> None:
        for chosen in rows:
            scores = model(Batch(architectures, chosen, device)).view(shape)
            optimiser.zero_grad()
            pairwise_hinge(scores, labels, 0.5).sum().backward()
            optimiser.step()

    return _scaled(timed(train, REPEATS, device, clock=clock), 1 / len(rows))
