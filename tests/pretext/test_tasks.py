import re

import numpy as np
import pytest
import torch

from archflow.encoders import GatedGCN
from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.graph.batch import Batch
from archflow.graph.table import read_table
from archflow.pretext import (
    FGP,
    PRETEXT_TASKS,
    FlowReconstruction,
    JointTask,
    ProxyRanking,
    make_task,
    vocabulary_for,
    with_proxies,
)
from archflow.pretext.named import task_weights
from archflow.pretext.ranking_loss import pairwise_hinge
from archflow.seeding import seeded
from archflow.testing import check_pretext_task


@pytest.fixture
def proxies(architectures):
    return {"parameters": architectures.edge_counts + 0.5 * architectures.op_counts[:, 2]}


def encoder_for(architectures) -> GatedGCN:
    return GatedGCN(len(architectures.vocabulary), width=16)


@pytest.mark.parametrize("name", [*PRETEXT_TASKS.names(), "0.5*flow+2*proxy_ranking"])
def test_every_task_keeps_its_contract(name, architectures, proxies):
    surrogate = {"surrogate": {"dim": 4, "sigma": 1.0}}
    settings = with_proxies(name, {"flow": surrogate, "fgp": surrogate, "cate": {"cost": "parameters"}}, ["parameters"])
    known = architectures.recoded(vocabulary_for(name, architectures.vocabulary))
    check_pretext_task(lambda encoder: make_task(name, encoder, settings), lambda: encoder_for(known), known, proxies)


def test_fgp_is_the_weighted_sum_of_its_parts(architectures, proxies):
    with seeded(0):
        encoder = encoder_for(architectures).eval()
        task = FGP(encoder, ["parameters"], flow_weight=1 / 3, proxy_weight=2 / 3)
    targets = task.targets(architectures, proxies)
    together = task.loss(encoder, Batch(architectures), targets)
    flow, proxy = FlowReconstruction(encoder), ProxyRanking(encoder, ["parameters"])
    for alone, joined in ((flow, task.flow), (proxy, task.ranking)):
        alone.load_state_dict(joined.state_dict())
    alone = [part.loss(encoder, Batch(architectures), part.targets(architectures, proxies)) for part in (flow, proxy)]
    assert set(together) == {"flow", "proxy"}
    torch.testing.assert_close(together["flow"], alone[0]["flow"] / 3)
    torch.testing.assert_close(together["proxy"], alone[1]["proxy"] * 2 / 3)


def test_the_flow_loss_is_the_squared_distance_to_the_surrogate(architectures):
    surrogate = FlowSurrogate(dim=3, sigma=1.0, rounds=2)
    task = FlowReconstruction(GatedGCN(5, 16), surrogate)
    targets = task.targets(architectures, {})
    assert torch.equal(targets["flow"], surrogate(architectures))
    embedding = torch.randn(len(architectures), 16)
    distance = (task.decoder(embedding) - surrogate(architectures)).norm(dim=1) ** 2
    torch.testing.assert_close(task.loss_of(embedding, targets)["flow"], distance.mean())


def test_proxies_count_by_rank_and_broken_ones_not_at_all(architectures):
    values = np.linspace(0, 1, len(architectures))
    broken = values.copy()
    broken[[3, 8, 11]] = np.nan, np.inf, np.inf
    task = ProxyRanking(GatedGCN(5, 16), ["p"])
    ranks = task.targets(architectures, {"p": broken})["proxy"][:, 0]
    assert ranks.isnan().nonzero()[:, 0].tolist() == [3, 8, 11]
    present = ranks[~ranks.isnan()]
    assert (present.diff() > 0).all()
    # A monotone change of the proxy, however extreme, is the same task; equal values stay equal.
    steep = task.targets(architectures, {"p": np.exp(500 * broken)})["proxy"][:, 0]
    assert torch.equal(steep.nan_to_num(-1), ranks.nan_to_num(-1))
    tied = task.targets(architectures, {"p": np.repeat([1.0, 2.0], len(architectures) // 2)})["proxy"]
    assert len(tied.unique()) == 2


def test_a_proxy_that_cannot_be_ranked_is_refused(architectures):
    with pytest.raises(ArchflowError, match="no proxy is named"):
        ProxyRanking(GatedGCN(5, 16))
    with pytest.raises(ArchflowError, match="no proxy is named"):
        FGP(GatedGCN(5, 16))
    task = ProxyRanking(GatedGCN(5, 16), ["p"])
    with pytest.raises(ArchflowError, match="no proxy 'p'; there are: q, r"):
        task.targets(architectures, {"q": np.zeros(60), "r": np.zeros(60)})
    for values in (np.full(60, np.nan), np.ones(60), np.where(np.arange(60) == 4, 1.0, np.nan)):
        with pytest.raises(ArchflowError, match="'p' has fewer than two different values"):
            task.targets(architectures, {"p": values})
    with pytest.raises(ArchflowError, match="'p' has 59 values for 60 architectures"):
        task.targets(architectures, {"p": np.arange(59.0)})


def test_the_real_proxy_is_masked_where_it_is_missing(data_folder):
    table = read_table(data_folder / "nasbench201.parquet")
    ranks = ProxyRanking(GatedGCN(5, 16), ["zc_jacov"]).targets(table.architectures, table.metrics)["proxy"][:, 0]
    assert int(ranks.isnan().sum()) == 341
    jacov = table.metric("zc_jacov")
    order = np.argsort(jacov[np.isfinite(jacov)], kind="stable")
    assert (ranks[np.isfinite(jacov)][order].diff() >= 0).all()


def test_a_name_can_be_a_weighted_sum(architectures, proxies):
    settings = {"proxy_ranking": {"proxies": ["parameters"]}}
    encoder = encoder_for(architectures).eval()
    with seeded(3):
        joint = make_task("0.5 * flow + 2*proxy_ranking", encoder, settings)
    with seeded(3):
        alone = FGP(encoder, ["parameters"], flow_weight=0.5, proxy_weight=2.0)
    targets = joint.targets(architectures, proxies)
    parts = joint.loss(encoder, Batch(architectures), targets)
    assert parts == alone.loss(encoder, Batch(architectures), targets)
    assert isinstance(make_task("flow", encoder), FlowReconstruction)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("flow+flow", "'flow' occurs twice"),
        ("x*flow", "'x' is not a positive weight"),
        ("-1*flow", "'-1' is not a positive weight"),
        ("nan*flow", "'nan' is not a positive weight"),
        ("flo", "did you mean 'flow'"),
        ("fgp+flow", "two of its tasks have a 'flow'"),
    ],
)
def test_a_name_that_makes_no_task_is_refused(architectures, proxies, name, message):
    settings = {"fgp": {"proxies": ["parameters"]}}
    with pytest.raises(ArchflowError, match=re.escape(message)):
        make_task(name, encoder_for(architectures), settings).targets(architectures, proxies)


def test_several_proxies_count_alike(architectures):
    values = {"a": np.arange(60.0), "b": np.r_[np.nan, np.arange(59.0)[::-1]]}
    with seeded(0):
        task = ProxyRanking(GatedGCN(5, 16), ["a", "b"])
    targets = task.targets(architectures, values)
    assert targets["proxy"].shape == (60, 2)
    embedding = torch.randn(60, 16)
    scores = task.decoder(embedding)
    each = [pairwise_hinge(scores[:, i], targets["proxy"][:, i], 0.5) for i in range(2)]
    torch.testing.assert_close(task.loss_of(embedding, targets)["proxy"], (each[0] + each[1]) / 2)


@pytest.mark.parametrize("name", ["gmae", "graphcl", "cate"])
def test_what_a_task_draws_does_not_depend_on_those_beside_it(name, architectures, proxies):
    """The parts of every batch of two epochs, alone in a sum, and behind others that draw, too."""
    settings = {"cate": {"cost": "parameters"}}

    def parts(joint: str) -> list[float]:
        known = architectures.recoded(vocabulary_for("gmae", architectures.vocabulary))
        with seeded(0):
            encoder = encoder_for(known)
        tasks = {}
        for each, weight in task_weights(joint).items():
            with seeded(1):
                tasks[each] = (make_task(each, encoder, settings), weight)
        task = JointTask(tasks)
        targets = task.targets(known, proxies)
        found = []
        for epoch in range(2):
            with seeded(7, epoch):
                for rows in torch.randperm(60).numpy().reshape(3, 20):
                    own = {key: values[rows] for key, values in targets.items()}
                    found.append(task.loss(encoder, Batch(known, rows), own)[name].item())
        return found

    alone = parts(name)
    assert len(set(alone)) == 6  # every batch draws anew
    beside = {"gmae": "graphcl+cate+gmae", "graphcl": "gmae+cate+graphcl", "cate": "flow+gmae+graphcl+cate"}
    assert parts(beside[name]) == alone


def test_a_sum_of_tasks_that_draw_keeps_the_contract(architectures, proxies):
    name = "cate+gmae"
    known = architectures.recoded(vocabulary_for(name, architectures.vocabulary))
    settings = {"cate": {"cost": "parameters"}}
    check_pretext_task(lambda encoder: make_task(name, encoder, settings), lambda: encoder_for(known), known, proxies)


def test_a_sum_takes_a_class_by_its_module(architectures):
    name = f"{PRETEXT_TASKS.get('cap').__module__}:{PRETEXT_TASKS.get('cap').__name__}"
    joint = make_task(f"0.5*{name}+flow", GatedGCN(len(architectures.vocabulary), 8))
    assert list(joint.tasks) == [name, "flow"]
