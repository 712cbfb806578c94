from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from archflow.encoders import GIN, Arch2Vec, GatedGCN, create
from archflow.errors import ArchflowError
from archflow.flow import FlowSurrogate
from archflow.graph import streamed
from archflow.graph.batch import Batch
from archflow.pretext import (
    FGP,
    PRETEXT_TASKS,
    FlowReconstruction,
    PretrainSettings,
    pretrain,
    vocabulary_for,
    with_proxies,
)
from archflow.pretext.named import updated
from archflow.pretext.settings import defaults
from archflow.seeding import seeded
from archflow.testing import relabelled
from tests.pretext_settings import another
from tests.pretraining import losses_of
from tests.tables import in_parts

SETTINGS = PretrainSettings(epochs=5, batch_size=16)
PRETEXT = {"proxies": ["parameters"], "surrogate": FlowSurrogate(sigma=1.0)}


class Killed(Exception):
    pass


def kill_after(epoch: int):
    def on_epoch(now: int, losses) -> None:
        if now == epoch:
            raise Killed

    return on_epoch


class Run:
    """One pre-training from the same start every time; whatever is given replaces a part of it."""

    def __init__(self, architectures, checkpoint=None, *, settings=SETTINGS, pretext=PRETEXT, seed=0, encoder=GatedGCN):
        self.architectures, self.checkpoint, self.settings = architectures, checkpoint, settings
        self.proxies = {"parameters": architectures.edge_counts + 0.0}
        self.proxies["parameters"][::7] = np.nan
        with seeded(seed):
            self.encoder = encoder(len(architectures.vocabulary), width=16)
            self.task = FGP(self.encoder, **pretext)

    def go(self, on_epoch=None):
        return losses_of(
            self.encoder,
            self.task,
            self.architectures,
            self.proxies,
            self.settings,
            checkpoint=self.checkpoint,
            on_epoch=on_epoch,
        )

    def weights(self) -> list[torch.Tensor]:
        return [*self.encoder.parameters(), *self.task.parameters()]


@pytest.fixture(scope="module")
def undisturbed(architectures) -> tuple[Run, dict]:
    run = Run(architectures)
    return run, run.go()


def assert_same(run: Run, losses, undisturbed) -> None:
    assert losses == undisturbed[1]
    assert all(torch.equal(a, b) for a, b in zip(run.weights(), undisturbed[0].weights(), strict=True))


def test_training_learns_both_parts(architectures):
    losses = Run(architectures, settings=replace(SETTINGS, epochs=30, learning_rate=5e-3)).go()
    assert set(losses) == {"flow", "proxy"}
    for values in losses.values():
        assert len(values) == 30
        assert values[-1] < 0.7 * values[0]


def test_the_loss_of_an_epoch_is_the_mean_over_architectures(architectures):
    """Batches of 16 leave a last one of 12; nothing moves at a learning rate of zero."""
    run = Run(architectures, settings=replace(SETTINGS, epochs=1, learning_rate=1e-300, weight_decay=0.0))
    run.encoder.dropout = 0.0  # type: ignore[assignment]
    losses = run.go()
    with torch.no_grad():
        whole = run.task.loss(run.encoder, Batch(architectures), run.task.targets(architectures, run.proxies))
    assert losses["flow"][0] == pytest.approx(float(whole["flow"]), rel=1e-5)


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(architectures, undisturbed):
    torch.manual_seed(99)
    run = Run(architectures)
    torch.randn(7)
    assert_same(run, run.go(), undisturbed)
    other = Run(architectures, settings=replace(SETTINGS, seed=22))
    assert other.go() != undisturbed[1]


@pytest.mark.parametrize("epoch", [1, 3, 4])
def test_a_killed_run_goes_on_to_the_same_weights(architectures, undisturbed, tmp_path, epoch):
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path).go(kill_after(epoch))
    seen = []
    again = Run(architectures, path)
    losses = again.go(lambda now, parts: seen.append((now, parts)))
    assert_same(again, losses, undisturbed)
    assert [now for now, _ in seen] == list(range(epoch, SETTINGS.epochs + 1))
    assert seen[0][1] == {name: values[epoch - 1] for name, values in losses.items()}


def test_running_statistics_go_on_too(architectures, tmp_path):
    whole = Run(architectures, encoder=Arch2Vec)
    losses = whole.go()
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path, encoder=Arch2Vec).go(kill_after(3))
    again = Run(architectures, path, encoder=Arch2Vec)
    assert_same(again, again.go(), (whole, losses))
    buffers = zip(again.encoder.buffers(), whole.encoder.buffers(), strict=True)
    assert all(torch.equal(a, b) for a, b in buffers)


def test_a_run_killed_twice_or_finished_already_gives_the_same(architectures, undisturbed, tmp_path):
    path = tmp_path / "state"
    for epoch in (1, 2):
        with pytest.raises(Killed):
            Run(architectures, path).go(kill_after(epoch))
    for _ in range(2):
        run = Run(architectures, path)
        assert_same(run, run.go(), undisturbed)
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    "changed",
    [
        {"settings": replace(SETTINGS, learning_rate=1e-2)},
        {"settings": replace(SETTINGS, epochs=6)},
        {"settings": replace(SETTINGS, seed=1)},
        {"pretext": {**PRETEXT, "flow_weight": 0.1}},
        {"pretext": {**PRETEXT, "margin": 0.1}},
        {"pretext": {**PRETEXT, "surrogate": FlowSurrogate(seed=1)}},
        {"seed": 1},
        {"encoder": GIN},
    ],
    ids=str,
)
def test_a_state_of_other_settings_or_weights_is_refused(architectures, tmp_path, changed):
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path).go(kill_after(1))
    before = path.read_bytes()
    with pytest.raises(ArchflowError, match=f"{path}: an unfinished run with other settings or data; finish that run"):
        Run(architectures, path, **changed).go()
    assert path.read_bytes() == before


def test_a_state_of_other_data_is_refused(architectures, tmp_path):
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path).go(kill_after(1))
    reordered = Run(architectures.select(np.arange(len(architectures))[::-1]), path)
    other_proxy = Run(architectures, path)
    other_proxy.proxies["parameters"] = -other_proxy.proxies["parameters"]
    for run in (reordered, other_proxy):
        with pytest.raises(ArchflowError, match="other settings or data"):
            run.go()


def test_a_damaged_state_is_refused(architectures, tmp_path):
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path).go(kill_after(1))
    whole = path.read_bytes()
    for damaged in (whole[:-10], whole[:50], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)
        with pytest.raises(ArchflowError, match=f"{path}: truncated, damaged or not written by archflow"):
            Run(architectures, path).go()


def test_the_encoder_is_left_in_evaluation_and_the_callers_randomness_alone(architectures):
    run = Run(architectures)
    before = torch.random.get_rng_state()
    run.go()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not run.encoder.training


def trained_once(name: str, architectures, path, tasks=None):
    """One epoch of two, whose state stays."""
    known = architectures.recoded(vocabulary_for(name, architectures.vocabulary))
    proxies = {"edges": known.edge_counts + 0.0, "nodes": known.node_counts + 0.0}
    embedder = create("gin", known, width=16, seed=3)
    settings = PretrainSettings(epochs=2, batch_size=30)
    tasks = with_proxies(name, updated({"cate": {"cost": "edges"}}, tasks or {}), ["edges"])
    return pretrain(embedder, name, known, proxies, settings, tasks=tasks, checkpoint=path, on_epoch=kill_after(1))


@pytest.fixture(scope="module")
def states(architectures, tmp_path_factory):
    """By name of a task: the file of a run that was killed after its first epoch."""
    folder = tmp_path_factory.mktemp("states")

    def state(name: str):
        path = folder / f"{name}.state"
        if not path.exists():
            with pytest.raises(Killed):
                trained_once(name, architectures, path)
        return path

    return state


@pytest.mark.parametrize(
    ("name", "setting"),
    [(name, setting) for name in PRETEXT_TASKS.names() for setting in defaults(PRETEXT_TASKS.get(name))],
)
def test_a_state_of_any_other_setting_is_refused(architectures, states, name, setting):
    value = another(name, setting)
    value = "nodes" if setting == "cost" else value
    with pytest.raises(ArchflowError, match="an unfinished run with other settings or data"):
        trained_once(name, architectures, states(name), {name: {setting: value}})


def test_a_state_of_other_weights_of_a_sum_is_refused(architectures, states):
    path = states("1*flow+1*gmae")
    for other in ("0.01*flow+100*gmae", "gmae", "flow+gmae+graphcl"):
        with pytest.raises(ArchflowError, match="an unfinished run with other settings or data"):
            trained_once(other, architectures, path)
    with pytest.raises(Killed):
        trained_once("flow + 1.0*gmae", architectures, path)  # the same weights, otherwise written


def test_a_state_of_other_numbers_of_the_nodes_is_refused(architectures, tmp_path):
    """Isomorphic architectures are other data: what is drawn per node falls elsewhere."""
    path = tmp_path / "state"
    with pytest.raises(Killed):
        Run(architectures, path).go(kill_after(1))
    renumbered, _ = relabelled(architectures, seed=0)
    assert np.array_equal(renumbered.hashes, architectures.hashes)
    with pytest.raises(ArchflowError, match="other settings or data"):
        Run(renumbered, path).go()


def test_every_epoch_has_another_order(architectures):
    """Nothing moves at a learning rate of zero: that losses differ is the order, hence the batches, alone."""
    settings = replace(SETTINGS, epochs=3, learning_rate=1e-300, weight_decay=0.0)
    run = Run(architectures, settings=settings, encoder=GIN)
    orders = []
    loss = run.task.loss
    run.task.loss = lambda encoder, batch, targets: orders.append(batch.rows) or loss(encoder, batch, targets)
    run.go()
    epochs = [np.concatenate(orders[first : first + 4]).tolist() for first in (0, 4, 8)]
    assert all(sorted(order) == list(range(60)) for order in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_an_embedder_prepares_the_architectures_and_keeps_its_history(architectures):
    embedder = create("gin", architectures, width=16, view="contracted", seed=3)
    seen = []

    class Sees(FlowReconstruction):
        def targets(self, architectures, proxies):
            seen.append(architectures)
            return super().targets(architectures, proxies)

    task = Sees(embedder.encoder)
    trained = pretrain(embedder, task, architectures, settings=PretrainSettings(epochs=2, seed=5))
    assert np.array_equal(seen[0].edge_ptr, embedder.prepare(architectures).edge_ptr)
    assert trained.encoder is embedder.encoder
    assert trained.preparation == embedder.preparation
    history = trained.history
    assert {**history, "losses": None} == {
        "task": "Sees", "tasks": task.config, "proxies": [], "epochs": 2, "seed": 5, "losses": None,
    }  # fmt: skip
    assert len(history["losses"]["flow"]) == 2


def test_a_task_by_name_follows_from_the_seed(architectures):
    def run(seed: int, task: str = "flow"):
        embedder = create("gin", architectures, width=16, seed=3)
        return pretrain(embedder, task, architectures, settings=PretrainSettings(epochs=1, seed=seed)).history

    assert run(1) == run(1)
    assert run(1)["losses"] != run(2)["losses"]
    assert run(1)["task"] == "flow"
    proxies = {"a": architectures.edge_counts + 0.0, "b": architectures.node_counts + 0.0}

    def ranked(tasks) -> list[str]:
        embedder = create("gin", architectures, width=16)
        settings = PretrainSettings(epochs=1)
        return pretrain(embedder, "fgp", architectures, proxies, settings, tasks=tasks).history["proxies"]

    assert ranked(None) == ["a", "b"]  # all that are given
    assert ranked({"fgp": {"proxies": ["b"]}}) == ["b"]
    with pytest.raises(ArchflowError, match="the task hides operations"):
        run(1, "gmae")


def test_a_training_that_diverges_is_refused(architectures):
    settings = PretrainSettings(epochs=3, batch_size=16, learning_rate=1e38)
    with pytest.raises(ArchflowError, match=r"pre-training diverged: in epoch \d .* give a learning rate below 1e\+38"):
        pretrain(create("gin", architectures, width=8), "flow", architectures, settings=settings)


@pytest.mark.parametrize("task", PRETEXT_TASKS.names())
def test_a_streamed_set_gives_the_same_weights_and_resumes_the_same_state(architectures, tmp_path, monkeypatch, task):
    monkeypatch.setattr(streamed, "LOADED", 300)
    cells = architectures.recoded(vocabulary_for(task, architectures.vocabulary))
    proxies, tasks = {"depth": np.arange(0.0, len(cells))}, {"cate": {"cost": "depth"}} if task == "cate" else {}
    weights = []
    for name, given in (
        ("memory", [cells] * 2),
        ("streamed", [in_parts(cells)] * 2),
        ("both", [cells, in_parts(cells)]),
    ):
        for each, on_epoch in zip(given, (kill_after(1), None), strict=True):
            embedder = create("gin", cells, view="effective", positions=True, width=8)
            settings, state = PretrainSettings(epochs=2, batch_size=64), tmp_path / name
            with pytest.raises(Killed) if on_epoch else nullcontext():
                more = {"tasks": tasks, "checkpoint": state, "on_epoch": on_epoch}
                pretrain(embedder, task, each, proxies, settings, **more)
            assert "op" not in vars(each) or each is cells, "the whole set was loaded"
        weights.append(torch.cat([each.flatten() for each in embedder.encoder.state_dict().values()]))
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])
