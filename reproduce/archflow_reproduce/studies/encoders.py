"""All encoders side by side: how well each ranks from few labels, and its time per architecture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from archflow.data.benchmarks import Benchmark
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.pretext import PretrainSettings
from archflow_reproduce.protocol.encoders import fresh_encoder
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.published import published_figures
from archflow_reproduce.protocol.published_protocol import published_protocol
from archflow_reproduce.protocol.run import run_protocol
from archflow_reproduce.speed.encoders import encode_us
from archflow_reproduce.speed.machine import machine
from archflow_reproduce.studies.on_features import features_result, features_us, is_on_features
from archflow_reproduce.studies.variants import variant

BATCH_SIZE = 128
"""Batch size when encoding is timed."""


@dataclass(frozen=True)
class Comparison:
    """The encoders to compare, and the protocol of the comparison.

    Attributes:
        encoders: Names, with settings as in `variant`; or regressors on features as in `is_on_features`, which are only
            trained on labels.
        data: The table's name.
        benchmark: Its benchmark, if any.
        metric: None for the benchmark's own.
        labels: Fractions (below 1) or counts.
        methods, runs, split_by, validation: As in `Protocol`, for every encoder and number of labels.
        epochs: Of fine-tuning, one number for each of `labels` or one for all; empty for each encoder's own.
        proxies: To rank in pre-training; empty for the benchmark's own.
        view: The form in which all encoders see architectures; None for each encoder's own.

    Raises:
        ArchflowError: If the length of `epochs` is not 0, 1 or that of `labels`.
    """

    data: str
    benchmark: Benchmark | None
    encoders: Sequence[str]
    metric: str | None = None
    labels: Sequence[float] = (0.01,)
    methods: Sequence[str] = ("supervised",)
    runs: int = 9
    split_by: str = "random"
    validation: int = Protocol.validation
    epochs: Sequence[int] = ()
    pretrain_epochs: int = PretrainSettings.epochs
    proxies: Sequence[str] = ()
    view: str | None = None

    def __post_init__(self) -> None:
        if len(self.epochs) not in (0, 1, len(self.labels)):
            raise ArchflowError(
                f"{len(self.epochs)} numbers of epochs for {len(self.labels)} of labels; give one, or as many"
            )

    @property
    def config(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "benchmark"}

    def protocol(self, encoder: str, labels: float) -> Protocol:
        """The protocol of one encoder with one of `labels`."""
        epochs = self.epochs[list(self.labels).index(labels) % len(self.epochs)] if self.epochs else None
        name, settings = variant(encoder)
        return published_protocol(
            self.benchmark,
            name,
            settings=settings,
            metric=self.metric,
            proxies=self.proxies,
            epochs=epochs,
            pretrain_epochs=self.pretrain_epochs,
            methods=list(self.methods),
            labels=labels,
            runs=self.runs,
            split_by=self.split_by,
            validation=self.validation,
            view=self.view,
        )


def protocol_results(
    comparison: Comparison,
    table: Table,
    folder: Path,
    processes: int,
    on_step: Callable[[str], None],
    pretrain_on: Mapping[str, Table] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the result of `run_protocol` for every number of labels and encoder.

    Each also has the `encoder` as it is named in the comparison, and the `published` figures.

    Args:
        comparison: What to compare.
        table: The table.
        folder: Holds the finished and unfinished protocols, one folder each: the same call resumes, and a comparison of
            more encoders, labels or runs reuses what is done.
        processes: Number of parallel trainings.
        on_step: Called with a short description before each protocol.
        pretrain_on: See `run_protocol`.

    Raises:
        ArchflowError: As for `run_protocol`.
    """
    elsewhere = ["on", *pretrain_on] if pretrain_on else []
    for labels in comparison.labels:
        for encoder in comparison.encoders:
            on_step(f"{encoder}, {labels:g} labels")
            if is_on_features(encoder):
                protocol = comparison.protocol("mlp", labels)
                result = features_result(encoder, protocol, comparison.data, table)
                yield {**result, "encoder": encoder, "published": None}
                continue
            protocol = comparison.protocol(encoder, labels)
            seen = [] if protocol.view == "whole" else [protocol.view]
            if protocol.validation != Protocol.validation:
                seen.append(f"{protocol.validation}-validation")
            parts = [
                f"{encoder.replace(' ', '-')}-{labels:g}",
                comparison.split_by.replace(":", "-"),
                *seen,
                *elsewhere,
            ]
            place = folder / "-".join(parts)
            result = run_protocol(protocol, comparison.data, table, place, processes, pretrain_on=pretrain_on)
            published = None if encoder != protocol.encoder else published_figures(result)
            yield {**result, "encoder": encoder, "published": published}


def compare_encoders(
    comparison: Comparison,
    table: Table,
    folder: Path,
    processes: int = 2,
    on_step: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Run the protocol for every encoder and number of labels, then time the encoders.

    The times are measured in every call, so that they can be repeated on an idle machine.

    Args:
        comparison: What to compare.
        table: The table.
        folder: Holds the finished and unfinished protocols, one folder each: the same call resumes, and a comparison of
            more encoders, labels or runs reuses what is done.
        processes: Number of parallel trainings.
        on_step: Called with a short description before every part.

    Raises:
        ArchflowError: As for `run_protocol`.
    """
    results = list(protocol_results(comparison, table, folder, processes, on_step))
    encode = {}
    for encoder in comparison.encoders:
        on_step(f"{encoder}, time")
        if is_on_features(encoder):
            encode[encoder] = round(features_us(encoder, table, BATCH_SIZE), 2)
            continue
        protocol = comparison.protocol(encoder, comparison.labels[0])
        model = fresh_encoder(protocol, table.architectures.vocabulary, 21)
        times = encode_us(model.eval(), table.architectures, BATCH_SIZE, torch.device("cpu"))
        encode[encoder] = round(times.median, 2)
    return {
        "data": comparison.data,
        "metric": results[0]["metric"],
        "splits": {key: value for key, value in results[0]["splits"].items() if key != "files"},
        "cells": [
            {key: result[key] for key in ("encoder", "labels", "methods", "seconds", "config", "published")}
            for result in results
        ],
        "encode_us": encode,
        "batch_size": BATCH_SIZE,
        "threads": torch.get_num_threads(),
        "config": comparison.config,
        "machine": machine(),
    }
