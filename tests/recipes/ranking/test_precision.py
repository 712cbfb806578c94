from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archflow import FineTuneSettings, NetworkPredictor, create
from archflow.errors import ArchflowError
from archflow.recipes.ranking import precision
from archflow.recipes.ranking.candidates import CHUNK, Candidates
from archflow.recipes.ranking.chunks import in_this_process
from archflow.recipes.ranking.precision import (
    Agreement,
    asked,
    check_processor,
    choose,
    compared,
    has_bfloat16,
    products_in,
)
from archflow.recipes.ranking.scoring import Job, Scorer
from archflow.recipes.ranking.stream import rank_space
from archflow.spaces import NASBench201

bfloat16 = pytest.mark.skipif(not has_bfloat16(), reason="this processor has no matrix products in bfloat16")


@pytest.fixture(scope="module")
def network() -> NetworkPredictor:
    cells = NASBench201().sample(40, np.random.default_rng(0))
    model = NetworkPredictor(create("gin", cells, width=32), settings=FineTuneSettings(epochs=8))
    model.fit(cells, cells.op_counts @ np.arange(1.0, cells.op_counts.shape[1] + 1), metrics=["score"])
    return model


def comparison(tau=1.0, shared=1.0, faster=2.0, candidates=4096):
    return precision.Comparison(Agreement(tau, shared, candidates), faster)


@bfloat16
def test_products_are_rounded_inside_the_block_alone():
    x = torch.full((64, 64), 1 + 2**-12)
    exact = x @ x
    with products_in("bfloat16"):
        assert torch.equal(x @ x, torch.full((64, 64), 64.0))
        with suppress(KeyError), products_in("float32"):
            assert torch.equal(x @ x, exact)
            raise KeyError
        assert not torch.equal(x @ x, exact)
    assert torch.equal(x @ x, exact)


def test_a_machine_that_computes_in_float32_is_told(monkeypatch):
    monkeypatch.setattr(torch, "set_float32_matmul_precision", lambda name: None)
    check_processor("float32", "cpu")
    with pytest.raises(ArchflowError, match="no matrix products in bfloat16"):
        check_processor("bfloat16", "cpu")
    refused = choose("auto", 10**6, lambda name: np.arange(2000.0), "cpu")
    assert refused == (
        "float32",
        "precision float32: precision bfloat16: this machine has no matrix products in bfloat16",
    )
    with pytest.raises(ArchflowError, match="no matrix products in bfloat16"):
        choose("bfloat16", 10**6, lambda name: np.arange(2000.0), "cpu")


def _ordered(values):
    """The Kendall tau b of values with themselves: 1, or 0 where all are equal."""
    return float(len(np.unique(values)) > 1)


scores = arrays(np.float64, st.integers(2, 60), elements=st.floats(-1024, 1024, width=16))


@given(scores)
def test_the_same_ranking_agrees_whatever_the_scale(values):
    assert Agreement.of(values, values) == Agreement(1.0, 1.0, len(values))
    assert Agreement.of(values, 2 * values + 1).shared == 1.0
    assert Agreement.of(values, -values).tau == (
        1.0 if np.array_equal(values, -values) else pytest.approx(-_ordered(values))
    )


def test_agreement_is_kendall_tau_and_the_best_tenth_that_is_shared():
    exact = np.arange(20.0)
    swapped = exact.copy()
    swapped[[17, 18]] = swapped[[18, 17]]
    found = Agreement.of(exact, swapped)
    assert found.tau == pytest.approx(1 - 2 / 190)
    assert found.shared == 0.5
    assert Agreement.of(exact, np.zeros(20)) == Agreement(0.0, 0.0, 20)
    exact[3] = swapped[4] = -np.inf
    assert Agreement.of(exact, swapped).tau < found.tau


def test_what_is_compared_are_both_precisions_in_turn(monkeypatch):
    clock, given_names = iter(np.cumsum([0, 3.0, 0, 1.0, 0, 9.0, 0, 2.0])), []
    monkeypatch.setattr(precision, "PASSES", 2)
    monkeypatch.setattr(precision.time, "process_time", lambda: next(clock))

    def score(name):
        given_names.append(name)
        return np.arange(30.0) * (-1 if name == "bfloat16" else 1)

    found = compared(score)
    assert given_names == ["float32", "bfloat16"] * 2
    assert found.agreement == Agreement(pytest.approx(-1), 0, 30)
    assert found.faster == pytest.approx(3)


@pytest.mark.parametrize(
    ("found", "auto", "refused"),
    [
        (comparison(), "bfloat16", False),
        (comparison(faster=1.05), "float32", False),
        (comparison(tau=0.9989), "float32", True),
        (comparison(shared=0.98), "float32", True),
    ],
)
def test_bfloat16_is_taken_within_the_tolerance_alone(found, auto, refused, monkeypatch):
    monkeypatch.setattr(precision, "compared", lambda score: found)
    monkeypatch.setattr(precision, "check_processor", lambda name, device: None)
    chosen, line = choose("auto", 10**6, lambda name: np.zeros(1), "cpu")
    assert chosen == auto
    assert line == f"precision {auto}: bfloat16 is {found}"
    if refused:
        with pytest.raises(ArchflowError, match=r"wanted are at least 0\.999 and 99 %; use float32"):
            choose("bfloat16", 10**6, lambda name: np.zeros(1), "cpu")
    else:
        assert choose("bfloat16", 10**6, lambda name: np.zeros(1), "cpu")[0] == "bfloat16"


def test_without_need_nothing_is_compared(monkeypatch):
    def never(name):
        raise AssertionError

    monkeypatch.setattr(precision, "check_processor", lambda name, device: None)
    assert choose("float32", 10**9, never, "cpu") == ("float32", None)
    assert choose("auto", precision.LONG - 1, never, "cpu") == ("float32", None)
    with pytest.raises(ArchflowError, match="compared on at least 1,000 candidates"):
        choose("bfloat16", precision.FEWEST - 1, never, "cpu")
    with pytest.raises(ArchflowError, match="'half': give one of float32, auto, bfloat16"):
        asked("half")


@bfloat16
def test_every_process_ranks_in_the_chosen_precision(network, monkeypatch):
    def ranked(**options):
        return rank_space(network, "nasbench201", 2 * CHUNK, top=300, **options)

    monkeypatch.setattr(precision, "TAU", 0.9)
    monkeypatch.setattr(precision, "SHARED", 0.9)
    exact, rounded = ranked(), ranked(precision="bfloat16")
    assert (exact.precision, rounded.precision) == ("float32", "bfloat16")
    assert rounded.rows() != exact.rows()
    assert np.isclose(*(each.table.metric("predicted_score").mean() for each in (exact, rounded)), rtol=0.02)
    assert ranked(precision="bfloat16", workers=2).rows() == rounded.rows()
    chunk = Candidates.sampled(NASBench201(), 2 * CHUNK, 0).chunk(0)
    job = Job(network, Candidates.sampled(NASBench201(), 2 * CHUNK, 0), 9)
    full, short = (Scorer(replace(job, precision=name)).predicted(chunk)[0] for name in ("float32", "bfloat16"))
    assert not np.array_equal(full, short)


@bfloat16
def test_a_ranking_outside_the_tolerance_is_refused(network, monkeypatch):
    monkeypatch.setattr(precision, "TAU", 1.1)
    with pytest.raises(ArchflowError, match=r"precision bfloat16: .* times as fast as float32"):
        rank_space(network, "nasbench201", CHUNK, precision="bfloat16")
    monkeypatch.setattr(precision, "LONG", 1)
    found = rank_space(network, "nasbench201", CHUNK, top=5, precision="auto")
    assert found.precision == "float32"
    assert found.rows() == rank_space(network, "nasbench201", CHUNK, top=5).rows()
    assert [note.startswith("precision float32: bfloat16 is ") for note in found.notes] == [True]


@bfloat16
def test_an_unfinished_ranking_stays_in_its_precision(network, tmp_path, monkeypatch):
    for name, value in {"LONG": 1, "TAU": 0.9, "SHARED": 0.9, "FASTER": 0.0}.items():
        monkeypatch.setattr(precision, name, value)
    network.save(tmp_path / "p")

    def rank(wanted, run=in_this_process):
        out = tmp_path / "best.csv"
        return rank_space(tmp_path / "p", "nasbench201", 2 * CHUNK, top=300, out=out, precision=wanted, workers=run)

    def interrupted(job, chunks):
        for scored in in_this_process(job, chunks):
            yield scored
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rank("auto", interrupted)
    with pytest.raises(ArchflowError, match="other settings"):
        rank("float32")
    monkeypatch.setattr(precision, "FASTER", 1e9)  # so that it would choose float32 now
    found = rank("auto")
    assert found.precision == "bfloat16"
    assert found.notes == ("precision bfloat16, as in the unfinished ranking",)
    assert found.rows() == rank("bfloat16").rows()
    assert rank("auto").precision == "float32"
