"""The texts whose embeddings ship with the package: operations of importers and benchmarks, and known devices."""

from __future__ import annotations

from collections.abc import Iterable

from archflow.data.benchmarks import BENCHMARKS, find
from archflow.devices.published import PUBLISHED
from archflow.encoders.operation_words import operation_words
from archflow.errors import ArchflowError
from archflow.graph.table import read_table
from archflow.importers.vocabulary import ACTIVATIONS, CONVOLUTIONS, NORMS, OPERATIONS
from archflow_reproduce.devices.ncnn import OTHER_NAMES
from archflow_reproduce.devices.ncnn_runs import ncnn_runs, renamed

FUSED = [
    f"{product}{norm}{activation}"
    for product in (*CONVOLUTIONS[:3], "linear")
    for norm in ("", *(f"+{each}" for each in NORMS[:2]))
    for activation in ("", "+relu", "+relu6", "+silu", "+gelu", "+hard_swish", "+sigmoid")
    if norm or activation
]
"""Frequent operations of fused views (`archflow.importers.views`)."""


def shipped_texts() -> list[str]:
    """Collect all texts, sorted. Benchmarks that are not on this machine are left out."""
    ops = {*OPERATIONS, *FUSED, *ACTIVATIONS, "moves", "[unknown]", *_ops_of_benchmarks(), *_ops_of_ncnn()}
    return sorted({operation_words(op) for op in ops} | {device.words for device in PUBLISHED.values()})


def _ops_of_benchmarks() -> Iterable[str]:
    for name in BENCHMARKS:
        try:
            yield from read_table(find(name)[1]).architectures.vocabulary.ops
        except ArchflowError:
            continue


def _ops_of_ncnn() -> Iterable[str]:
    vocabulary = ncnn_runs().table.architectures.vocabulary
    return (*vocabulary.ops, *renamed(vocabulary, OTHER_NAMES).ops)
