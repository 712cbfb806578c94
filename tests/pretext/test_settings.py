"""Settings of tasks: every one is known by its name, checked, and kept in the task's configuration."""

import json
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import GatedGCN
from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.pretext import (
    CAP,
    FGP,
    PRETEXT_TASKS,
    CATETask,
    GraphCL,
    JointTask,
    LearnedSurrogate,
    make_task,
    proxies_for,
    task_settings,
    with_proxies,
)
from archflow.pretext.named import name_of, updated
from archflow.pretext.settings import defaults, parsed
from archflow.seeding import seeded
from tests.pretext_settings import another

EVERY = [(task, name) for task in PRETEXT_TASKS.names() for name in defaults(PRETEXT_TASKS.get(task))]


def made(task: str, **settings: Any):
    with seeded(0):
        return make_task(task, GatedGCN(6, width=16), with_proxies(task, {task: settings}, ["edges"]))


@pytest.mark.parametrize("task", PRETEXT_TASKS.names())
def test_a_task_is_made_again_from_its_configuration(task):
    whole = made(task)
    kept = json.loads(json.dumps(whole.config))
    assert kept == whole.config
    with seeded(0):
        again = type(whole)(GatedGCN(6, width=16), **kept)
    assert again.config == whole.config
    assert name_of(again) == task
    for name, tensor in whole.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_every_setting_is_in_the_configuration(task, name):
    changed = made(task, **{name: another(task, name)}).config
    assert {key for key, value in made(task).config.items() if changed[key] != value} == {name}


def test_the_configuration_of_a_sum_holds_its_weights_and_parts():
    settings = {"flow": {"surrogate": {"dim": 4}}, "graphcl": {"temperature": 0.1}}
    task = make_task("0.5*flow+2*graphcl", GatedGCN(6, width=16), settings)
    assert isinstance(task, JointTask)
    assert {name: part["weight"] for name, part in task.config.items()} == {"flow": 0.5, "graphcl": 2.0}
    assert task.config["graphcl"]["config"] == {"temperature": 0.1, "ratio": 0.2}
    assert task.config["flow"]["config"]["surrogate"]["dim"] == 4
    assert name_of(task) == "0.5*flow+2*graphcl"


def test_settings_are_given_by_task_or_by_name():
    encoder = GatedGCN(6, width=16)
    alone = make_task("graphcl", encoder, temperature=0.1)
    assert isinstance(alone, GraphCL)
    assert alone.temperature == 0.1
    by_task = make_task("graphcl", encoder, {"graphcl": {"temperature": 0.1}, "cap": {"hops": (1, 2)}})
    assert by_task.config == alone.config
    assert CAP(encoder, hops=(np.int64(1), np.int64(2))).config == CAP(encoder, hops=[1, 2]).config
    with pytest.raises(ArchflowError, match="say whose setting 'temperature' is"):
        make_task("graphcl+flow", encoder, temperature=0.1)


@pytest.mark.parametrize(
    ("task", "settings", "message"),
    [
        ("graphcl", {"graphcl": {"temprature": 0.1}}, "no setting 'temprature'; did you mean 'temperature'? there are"),
        ("graphcl", {"grahpcl": {}}, "did you mean 'graphcl'"),
        ("graphcl", {"cap": {}, "graphcl": {"temperature": "low"}}, "graphcl: temperature 'low' is no number"),
        ("graphcl", {"graphcl": {"temperature": float("nan")}}, "graphcl: temperature nan is no number"),
        ("graphcl", {"graphcl": {"temperature": True}}, "graphcl: temperature True is no number"),
        ("graphcl", {"graphcl": {"temperature": 0}}, "temperature 0 must be a positive number"),
        ("graphcl", {"graphcl": {"ratio": 1.5}}, "ratio 1.5 must be a fraction of the nodes"),
        ("cap", {"cap": {"width": 2.5}}, "cap: width 2.5 is no whole number"),
        ("cap", {"cap": {"hops": 2}}, "cap: hops 2 is no list"),
        ("cap", {"cap": {"hops": [1, "far"]}}, "cap: hops [1, 'far'] is no list of whole numbers"),
        ("cap", {"cap": {"hops": [1, 2, 3]}}, "hops (1, 2, 3) span no context"),
        ("cate", {"cate": {"cost": 3}}, "cate: cost 3 is no text"),
        ("cate", {"cate": {"cost": ""}}, "CATETask: no proxy is named"),
        ("cate", {"cate": {"dropout": 1.0}}, "dropout 1 in 0 to below 1"),
        ("dclp", {"dclp": {"momentum": 1.5}}, "momentum 1.5 must be in 0 to 1"),
        ("dclp", {"dclp": {"queue": 0}}, "queue 0 must be a positive number"),
        ("flow", {"flow": {"surrogate": "flow"}}, "flow: surrogate 'flow' is no mapping"),
        ("flow", {"flow": {"surrogate": {"dims": 3}}}, "got an unexpected keyword argument 'dims'"),
        ("proxy_ranking", {"proxy_ranking": {"proxies": ["p"], "margin": -1}}, "margin -1 must be at least 0"),
        ("fgp", {"fgp": {"proxies": ["p"], "flow_weight": -1}}, "weights -1 and 0.5 must be at least 0"),
        ("arch2vec", {"arch2vec": {"code": 0}}, "code 0 must be a positive number"),
    ],
)
def test_a_setting_that_is_none_is_refused_in_one_line(task, settings, message):
    with pytest.raises(ArchflowError, match=re.escape(message)) as refused:
        make_task(task, GatedGCN(6, width=16), settings)
    assert "\n" not in str(refused.value)


def test_a_surrogate_is_one_or_its_arguments(tmp_path):
    encoder = GatedGCN(6, width=16)
    written = FGP(encoder, ["p"], surrogate={"dim": 4, "sigma": 1.0})
    assert written.flow.surrogate == FlowSurrogate(dim=4, sigma=1.0)
    assert written.config == FGP(encoder, ["p"], surrogate=FlowSurrogate(dim=4, sigma=1.0)).config
    with pytest.raises(ArchflowError, match="no such file"):
        make_task("flow", encoder, surrogate=LearnedSurrogate(str(tmp_path / "gone")))


def test_the_proxies_follow_from_the_settings():
    settings = {"fgp": {"proxies": ["a", "b"]}, "cate": {"cost": "b"}, "cap": {}}
    assert proxies_for("fgp+cate", settings) == ("a", "b")
    assert proxies_for("cap+gmae", settings) == ()
    assert proxies_for("cate") == ("params",)
    assert make_task("cap+cate", GatedGCN(6, width=16), settings).proxies == ("b",)
    assert CATETask(GatedGCN(6, width=16)).proxies == ("params",)
    with pytest.raises(ArchflowError, match="no proxy is named"):
        proxies_for("flow+proxy_ranking")


def test_proxies_go_to_the_tasks_that_rank_and_name_none():
    settings = {"fgp": {"margin": 0.1}, "proxy_ranking": {"proxies": ["own"]}, "gmae": {"mask_ratio": 0.3}}
    ranking = with_proxies("fgp+gmae", settings, ("a",))
    assert ranking == {**settings, "fgp": {"margin": 0.1, "proxies": ["a"]}}
    assert with_proxies("proxy_ranking", settings, ["a"]) == settings
    assert updated(settings, {"fgp": {"margin": 0.2}, "cap": {}})["fgp"] == {"margin": 0.2}
    assert task_settings("fgp", ranking)["fgp"]["flow_weight"] == 0.5


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists))
def test_values_on_the_command_line_are_json(value):
    assert parsed([f"task.setting={json.dumps(value)}"]) == {"task": {"setting": value}}


def test_settings_on_the_command_line():
    texts = ["graphcl.temperature=0.1", "cate.cost=zc_jacov", 'flow.surrogate={"dim": 4}', "graphcl.ratio = 0.3"]
    assert parsed(texts) == {
        "graphcl": {"temperature": 0.1, "ratio": 0.3},
        "cate": {"cost": "zc_jacov"},
        "flow": {"surrogate": {"dim": 4}},
    }
    assert parsed([]) == {}
    for text in ("temperature=0.1", "graphcl.temperature", "graphcl.=1", ".x=1", ""):
        with pytest.raises(ArchflowError, match=r"write TASK\.SETTING=VALUE"):
            parsed([text])
    with pytest.raises(ArchflowError, match="is no JSON value"):
        parsed(["cap.hops=[1, 2"])
