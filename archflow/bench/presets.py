"""The paper's settings a benchmark: FGP (NeurIPS 2025), its text and released code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archflow.data.benchmarks import Benchmark
from archflow.data.splits import label_count
from archflow.flow import FlowSurrogate
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings

Published = dict[str, dict[str, float]]
_METRICS = ("cifar10_test_acc", "val_acc_108")


GRAPH_NETWORKS = ("gated_gcn", "gin", "mlp", "transformer")
"""The encoders that FGP's text gives one width a data set."""


@dataclass(frozen=True)
class Recipe:
    """How an encoder is built and trained on a data set.

    config: of the encoder, besides n_ops. published: FGP's 1 % results by method.
    """

    config: Mapping[str, Any]
    fine_tune: FineTuneSettings
    pretrain: PretrainSettings = field(default_factory=PretrainSettings)
    published: Published | None = None


@dataclass(frozen=True)
class Preset:
    """width: of the graph networks. surrogate: k and sigma. epochs, margin: of fine-tuning graph networks. train, test:
    sizes of the halves, or None for half of the labelled architectures each. recipes: of encoders with settings of
    their own."""

    width: int
    surrogate: FlowSurrogate
    epochs: int
    margin: float = 0.5
    train: int | None = None
    test: int | None = None
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    published: Published | None = None

    def recipe(self, encoder: str) -> Recipe:
        """The published settings of an encoder; of one without any, its own defaults and FGP's training."""
        if encoder in self.recipes:
            return self.recipes[encoder]
        config = {"width": self.width} if encoder in GRAPH_NETWORKS else {}
        published = self.published if encoder == "gated_gcn" else None
        return Recipe(config, FineTuneSettings(self.epochs, margin=self.margin), published=published)


# Table 1 (gated GCN and FlowerFormer, 1 % of the labels) and, for "flow", the ablation without L_aux.
_NASBENCH201 = {
    "supervised": {"tau": 0.734, "p_at_1": 0.297, "p_at_5": 0.517},
    "proxy": {"tau": 0.799, "p_at_1": 0.443, "p_at_5": 0.615},
    "flow": {"tau": 0.745, "p_at_1": 0.365},
    "fgp": {"tau": 0.822, "p_at_1": 0.489, "p_at_5": 0.623},
}
_NASBENCH101 = {
    "supervised": {"tau": 0.650, "p_at_1": 0.182, "p_at_5": 0.462},
    "proxy": {"tau": 0.683, "p_at_1": 0.262, "p_at_5": 0.521},
    "flow": {"tau": 0.715, "p_at_1": 0.356},
    "fgp": {"tau": 0.748, "p_at_1": 0.375, "p_at_5": 0.617},
}
_FLOWERFORMER_201 = {
    "supervised": {"tau": 0.773, "p_at_1": 0.356, "p_at_5": 0.562},
    "proxy": {"tau": 0.823, "p_at_1": 0.450, "p_at_5": 0.608},
    "fgp": {"tau": 0.836, "p_at_1": 0.483, "p_at_5": 0.650},
}
_FLOWERFORMER_101 = {
    "supervised": {"tau": 0.740, "p_at_1": 0.353, "p_at_5": 0.564},
    "proxy": {"tau": 0.746, "p_at_1": 0.378, "p_at_5": 0.581},
    "fgp": {"tau": 0.763, "p_at_1": 0.406, "p_at_5": 0.589},
}


def _flowerformer(weight_decay: float, batch_size: int, published: Published) -> Recipe:
    """FlowerFormer's own training (its configuration files), pre-trained as in FGP."""
    training = FineTuneSettings(
        epochs=300, batch_size=batch_size, learning_rate=8e-4, weight_decay=weight_decay, warmup=30
    )
    return Recipe({"width": 64}, training, PretrainSettings(batch_size=1024), published)


PRESETS = {
    "nasbench201": Preset(
        128,
        FlowSurrogate(dim=7, sigma=0.1),
        500,
        recipes={"flowerformer": _flowerformer(6e-5, 32, _FLOWERFORMER_201)},
        published=_NASBENCH201,
    ),
    "nasbench101": Preset(
        256,
        FlowSurrogate(dim=4, sigma=1.0),
        200,
        train=7290,
        test=7290,
        recipes={"flowerformer": _flowerformer(3e-5, 16, _FLOWERFORMER_101)},
        published=_NASBENCH101,
    ),
    "digits201": Preset(128, FlowSurrogate(dim=7, sigma=0.1), 500),
}


def preset_of(benchmark: Benchmark | None) -> Preset:
    """The preset of a named benchmark; for any other table that of NAS-Bench-201."""
    return PRESETS[benchmark.name if benchmark and benchmark.name in PRESETS else "digits201"]


def published_figures(published: Published | None, result: Mapping[str, Any]) -> Published | None:
    """Those of the paper's figures that a result may stand beside: its metric at 1 % labels, and for the methods that
    rank a proxy, the paper's proxy."""
    splits = result["splits"]
    one_percent = splits["by"] == "random" and result["labels"] == label_count(0.01, splits["train"])
    if published is None or result["metric"] not in _METRICS or not one_percent:
        return None
    same_proxy = result["config"]["pretext"]["proxy"] == "zc_jacov"
    comparable = [m for m in result["methods"] if m in published and (same_proxy or m in ("supervised", "flow"))]
    return {method: published[method] for method in comparable}
