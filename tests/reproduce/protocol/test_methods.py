"""Methods by name: what each changes of the data set's settings, and nothing else."""

import pytest
import torch

from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.pretext import PRETEXT_TASKS
from archflow.pretext.named import Settings
from archflow.report.measures import METHODS
from archflow_reproduce.protocol.methods import (
    GROUPS,
    LEARNED,
    SURROGATES,
    WEIGHTS,
    all_methods,
    expanded,
    pretext_of,
    proxies_of_methods,
)

SURROGATE = {"seed": 3, "dim": 4, "sigma": 1.0}
SETTINGS = {"fgp": {"surrogate": SURROGATE, "margin": 0.1}, "gmae": {"mask_ratio": 0.4}, "cate": {"cost": "weight"}}


def of_fgp(method: str) -> dict[str, object]:
    """The settings of FGP as a method has them; those of other tasks stay."""
    task, settings = pretext_of(method, ["size"], SETTINGS)
    assert task == "fgp"
    assert {name: settings[name] for name in ("gmae", "cate")} == {name: SETTINGS[name] for name in ("gmae", "cate")}
    return dict(settings["fgp"])


@pytest.mark.parametrize("method", SURROGATES)
def test_a_variant_of_the_surrogate_changes_what_it_names(method, architectures):
    surrogate = {**SURROGATE, **SURROGATES[method]}
    assert of_fgp(method) == {"proxies": ["size"], "margin": 0.1, "surrogate": surrogate}
    assert not torch.equal(FlowSurrogate(**surrogate)(architectures), FlowSurrogate(**SURROGATE)(architectures))


@pytest.mark.parametrize("method", WEIGHTS)
def test_other_weights_sum_to_one(method):
    assert of_fgp(method) == {"proxies": ["size"], "margin": 0.1, "surrogate": SURROGATE, **WEIGHTS[method]}
    assert sum(WEIGHTS[method].values()) == pytest.approx(1)


def test_other_names_are_tasks_with_the_data_sets_settings():
    def named(method: str) -> tuple[str, Settings]:
        return pretext_of(method, ["size"], SETTINGS)

    assert named("proxy") == ("proxy_ranking", {**SETTINGS, "proxy_ranking": {"proxies": ["size"]}})
    assert named(LEARNED) == named("fgp")
    for method in ("flow", "0.5*flow+gmae"):
        assert named(method) == (method, SETTINGS)


def test_all_registered_tasks_are_methods():
    assert all_methods()[:4] == ["supervised", "proxy", "flow", "fgp"]
    assert {pretext_of(method, ["size"], {})[0] for method in all_methods()[1:]} == set(PRETEXT_TASKS.names())


def test_a_group_stands_for_its_methods_each_once():
    assert expanded(["fgp", "surrogates", "gmae", "flow"]) == [
        "fgp", "proxy", "flow", *SURROGATES, *WEIGHTS, "gmae",
    ]  # fmt: skip
    assert expanded(["supervised", "cap+flow"]) == ["supervised", "cap+flow"]
    assert {one for group in GROUPS.values() for one in group} | {LEARNED} <= set(METHODS)  # all have a readable name


def test_the_proxies_of_methods_are_listed_once():
    assert proxies_of_methods(["supervised", "flow"], [], SETTINGS) == []
    assert proxies_of_methods([*SURROGATES, LEARNED, "cate", *WEIGHTS], ["size"], SETTINGS) == ["size", "weight"]
    with pytest.raises(ArchflowError, match="fgp_forwards"):
        proxies_of_methods(["fgp_forwards"], ["size"], SETTINGS)
    with pytest.raises(ArchflowError, match="FGP: no proxy is named"):
        proxies_of_methods(["flow", "fgp"], [], SETTINGS)
