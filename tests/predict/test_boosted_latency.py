import numpy as np

from archflow.graph.table import Table
from archflow.predict.boosted_latency import BoostedTrees
from archflow.predict.latency_costs import total
from archflow.predict.metrics import spearman
from archflow.testing import random_architectures
from tests.predict.test_latency_baselines import networks


def test_trees_learn_from_costs_and_graphs():
    table = Table(networks(150), {})
    latency = 1 + total(table, "macs") / 1e6 + 3 * table.architectures.node_counts
    trees = BoostedTrees().fit(table.select(np.arange(110)), latency[:110])
    predicted = trees.predict(table.select(np.arange(110, 150)))
    assert spearman(predicted, latency[110:]) > 0.8


def test_tables_without_costs_and_operations_never_seen():
    known = random_architectures(30, seed=1)
    other = known.replaced(vocabulary=type(known.vocabulary)(tuple(f"new_{op}" for op in known.vocabulary.ops)))
    trees = BoostedTrees().fit(Table(known), np.arange(1.0, 31))
    assert (trees.predict(Table(other)) > 0).all()
