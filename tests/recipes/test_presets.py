"""The published settings of every data set, against the papers' text and released code."""

import pytest

from archflow.encoders import GatedGCN
from archflow.pretext import PRETEXT_TASKS, make_task, with_proxies
from archflow.pretext.named import task_settings
from archflow.recipes.presets import PRESETS, UNNAMED, preset_of

PUBLISHED = {
    # width, epochs, margin, dimension and scale of the surrogate, GMAE's ratio, CAP's hops, CATE's cost
    "nasbench101": (256, 200, 0.5, 4, 1.0, 0.75, [1, 2], "params"),
    "nasbench201": (128, 500, 0.5, 7, 0.1, 0.15, [1, 3], "params"),
    "nasbench301": (256, 300, 0.1, 12, 0.1, 0.05, [2, 3], "params_M"),
    "digits201": (128, 500, 0.5, 7, 0.1, 0.15, [1, 3], "params"),
    "nasbench_graph": (128, 500, 0.5, 7, 0.1, 0.15, [1, 3], "cora_para"),
    "nasbench_nlp": (128, 500, 0.5, 7, 0.1, 0.15, [1, 3], "num_params"),
}


@pytest.mark.parametrize("name", PRESETS)
def test_the_published_settings(name):
    preset = PRESETS[name]
    tasks = {task: made(task, preset.tasks) for task in ("flow", "proxy_ranking", "fgp", "gmae", "cap", "cate")}
    width, epochs, margin, dim, sigma, ratio, hops, cost = PUBLISHED[name]
    assert (preset.width, preset.epochs, preset.margin) == (width, epochs, margin)
    assert preset.published("gated_gcn").fine_tune.margin == margin
    assert tasks["fgp"]["margin"] == tasks["proxy_ranking"]["margin"] == margin
    for surrogate in (tasks["flow"]["surrogate"], tasks["fgp"]["surrogate"]):
        assert (surrogate["dim"], surrogate["sigma"]) == (dim, sigma)
    assert tasks["gmae"]["mask_ratio"] == ratio
    assert tasks["cap"]["hops"] == hops
    assert tasks["cate"]["cost"] == cost


def test_a_table_of_ones_own_has_those_of_nasbench201():
    assert preset_of(None) is UNNAMED
    assert UNNAMED.tasks == PRESETS["nasbench201"].tasks


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_only_names_settings_that_there_are(name):
    task_settings("+".join(PRETEXT_TASKS.names()), PRESETS[name].tasks)


def made(task: str, settings) -> dict:
    return make_task(task, GatedGCN(6, width=8), with_proxies(task, settings, ["edges"])).config
