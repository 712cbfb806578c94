"""A published figure stands only beside a result that it may be compared with."""

import pytest

from archflow_reproduce.protocol.methods import LEARNED, expanded
from archflow_reproduce.protocol.published import published_figures


def result(**changes: object) -> dict:
    whole = {
        "data": "nasbench201",
        "metric": "cifar10_test_acc",
        "labels": 78,
        "methods": {"supervised": {}, "fgp": {}},
        "splits": {"by": "random", "train": 7813},
        "config": {"encoder": "gated_gcn", "tasks": {"fgp": {"proxies": ["zc_jacov"]}}},
    }
    return {**whole, **changes}


def test_the_same_circumstances_have_the_papers_figures():
    published = published_figures(result())
    assert published["supervised"]["tau"] == 0.734
    assert published["fgp"] == {"tau": 0.822, "p_at_1": 0.489, "p_at_5": 0.623}


def test_more_labels_have_the_gated_gcns_figures():
    assert published_figures(result(labels=390))["fgp"] == {"tau": 0.880, "p_at_1": 0.597, "p_at_5": 0.736}
    assert published_figures(result(labels=781))["supervised"]["tau"] == 0.883
    gin = {"encoder": "gin", "tasks": {"fgp": {"proxies": ["zc_jacov"]}}}
    assert published_figures(result(labels=390, config=gin)) == {}


def test_another_proxy_leaves_the_methods_that_rank_none():
    other = {"encoder": "gated_gcn", "tasks": {"fgp": {"proxies": ["params"]}}}
    assert set(published_figures(result(config=other))) == {"supervised"}


def test_pre_training_on_other_data_leaves_what_is_not_pre_trained():
    elsewhere = {**result()["config"], "pretrain_on": ["nasbench101"]}
    assert set(published_figures(result(config=elsewhere))) == {"supervised"}
    assert set(published_figures(result(config={**elsewhere, "pretrain_on": []}))) == {"supervised", "fgp"}


def test_variants_of_the_surrogate_have_the_figures_of_their_tables():
    methods = {method: {} for method in expanded(["supervised", "surrogates", LEARNED])}
    published = published_figures(result(methods=methods))
    assert set(methods) - set(published) == {"fgp_4_draws"}
    assert published["fgp_3_rounds"] == {"tau": 0.816, "p_at_1": 0.473, "p_at_5": 0.625}
    # The paper's "without backward" goes forward only.
    assert published["fgp_forward"]["p_at_1"] < published["fgp_backward"]["p_at_1"]
    other = {"encoder": "gated_gcn", "tasks": {"fgp": {"proxies": ["params"]}}}
    assert set(published_figures(result(methods=methods, config=other))) == {"supervised", "flow"}


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": 100},
        {"metric": "cifar100_test_acc"},
        {"data": "digits201"},
        {"splits": {"by": "class", "train": 7813}},
        {"config": {"encoder": "gps", "tasks": {"fgp": {"proxies": ["zc_jacov"]}}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_circumstances_have_none(changes):
    assert published_figures(result(**changes)) == {}


def test_on_all_architectures_by_number_of_labels():
    everywhere = {"by": "all", "train": 7813}
    pinat = {"encoder": "pinat", "tasks": {}}
    assert published_figures(result(splits=everywhere, config=pinat, labels=469)) == {"supervised": {"tau": 0.706}}
    assert published_figures(result(splits=everywhere, config=pinat, labels=470)) == {}
