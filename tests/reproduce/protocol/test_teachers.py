"""The learnt surrogate in the protocol: a teacher a run, from that run's labels alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archflow.data.benchmarks import BENCHMARKS
from archflow.data.splits import PERMUTATIONS
from archflow.encoders import Embedder
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.fine_tune import FineTuneSettings
from archflow.pretext import PretrainSettings
from archflow.spaces import NASBench201
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.published_protocol import published_protocol
from archflow_reproduce.protocol.run import run_protocol
from archflow_reproduce.protocol.teachers import Teacher

FEW = FineTuneSettings(epochs=2)
PROTOCOL = Protocol(
    "score",
    encoder="gin",
    encoder_config={"width": 8},
    methods=["learned"],
    labels=20,
    runs=2,
    proxies=["edges"],
    pretrain=PretrainSettings(epochs=1),
    fine_tune=FEW,
    teacher=Teacher("gin", {"width": 8}, FEW),
)


@pytest.fixture(scope="module")
def table() -> Table:
    cells = NASBench201().sample(120, np.random.default_rng(0))
    return Table(cells, {"score": np.random.default_rng(1).normal(size=120), "edges": np.arange(120.0)})


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("protocol")
    return folder, run_protocol(PROTOCOL, "cells", table, folder, processes=1)


def weights(path) -> torch.Tensor:
    return torch.cat([parameter.flatten() for parameter in Embedder.load(path).encoder.parameters()])


def paths(folder, kind: str) -> list:
    return sorted(folder.glob(f"{kind}-*.encoder"))


def test_every_run_has_its_own_teacher_and_encoder(finished):
    folder, result = finished
    assert list(result["methods"]) == ["learned"]
    assert result["pretrain_epoch_s"]["learned"] > 0
    assert result["config"]["teacher"]["encoder"] == "gin"
    for kind in ("teacher", "learned"):
        first, second = paths(folder, kind)  # one model seed, two permutations
        assert not torch.equal(weights(first), weights(second))
    assert not list(folder.glob("*.state*"))


def test_labels_of_test_architectures_do_not_reach_the_teacher(finished, table, tmp_path):
    folder, _ = finished
    used = np.zeros(120, bool)
    for seed in PERMUTATIONS[:2]:
        order = np.arange(120) if seed is None else np.random.RandomState(seed).permutation(120)
        used[order[:20]] = used[order[60:100]] = True
    score = table.metric("score").copy()
    assert (~used).sum() > 5
    score[~used] = score[~used][::-1]
    shuffled = Table(table.architectures, {**table.metrics, "score": score})
    run_protocol(PROTOCOL, "cells", shuffled, tmp_path, processes=1)
    for kind in ("teacher", "learned"):
        for path, other in zip(paths(folder, kind), paths(tmp_path, kind), strict=True):
            assert torch.equal(weights(path), weights(other))


def test_what_is_there_is_not_trained_again(finished, table, monkeypatch):
    folder, result = finished

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("archflow_reproduce.protocol.runs.fine_tune", forbidden)
    assert run_protocol(PROTOCOL, "cells", table, folder, processes=1)["methods"] == result["methods"]
    # Another teacher's results are not taken for this one's, in the same folder.
    with pytest.raises(AssertionError, match="trained again"):
        run_protocol(replace(PROTOCOL, teacher=Teacher("mlp")), "cells", table, folder, processes=1)


def test_a_teacher_knows_the_ranked_table_alone(table, tmp_path):
    with pytest.raises(ArchflowError, match="learned: its teacher learns from labels of cells alone"):
        run_protocol(PROTOCOL, "cells", table, tmp_path, 1, None, {"others": table})


def test_the_teacher_is_a_ta_gates_with_its_published_training():
    teacher = published_protocol(BENCHMARKS["nasbench201"], "gated_gcn").teacher
    assert (teacher.encoder, teacher.fine_tune.epochs, teacher.fine_tune.batch_size) == ("ta_gates", 200, 512)
    assert published_protocol(BENCHMARKS["nasbench201"], "gated_gcn", epochs=7).teacher.fine_tune.epochs == 7
