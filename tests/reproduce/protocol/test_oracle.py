"""What must come out is known: an oracle's scores, and that nothing but the judging sees the labels of the test."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from archflow.encoders import GIN
from archflow.graph.table import Table
from archflow.predict.fine_tune import FineTuned, FineTuneSettings
from archflow.pretext import PretrainSettings
from archflow_reproduce.protocol import run as protocol_run
from archflow_reproduce.protocol import runs as runs_of
from archflow_reproduce.protocol import teachers
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.protocol.run import run_protocol
from archflow_reproduce.protocol.splits import draw_splits
from tests.reproduce.oracles import Oracle, known_table

PROTOCOL = Protocol(
    "score",
    encoder="gin",
    encoder_config={"width": 8},
    methods=["supervised"],
    labels=20,
    runs=4,
    proxies=["params"],
    pretrain=PretrainSettings(epochs=1),
    fine_tune=FineTuneSettings(epochs=2),
)


@pytest.fixture(scope="module")
def table() -> Table:
    return known_table(300)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1.0, {"tau": 1, "spearman": 1, "p_at_1": 1, "p_at_5": 1, "p_at_10": 1, "regret_at_10": 0}),
        (-1.0, {"tau": -1, "spearman": -1, "p_at_1": 0, "p_at_5": 0, "p_at_10": 0}),
        (0.0, {"tau": 0, "spearman": 0}),
    ],
)
def test_an_oracle_is_judged_exactly_in_every_run(table, tmp_path, monkeypatch, factor, expected):
    """Each run by the labels of its own permutation's test part, and the epoch that validation chose is told."""
    curves = np.array([[0.1, 0.9, 0.2, 0.3], [0.3, 0.1, 0.2, 0.3], [0.2, 0.1, 0.8, 0.3], [0.2, 0.1, 0.8, 0.4]])

    def tuned(encoders, *_):
        return FineTuned([Oracle(factor) for _ in encoders], np.zeros((4, 4)), curves, held_out=40)

    judged = []
    real = protocol_run._scores
    monkeypatch.setattr(protocol_run, "_scores", lambda *given: judged.append(given[-1]) or real(*given))
    monkeypatch.setattr(protocol_run, "tune_runs", tuned)
    measures = run_protocol(PROTOCOL, "cells", table, tmp_path)["methods"]["supervised"]
    for name, value in expected.items():
        assert measures[name] == [value] * 4, name
    assert measures["best_epoch"] == [2, 1, 3, 4]
    assert measures["validation_tau"] == [0.3, 0.9, 0.8, 0.4]
    splits = list(draw_splits("random", table, np.arange(300), 150, 20).values())
    assert [rows.tolist() for rows in judged[0]] == [splits[run % 3].test.tolist() for run in range(4)]


def test_labels_of_test_rows_change_nothing_but_the_judgement(table, tmp_path, monkeypatch):
    """Garbage in the place of all labels of the test part: the same training, choice of epochs and scores."""
    protocol = replace(PROTOCOL, runs=1, methods=["supervised", "fgp"])
    splits = draw_splits("random", table, np.arange(300), 150, 20, protocol.validation)
    garbage = table.metric("score").copy()
    test = splits["identity"].test
    garbage[test] = np.random.default_rng(5).normal(-1e3, 1e2, len(test))
    scores = []
    real = protocol_run._scores
    monkeypatch.setattr(protocol_run, "_scores", lambda *given: scores.append(real(*given)) or scores[-1])
    clean = run_protocol(protocol, "cells", table, tmp_path / "clean", processes=1)
    spoilt = run_protocol(
        protocol, "cells", replace(table, metrics={"score": garbage}), tmp_path / "spoilt", processes=1
    )
    assert len(scores) == 4
    for before, after in zip(scores[:2], scores[2:], strict=True):
        assert np.array_equal(before, after)
    for method in protocol.methods:
        before, after = clean["methods"][method], spoilt["methods"][method]
        assert before["tau"] != after["tau"], "the judgement is by the labels that are given"
        for name in ("validation_tau", "best_epoch"):
            assert before[name] == after[name]


def weights(encoder: torch.nn.Module) -> list[float]:
    return torch.cat([parameter.detach().flatten() for parameter in encoder.parameters()]).tolist()


def test_runs_have_the_seeds_of_their_models(table, tmp_path, monkeypatch):
    """Three runs share a model seed, the fourth has another one: encoder, and the order of batches."""
    seen = {}

    def spy(models, architectures, runs, *rest, **more):
        seen.update(models=[weights(model.encoder) for model in models], seeds=list(runs.seeds), train=runs.train)
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_of, "fine_tune", spy)
    with pytest.raises(KeyboardInterrupt):
        run_protocol(PROTOCOL, "cells", table, tmp_path)
    assert seen["seeds"] == [21, 21, 21, 2021]
    assert seen["models"][0] == seen["models"][1] == seen["models"][2] != seen["models"][3]
    assert len({tuple(rows) for rows in seen["train"]}) == 3
    assert np.array_equal(seen["train"][0], seen["train"][3])


def test_heads_have_the_seeds_of_their_models(table, tmp_path, monkeypatch):
    heads = []

    def spy(models, *rest, **more):
        heads.extend(weights(model.head) for model in models)
        raise KeyboardInterrupt

    monkeypatch.setattr(runs_of, "fine_tune", spy)
    splits = list(draw_splits("random", table, np.arange(300), 150, 20).values())
    same = [GIN(len(table.architectures.vocabulary), width=8)] * 4
    with pytest.raises(KeyboardInterrupt):
        runs_of.tune_runs(same, table, "score", splits, FineTuneSettings(1), tmp_path / "s", lambda _: None)
    assert heads[0] == heads[1] == heads[2] != heads[3]


def test_teachers_have_the_seeds_of_their_runs(table, tmp_path, monkeypatch):
    seen = []

    def spy(encoders, *_):
        seen.extend(map(weights, encoders))
        raise KeyboardInterrupt

    monkeypatch.setattr(teachers, "tune_runs", spy)
    teacher = teachers.Teacher("gin", {"width": 8}, FineTuneSettings(1))
    with pytest.raises(KeyboardInterrupt):
        teachers.train_teachers(teacher, 4, table, "score", [], tmp_path, lambda: None)
    assert seen[0] == seen[1] == seen[2] != seen[3]


def test_pretrained_encoders_have_the_seeds_of_their_models(table, tmp_path):
    run_protocol(replace(PROTOCOL, methods=["flow"]), "cells", table, tmp_path, processes=1)
    assert {path.name for path in tmp_path.glob("*.encoder")} == {"flow-21.encoder", "flow-2021.encoder"}
