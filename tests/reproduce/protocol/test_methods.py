"""Methods by name: what each changes of the data set's settings, and nothing else."""

from dataclasses import fields
from typing import Any

import pytest
import torch

from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.pretext import PretextSettings
from archflow.report.measures import METHODS
from archflow_reproduce.protocol.methods import (
    GROUPS,
    LEARNED,
    SURROGATES,
    WEIGHTS,
    expanded,
    pretext_of,
    proxies_of_methods,
)

SETTINGS = PretextSettings(("size",), 0.1, FlowSurrogate(seed=3, dim=4, sigma=1.0), mask_share=0.4, cost="weight")


def differing(a: Any, b: Any) -> set[str]:
    return {each.name for each in fields(a) if getattr(a, each.name) != getattr(b, each.name)}


@pytest.mark.parametrize("method", SURROGATES)
def test_a_variant_of_the_surrogate_changes_what_it_names(method, architectures):
    task, settings = pretext_of(method, SETTINGS)
    assert task == "fgp"
    assert differing(settings, SETTINGS) == {"surrogate"}
    assert differing(settings.surrogate, SETTINGS.surrogate) == set(SURROGATES[method])
    assert not torch.equal(settings.surrogate(architectures), SETTINGS.surrogate(architectures))


@pytest.mark.parametrize("method", WEIGHTS)
def test_other_weights_sum_to_one(method):
    task, settings = pretext_of(method, SETTINGS)
    assert task == "fgp"
    assert differing(settings, SETTINGS) == {"flow_weight", "proxy_weight"}
    assert settings.flow_weight + settings.proxy_weight == pytest.approx(1)


def test_other_names_are_tasks_with_the_data_sets_settings():
    named = {method: pretext_of(method, SETTINGS) for method in ("proxy", "flow", LEARNED, "0.5*flow+gmae")}
    assert [task for task, _ in named.values()] == ["proxy_ranking", "flow", "fgp", "0.5*flow+gmae"]
    assert all(settings is SETTINGS for _, settings in named.values())


def test_a_group_stands_for_its_methods_each_once():
    assert expanded(["fgp", "surrogates", "gmae", "flow"]) == [
        "fgp", "proxy", "flow", *SURROGATES, *WEIGHTS, "gmae",
    ]  # fmt: skip
    assert expanded(["supervised", "cap+flow"]) == ["supervised", "cap+flow"]
    assert {one for group in GROUPS.values() for one in group} | {LEARNED} <= set(METHODS)  # all have a readable name


def test_the_proxies_of_methods_are_listed_once():
    assert proxies_of_methods(["supervised", "flow"], SETTINGS) == []
    assert proxies_of_methods([*SURROGATES, LEARNED, "cate", *WEIGHTS], SETTINGS) == ["size", "weight"]
    with pytest.raises(ArchflowError, match="fgp_forwards"):
        proxies_of_methods(["fgp_forwards"], SETTINGS)
