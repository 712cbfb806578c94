"""Pre-training on a part of a table: which part, by which tasks, and the same again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet
from archflow.recipes.unlabelled import QUICK, THOROUGH, Pretraining, Start, evenly
from archflow.testing import random_architectures
from tests.strategies import sets

SMALL = Pretraining(
    [Start("gin", {"width": 8}, "proxy_ranking", "flow"), Start("gin", {"width": 8}, "arch2vec", view="effective")],
    epochs=1,
    rows=20,
)


def proxies(architectures):
    return {"zc_edges": architectures.edge_counts.astype(float)}


def test_the_encoders_are_those_asked_for(architectures, tmp_path):
    lines: list[str] = []
    first, second = SMALL.run(architectures, np.arange(5), proxies(architectures), tmp_path, on_note=lines.append)
    assert [each.history["task"] for each in (first, second)] == ["proxy_ranking", "arch2vec"]
    assert [each.history["seed"] for each in (first, second)] == [21, 22]
    assert [each.history["proxies"] for each in (first, second)] == [["zc_edges"], []]
    assert [each.view for each in (first, second)] == ["whole", "effective"]
    assert first.preparation.positions
    assert first.vocabulary == second.vocabulary
    assert first.embed(architectures).shape == (60, first.encoder.dim)
    assert lines == []


def test_an_encoder_without_a_task_stays_untrained(architectures, tmp_path):
    both = replace(SMALL, starts=[Start("gin", {"width": 8}), *SMALL.starts])
    first, second, _ = both.run(architectures, np.arange(5), proxies(architectures), tmp_path)
    fresh = create("gin", architectures, positions=True, seed=21, width=8)
    assert "task" not in first.history
    assert first.vocabulary == second.vocabulary
    assert second.history["seed"] == 22
    (alone,) = replace(SMALL, starts=[Start("gin", {"width": 8})], rows=60).run(
        architectures, np.arange(5), {}, tmp_path / "alone"
    )
    np.testing.assert_array_equal(alone.embed(architectures), fresh.embed(architectures))
    assert not (tmp_path / "alone").exists()


def test_finished_encoders_are_not_trained_again(architectures, tmp_path, monkeypatch):
    first = SMALL.run(architectures, np.arange(5), proxies(architectures), tmp_path)
    monkeypatch.setattr("archflow.pretext.jobs._run", lambda *_: pytest.fail("trained again"))
    again = SMALL.run(architectures, np.arange(5), proxies(architectures), tmp_path)
    np.testing.assert_array_equal(again[1].embed(architectures), first[1].embed(architectures))


@pytest.mark.parametrize("changed", ["rows", "proxies", "epochs", "tasks"])
def test_other_data_or_settings_have_a_folder_of_their_own(architectures, tmp_path, changed):
    SMALL.run(architectures, np.arange(5), proxies(architectures), tmp_path)
    other = {
        "rows": lambda: SMALL.run(architectures, np.arange(30, 50), proxies(architectures), tmp_path),
        "proxies": lambda: SMALL.run(
            architectures, np.arange(5), {"zc_edges": -proxies(architectures)["zc_edges"]}, tmp_path
        ),
        "epochs": lambda: replace(SMALL, epochs=2).run(architectures, np.arange(5), proxies(architectures), tmp_path),
        "tasks": lambda: replace(SMALL, tasks={"proxy_ranking": {"margin": 0.1}}).run(
            architectures, np.arange(5), proxies(architectures), tmp_path
        ),
    }
    other[changed]()
    assert len(list(tmp_path.glob("encoders-*"))) == 2


@pytest.mark.parametrize("nothing", [{}, {"zc_one": np.ones(60)}, {"zc_none": np.full(60, np.nan)}])
def test_without_a_proxy_that_ranks_anything_another_task_takes_its_place(architectures, tmp_path, nothing):
    lines: list[str] = []
    first, second = SMALL.run(architectures, np.arange(5), nothing, tmp_path, on_note=lines.append)
    assert [each.history["task"] for each in (first, second)] == ["flow", "arch2vec"]
    named = [
        f"{name} ranks nothing: left out of pre-training, which is by flow and arch2vec instead" for name in nothing
    ]
    assert lines == named


def test_one_proxy_of_two_is_left_out(architectures, tmp_path):
    lines: list[str] = []
    both = {"zc_one": np.ones(60), **proxies(architectures)}
    first, _ = SMALL.run(architectures, np.arange(5), both, tmp_path, on_note=lines.append)
    assert first.history["proxies"] == ["zc_edges"]
    assert lines == ["zc_one ranks nothing: left out of pre-training"]


def test_a_task_that_ranks_and_has_no_other_in_its_place_is_refused(architectures, tmp_path):
    alone = replace(SMALL, starts=[replace(SMALL.starts[0], fallback="")])
    with pytest.raises(ArchflowError, match="no proxy is named"):
        alone.run(architectures, np.arange(5), {}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_operations_that_are_in_no_chosen_row_are_known(tmp_path):
    many = random_architectures(40, seed=1)
    few = replace(SMALL, rows=2)
    for each in few.run(many, np.arange(2), proxies(many), tmp_path):
        assert np.isfinite(each.embed(many)).all()


@given(sets(), st.data())
def test_rows_are_chosen_evenly_and_labelled_ones_first(architectures, data):
    count = len(architectures)
    labelled = np.array(sorted(data.draw(st.sets(st.integers(0, max(count - 1, 0)), max_size=count))), np.int64)
    labelled = labelled[labelled < count]
    most = data.draw(st.integers(1, count + 3))
    rows = evenly(architectures, labelled, most)
    assert len(rows) == min(most, count)
    assert (np.diff(rows) > 0).all()
    if len(labelled) <= most:
        assert np.isin(labelled, rows).all()
    else:
        assert np.isin(rows, labelled).all()


@pytest.mark.parametrize("preset", [QUICK, THOROUGH])
@pytest.mark.parametrize("named", [True, False])
def test_presets_fit_any_table(tmp_path, preset, named):
    """In one epoch of a few chains, whose depth and number of edges are the same."""
    chain = ArchitectureSet.from_architectures(
        [Architecture(("in", first, second, "out"), ((0, 1), (1, 2), (2, 3))) for first in "abc" for second in "abc"]
    )
    given = {"zc_b": chain.op_counts[:, chain.vocabulary.index("b")].astype(float)} if named else {}
    found = replace(preset, epochs=1).run(chain, np.arange(3), given, tmp_path)
    assert len(found) == len(preset.starts)
    for embedder in found:
        assert np.isfinite(embedder.embed(chain)).all()
        assert len(np.unique(embedder.embed(chain).round(5), axis=0)) == 9  # positions tell a-b from b-a


def test_the_same_rows_are_chosen_in_whatever_order(architectures):
    order = np.random.default_rng(0).permutation(60)
    labelled = np.arange(5)
    here = evenly(architectures, labelled, 20)
    there = evenly(architectures.select(order), np.argsort(order)[labelled], 20)
    assert set(architectures.hashes[here]) == set(architectures.hashes[order[there]])
