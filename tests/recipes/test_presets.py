"""The published settings of each benchmark, typed a second time from FGP's text and released code."""

from typing import Any

import pytest

from archflow.data.catalogue import BENCHMARKS
from archflow.encoders import GatedGCN
from archflow.pretext import PRETEXT_TASKS, make_task, task_settings, with_proxies
from archflow.recipes.presets import PRESETS, UNNAMED, preset_of

# Data: k and sigma of the surrogate, width, epochs and margin of fine-tuning, GMAE's ratio, CAP's hops.
PAPER = {
    "nasbench101": (4, 1.0, 256, 200, 0.5, 0.75, [1, 2]),
    "nasbench201": (7, 0.1, 128, 500, 0.5, 0.15, [1, 3]),
    "nasbench301": (12, 0.1, 256, 300, 0.1, 0.05, [2, 3]),
}
COSTS = {"nasbench301": "params_M", "nasbench_graph": "cora_para", "nasbench_nlp": "num_params"}


def config(task: str, data: str) -> dict[str, Any]:
    """All settings of a task that ranks the edges, as a data set's preset has them."""
    settings = with_proxies(task, PRESETS[data].tasks, ["edges"])
    return make_task(task, GatedGCN(6, width=8), settings).config


@pytest.mark.parametrize("data", PAPER)
def test_the_settings_of_a_benchmark(data: str):
    k, sigma, width, epochs, margin, ratio, hops = PAPER[data]
    preset = PRESETS[data]
    for task in ("flow", "fgp"):
        surrogate = config(task, data)["surrogate"]
        assert (surrogate["dim"], surrogate["sigma"]) == (k, sigma)
    assert config("fgp", data)["margin"] == config("proxy_ranking", data)["margin"] == margin
    assert (preset.width, preset.epochs, preset.margin) == (width, epochs, margin)
    assert (config("gmae", data)["mask_ratio"], config("cap", data)["hops"]) == (ratio, hops)


@pytest.mark.parametrize("data", PRESETS)
def test_a_preset_names_settings_that_there_are(data: str):
    assert config("cate", data)["cost"] == COSTS.get(data, "params")
    task_settings("+".join(PRETEXT_TASKS.names()), PRESETS[data].tasks)
    assert UNNAMED.tasks == PRESETS["nasbench201"].tasks


@pytest.mark.parametrize("data", PAPER)
@pytest.mark.parametrize("encoder", ["gated_gcn", "gin", "mlp", "transformer"])
def test_graph_networks_are_trained_by_them(data: str, encoder: str):
    _, _, width, epochs, margin, *_ = PAPER[data]
    published = PRESETS[data].published(encoder)
    assert published.config == {"width": width}
    tuning, pretrain = published.fine_tune, published.pretrain
    assert (tuning.epochs, tuning.margin, tuning.batch_size, tuning.learning_rate) == (epochs, margin, 16, 1e-3)
    assert (pretrain.epochs, pretrain.batch_size, pretrain.learning_rate) == (200, 256, 1e-3)


def test_the_subset_of_nasbench101_is_cut_in_halves():
    assert (PRESETS["nasbench101"].train, PRESETS["nasbench101"].test) == (7290, 7290)


def test_a_table_without_a_name_is_shuffled():
    assert preset_of(None) is UNNAMED
    assert UNNAMED.shuffled
    assert not preset_of(BENCHMARKS["nasbench201"]).shuffled
