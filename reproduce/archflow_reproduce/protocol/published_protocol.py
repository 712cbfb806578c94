"""The protocol with the settings that were published for a data set and an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from archflow.data.benchmarks import Benchmark
from archflow.errors import ArchflowError
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings
from archflow.recipes.presets import preset_of
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.teachers import Teacher


def published_protocol(
    benchmark: Benchmark | None,
    encoder: str,
    *,
    metric: str | None = None,
    proxies: Sequence[str] = (),
    width: int | None = None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    train: int | None = None,
    test: int | None = None,
    epochs: int | None = None,
    pretrain_epochs: int = PretrainSettings.epochs,
    view: str | None = None,
    **others: Any,
) -> Protocol:
    """The protocol with the published settings for a data set and an encoder, unless overridden by an argument.

    `settings` are the encoder's, `others` are fields of `Protocol`.

    Raises:
        ArchflowError: If no metric to rank by is known.
    """
    preset = preset_of(benchmark)
    chosen, teacher = preset.published(encoder), preset.published(Teacher.encoder)
    metric = metric or (benchmark and benchmark.metric)
    proxies = proxies or ((benchmark.proxy,) if benchmark else ())
    if metric is None:
        raise ArchflowError("the table is not a named benchmark: name the column to rank by with --metric")
    return Protocol(
        metric=metric,
        encoder=encoder,
        encoder_config={**chosen.config, **({} if width is None else {"width": width}), **settings},
        train=preset.train if train is None else train,
        test=preset.test if test is None else test,
        shuffled=preset.shuffled,
        pretrain_on_all=preset.pretrain_on_all,
        view=view or chosen.view,
        proxies=list(proxies),
        pretext=preset.tasks,
        pretrain=replace(chosen.pretrain, epochs=pretrain_epochs),
        fine_tune=_lasting(chosen.fine_tune, epochs),
        teacher=Teacher(config=teacher.config, fine_tune=_lasting(teacher.fine_tune, epochs)),
        **others,
    )


def _lasting(settings: FineTuneSettings, epochs: int | None) -> FineTuneSettings:
    """The settings with this number of epochs, if one is given."""
    return settings if epochs is None else replace(settings, epochs=epochs)
