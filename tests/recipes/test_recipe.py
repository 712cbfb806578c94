"""The recipe: several encoders, each with a seed and a view of its own."""

import numpy as np
import torch

from archflow.recipes.recipe import Recipe, recipe_for
from tests.tables import scored_cells

SMALL = Recipe("gin", {"width": 8}, (("proxy_ranking", "effective"), ("proxy_ranking", "whole")), epochs=1)


def test_every_encoder_has_its_own_seed(tmp_path):
    """The first layer of two encoders of one kind and task starts from different weights."""
    table = scored_cells(40)
    proxies = {"zc_edges": table.metric("score")}
    first, second = SMALL.pretrain(table.architectures, proxies, tmp_path)
    assert (first.view, second.view) == ("effective", "whole")
    assert not torch.equal(*(next(each.encoder.parameters()) for each in (first, second)))
    assert [each.history["seed"] for each in (first, second)] == [21, 22]
    again = SMALL.pretrain(table.architectures, proxies, tmp_path)
    np.testing.assert_array_equal(again[0].embed(table), first.embed(table))


def test_without_proxies_it_takes_tasks_that_need_none(tmp_path):
    table = scored_cells(30)
    recipe = Recipe("gin", {"width": 8}, tasks_without_proxies=(("flow", "contracted"),), epochs=1)
    (embedder,) = recipe.pretrain(table.architectures, {}, tmp_path)
    assert (embedder.view, embedder.history["task"]) == ("contracted", "flow")


def test_a_benchmark_decides_the_margin():
    assert recipe_for(None, "gated_gcn").encoder == "gated_gcn"
    assert recipe_for(None).encoder == "flowerformer"
    assert recipe_for(None).fine_tune.margin == 0.5
