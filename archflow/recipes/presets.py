"""Published settings per benchmark, from the text and released code of FGP (NeurIPS 2025)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archflow.data.benchmarks import Benchmark
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings

GRAPH_NETWORKS = ("gated_gcn", "gin", "mlp", "transformer")
"""The encoders for which FGP's text gives one width per data set."""

SCHEDULED = {
    "nn_former": (1e-4, 1e-2),
    "nar_former": (1e-4, 1e-2),
    "nar_former_v2": (1e-4, 1e-2),
    "pinat": (1e-4, 1e-3),
    "cate": (1e-3, 1e-2),
}
"""Deep Transformers with their published learning rate and weight decay (NAR-Former V2's decay is NAR-Former's). The
rate rises over the first tenth of the epochs and falls to zero; loss, batches and epochs are FGP's."""

VIEWED = {"nn_former": "effective"}
"""Encoders that were published for architectures without the nodes that have no effect (`archflow.graph.effective`)."""


@dataclass(frozen=True)
class EncoderPreset:
    """How an encoder is built and trained on a data set.

    `config` holds the encoder's arguments other than n_ops; `view` is the form in which it sees architectures.
    """

    config: Mapping[str, Any]
    fine_tune: FineTuneSettings
    pretrain: PretrainSettings = field(default_factory=PretrainSettings)
    view: str = "whole"


@dataclass(frozen=True)
class Preset:
    """The settings for a data set.

    Attributes:
        width: Width of the graph networks.
        epochs, margin: For fine-tuning graph networks.
        tasks: By pretext task, settings that differ from the task's defaults.
        train, test: Sizes of the halves, or None for half of the labelled architectures each.
        shuffled, pretrain_on_all: See `Protocol`.
        configs: Arguments of encoders whose defaults belong to another space.
        own: Presets of encoders with their own training settings.
    """

    width: int
    epochs: int
    margin: float = 0.5
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    train: int | None = None
    test: int | None = None
    shuffled: bool = False
    pretrain_on_all: bool = False
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own: Mapping[str, EncoderPreset] = field(default_factory=dict)

    def published(self, encoder: str) -> EncoderPreset:
        """The published settings of an encoder; without any, its own defaults and FGP's training."""
        if encoder in self.own:
            return self.own[encoder]
        if encoder in LATENCY:
            return LATENCY[encoder][0]
        config = {"width": self.width} if encoder in GRAPH_NETWORKS else self.configs.get(encoder, {})
        training = FineTuneSettings(self.epochs, margin=self.margin)
        if encoder in SCHEDULED:
            rate, decay = SCHEDULED[encoder]
            training = replace(training, learning_rate=rate, weight_decay=decay, warmup=self.epochs // 10)
        return EncoderPreset(config, training, view=VIEWED.get(encoder, EncoderPreset.view))


def _flowerformer(weight_decay: float, batch_size: int) -> EncoderPreset:
    """FlowerFormer's own training (from its configuration files), pre-trained as in FGP's text.

    The released code pre-trains in batches of 1,024.
    """
    training = FineTuneSettings(
        epochs=300, batch_size=batch_size, learning_rate=8e-4, weight_decay=weight_decay, warmup=30
    )
    return EncoderPreset({"width": 64}, training)


# Their own training, with operations on nodes as in all other encoders; the form published for NAS-Bench-201 has
# operations on edges (`operations_on="edges"`).
_GATES = EncoderPreset({}, FineTuneSettings(epochs=200, batch_size=512, margin=0.1))

_FLAN = EncoderPreset(
    {},
    # Its learning rate falls from the first epoch.
    FineTuneSettings(epochs=150, batch_size=8, learning_rate=1e-3, weight_decay=1e-5, margin=0.1, warmup=1),
)

_NNLQP = FineTuneSettings(epochs=50, batch_size=16, learning_rate=1e-3, weight_decay=1e-2, clip=5.0)
_RISING = replace(_NNLQP, warmup=5, linear=True)

LATENCY = {
    "nn_former_latency": (EncoderPreset({}, _RISING), "consistent_relative"),
    "nar_former_v2_latency": (EncoderPreset({}, _RISING), "relative_squared"),
    "nnlp": (EncoderPreset({}, replace(_NNLQP, weight_decay=0.0)), "relative_squared"),
}
"""Latency predictors: encoder and training as published for NNLQP, and the objective. Learning rates change with every
step in the released code, here with every epoch."""

_OWN_TRAINING = {"flan": _FLAN, "gates": _GATES, "ta_gates": _GATES}


def _tasks(dim: int, sigma: float, margin: float = 0.5, **others: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Settings of FGP and its two parts (the surrogate's width and scale, the ranking margin) and of other tasks."""
    surrogate = {"dim": dim, "sigma": sigma}
    return {
        "flow": {"surrogate": surrogate},
        "proxy_ranking": {"margin": margin},
        "fgp": {"surrogate": surrogate, "margin": margin},
        **others,
    }


UNNAMED = Preset(128, 500, tasks=_tasks(7, 0.1), shuffled=True)
"""For tables that are not a named benchmark, in any row order: NAS-Bench-201's settings."""

PRESETS = {
    "nasbench201": Preset(
        128,
        500,
        tasks=_tasks(7, 0.1),
        configs={"gmae": {"width": 64, "depth": 12}},
        own={"flowerformer": _flowerformer(6e-5, 32), **_OWN_TRAINING},
    ),
    "nasbench101": Preset(
        256,
        200,
        tasks=_tasks(4, 1.0, gmae={"mask_ratio": 0.75}, cap={"hops": [1, 2]}),
        train=7290,
        test=7290,
        own={"flowerformer": _flowerformer(3e-5, 16), **_OWN_TRAINING},
    ),
    "nasbench301": Preset(
        256,
        300,
        margin=0.1,
        tasks=_tasks(12, 0.1, margin=0.1, gmae={"mask_ratio": 0.05}, cap={"hops": [2, 3]}, cate={"cost": "params_M"}),
        pretrain_on_all=True,
        own={
            # Eight layers on their own, two when pre-trained (FGP's appendix).
            "flowerformer_two_cell": EncoderPreset(
                {"width": 256, "depth": 8, "attention_dropout": 0.3},
                FineTuneSettings(500, 64, 3e-3, 2e-5, margin=0.1, warmup=50),
            ),
            **_OWN_TRAINING,
        },
    ),
    "digits201": replace(UNNAMED, shuffled=False),
    # These two tables list similar and good architectures next to each other.
    "nasbench_graph": replace(UNNAMED, tasks={**UNNAMED.tasks, "cate": {"cost": "cora_para"}}),
    "nasbench_nlp": replace(UNNAMED, tasks={**UNNAMED.tasks, "cate": {"cost": "num_params"}}),
}


def preset_of(benchmark: Benchmark | None) -> Preset:
    """The preset of a named benchmark, or `UNNAMED`."""
    return PRESETS.get(benchmark.name, UNNAMED) if benchmark else UNNAMED
