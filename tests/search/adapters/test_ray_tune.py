"""Tuners of Ray that search architectures."""

import json
import pickle

import pytest

pytest.importorskip("ray.tune", reason="the extra ray is not installed")

import ray
from ray import tune

from archflow.errors import ArchflowError
from archflow.search.adapters.ray_tune import ArchflowSearcher
from archflow.spaces import NASBench201
from tests.search.adapters.cells import NATIVE, SPACE, convolutions, evolution, run_example, small_space
from tests.search.adapters.test_follower import FOREIGN, Recorded

GOAL = {"metric": "score", "mode": "max"}


def searcher(method=evolution, **more):
    return ArchflowSearcher(SPACE, method, seed=1, **{**GOAL, **more})


def search(searched, trials, first=0):
    """Suggest and complete so many trials; their architectures."""
    found = []
    for number in range(first, first + trials):
        found.append(searched.suggest(f"t{number}")["architecture"])
        searched.on_trial_complete(f"t{number}", {"score": convolutions(SPACE.parse(found[-1]))})
    return found


def known_to(searched):
    """The trials as the method sees them when it is asked for one more."""
    searched.suggest("one more")
    return Recorded.latest.history.trials[:-1]


def test_a_searcher_that_is_restored_suggests_the_same(tmp_path):
    undisturbed = search(searcher(), 12)
    before, after = searcher(), searcher()
    found = search(before, 6)
    pending = before.suggest("t6")
    before.save(tmp_path / "saved.json")
    after.restore(tmp_path / "saved.json")
    assert after.suggest("t6") == pending
    assert found + search(after, 6, first=6) == undisturbed


def test_pickled_it_goes_on():
    searched = searcher()
    found = search(searched, 6)
    copied = pickle.loads(pickle.dumps(searched))
    assert found + search(copied, 6, first=6) == search(searcher(), 12)


def test_a_trial_is_suggested_once():
    searched = searcher()
    assert searched.suggest("a") == searched.suggest("a")
    assert searched.suggest("b") != searched.suggest("a")


def test_other_parameters_are_drawn_and_kept():
    searched = searcher()
    parameters = {"rate": tune.uniform(0, 1), "more": {"width": tune.choice([8, 16])}, "constant": 3}
    assert searched.set_search_properties("other", "min", parameters)
    drawn = [searched.suggest(f"t{number}") for number in range(8)]
    assert {each["more"]["width"] for each in drawn} == {8, 16}
    assert len({each["rate"] for each in drawn}) == 8
    assert drawn == [searched.suggest(f"t{number}") for number in range(8)]
    assert searched.metric == "score"


def test_grids_are_refused():
    with pytest.raises(ArchflowError, match=r"param_space: .* not grids"):
        searcher().set_search_properties(None, None, {"rate": tune.grid_search([1, 2])})


def test_what_failed_was_stopped_or_is_no_number():
    searched = searcher(Recorded)
    results = [(None, True), ({"score": 2}, False), ({"score": float("nan")}, False), ({"other": 1}, False)]
    for number, (result, error) in enumerate([*results, ({"score": "much"}, False), (None, False)]):
        searched.suggest(f"t{number}")
        searched.on_trial_complete(f"t{number}", result, error=error)
    searched.on_trial_complete("t0", {"score": 5})  # it is over
    searched.on_trial_complete("never suggested", {"score": 5})
    known = known_to(searched)
    assert [each.state for each in known] == ["failed", "done", "failed", "failed", "failed", "failed"]
    assert [each.failure for each in known[2:]] == ["score: [nan]", "score: [None]", "score: ['much']", "score: [None]"]


def test_several_metrics():
    searched = searcher("nsga2", metric=["score", "cost"], mode=["max", "min"])
    for number in range(25):
        native = searched.suggest(f"t{number}")["architecture"]
        searched.on_trial_complete(f"t{number}", {"score": convolutions(SPACE.parse(native)), "cost": len(native)})
    assert len({known.native for known in searched._trials.values()}) == 25


def test_what_was_measured_before_counts():
    searched = searcher(Recorded)
    searched.add_evaluated_point({"architecture": NATIVE}, 4.0)
    (known,) = known_to(searched)
    assert known.metrics == {"value 0": 4}
    with pytest.raises(ArchflowError, match="no 'architecture' among the parameters"):
        searched.add_evaluated_point({"x": 1}, 4.0)
    with pytest.raises(ArchflowError, match="write it as"):
        searched.add_evaluated_point({"architecture": FOREIGN}, 4.0)


@pytest.mark.parametrize(
    "goal", [{}, {"metric": "score"}, {"metric": ["a", "b"], "mode": ["max"]}, {"metric": "score", "mode": "most"}]
)
def test_a_goal_that_is_not_said_is_asked_for(goal):
    with pytest.raises(ArchflowError, match="give the searcher a metric and a mode"):
        ArchflowSearcher(SPACE, "random", **goal).suggest("a")


def test_unknown_names_are_said_with_the_nearest():
    with pytest.raises(ArchflowError, match="did you mean 'nasbench201'"):
        ArchflowSearcher("nasbench21")
    with pytest.raises(ArchflowError, match="did you mean 'random'"):
        ArchflowSearcher("nasbench201", "randon")


SAVED = {
    "kind": "archflow searcher of Ray Tune",
    "space": "nasbench201",
    "goals": {"score": "max"},
    "trials": {"a": {"name": "trial a", "native": NATIVE, "origin": "", "values": [1], "failure": "", "ended": 1}},
}


def test_a_written_file_can_be_restored(tmp_path):
    (tmp_path / "saved").write_text(json.dumps(SAVED))
    searched = searcher(Recorded)
    searched.restore(tmp_path / "saved")
    assert [each.metrics for each in known_to(searched)] == [{"value 0": 1}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({**SAVED, "space": "darts"}, "is of a search of darts for {'score': 'max'}, not of nasbench201"),
        ({**SAVED, "goals": {"score": "min"}}, "restore it with the same space, metric and mode"),
        ({**SAVED, "kind": "journal"}, "kind: .* give a file that a searcher saved"),
        ({**SAVED, "trials": {"a": {"name": "a", "native": NATIVE, "values": [1, 2]}}}, "a has 2 values for 1 metrics"),
        ({**SAVED, "trials": {"a": {"name": "a", "native": 3}}}, r"trials\.a\.native"),
        ({**SAVED, "trials": {"a": {"name": "a", "native": NATIVE, "values": [float("nan")]}}}, "not a finite number"),
        ({}, "give a file that a searcher saved"),
        ([], "give a file that a searcher saved"),
    ],
)
def test_another_file_is_refused(content, said, tmp_path):
    (tmp_path / "saved").write_text(json.dumps(content))
    searched = searcher()
    found = search(searched, 2)
    with pytest.raises(ArchflowError, match=said) as raised:
        searched.restore(tmp_path / "saved")
    assert "\n" not in str(raised.value)
    assert found + search(searched, 2, first=2) == search(searcher(), 4)  # nothing was taken


def test_a_file_that_is_missing_or_damaged_is_refused(tmp_path):
    with pytest.raises(ArchflowError, match="no such file"):
        searcher().restore(tmp_path / "saved")
    (tmp_path / "saved").write_bytes(b"\x80\x04}.")  # what another searcher would have pickled
    with pytest.raises(ArchflowError, match="not valid JSON"):
        searcher().restore(tmp_path / "saved")


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def trains(config):
    architecture = NASBench201().parse(config["architecture"])
    for epoch in range(3):
        tune.report({"score": convolutions(architecture) * (epoch + 1) / 3})


def fails(config):
    raise ValueError("it does not train")


def tune_with(searched, folder, count, trainable=trains):
    """A tuner's results, and the file of its searcher."""
    settings = tune.TuneConfig(search_alg=searched, num_samples=count, max_concurrent_trials=1)
    run = tune.RunConfig(storage_path=str(folder), name="found", verbose=0)
    found = tune.Tuner(trainable, tune_config=settings, run_config=run).fit()
    return found, next((folder / "found").glob("searcher-state-*"))


@pytest.mark.filterwarnings("ignore")  # of Ray's own
@pytest.mark.usefixtures("cluster")
def test_a_tuner_searches(tmp_path):
    found, saved = tune_with(searcher(), tmp_path, 6)
    assert found.num_errors == 0
    natives = {each.config["architecture"]: each.metrics["score"] for each in found}
    assert set(natives) == set(search(searcher(), 6))
    assert all(score == convolutions(SPACE.parse(native)) for native, score in natives.items())
    restored = searcher()
    restored.restore(saved)
    assert restored.suggest("another")["architecture"] == search(searcher(), 7)[-1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("cluster")
def test_a_space_that_has_no_more_ends_the_tuner(tmp_path):
    searched = ArchflowSearcher(small_space(3), "random", **GOAL)
    found, _ = tune_with(searched, tmp_path, 9, lambda config: {"score": 1.0})
    assert len({each.config["architecture"] for each in found}) == len(found) == 3


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("cluster")
def test_a_tuner_says_what_failed(tmp_path):
    found, saved = tune_with(searcher(), tmp_path, 2, fails)
    restored = searcher(Recorded)
    restored.restore(saved)
    assert [each.failure for each in known_to(restored)] == ["it failed"] * found.num_errors == ["it failed"] * 2


def test_the_example_of_the_page_runs(tmp_path):
    assert "conv" in run_example("Ray Tune", tmp_path)
