"""Studies of Optuna that search architectures."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

pytest.importorskip("optuna", reason="the extra optuna is not installed")

import optuna
from optuna.samplers import RandomSampler, TPESampler
from optuna.storages import InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.testing import pytest_samplers
from optuna.trial import TrialState, create_trial

from archflow.errors import ArchflowError
from archflow.search.adapters.optuna import LOOKS, ArchflowSampler, suggest_architecture
from archflow.search.methods.nsga2 import NSGA2
from tests.search.adapters.cells import NATIVE, SPACE, convolutions, evolution, run_example, small_space
from tests.search.adapters.test_follower import FOREIGN, OTHER, Recorded


@pytest.fixture(autouse=True)
def _quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


class TestAsAnyOther(pytest_samplers.BasicSamplerTestCase, pytest_samplers.MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self):
        return lambda: ArchflowSampler(SPACE, evolution)


class TestWithAnother(
    pytest_samplers.BasicSamplerTestCase,
    pytest_samplers.RelativeSamplerTestCase,
    pytest_samplers.MultiObjectiveSamplerTestCase,
):
    @pytest.fixture
    def sampler(self):
        return lambda: ArchflowSampler(SPACE, evolution, hyperparameters=TPESampler(n_startup_trials=0))


def sampler(method=evolution, **more):
    return ArchflowSampler(SPACE, method, seed=1, **more)


def study_of(method=evolution, **more):
    more = {"direction": "maximize", **more} if "directions" not in more else more
    return optuna.create_study(sampler=sampler(method), **more)


def objective(trial):
    return convolutions(suggest_architecture(trial, SPACE)) + trial.suggest_float("x", 0, 0.1)


def attribute(trials, name="architecture"):
    return [each.user_attrs[name] for each in trials]


def known_to(study):
    """The trials as the method sees them when it is asked for one more."""
    suggest_architecture(study.ask(), SPACE)
    return Recorded.latest.history.trials[:-1]


STORAGES = {
    "sqlite": lambda folder: RDBStorage(f"sqlite:///{folder}/study.db"),
    "journal": lambda folder: JournalStorage(JournalFileBackend(f"{folder}/study.log")),
}


@pytest.mark.parametrize("kind", STORAGES)
def test_another_process_resumes_from_the_storage(kind, tmp_path):
    undisturbed = study_of()
    undisturbed.optimize(objective, n_trials=16)
    for count in (5, 6, 5):  # each time all is read from the disk
        study = study_of(storage=STORAGES[kind](tmp_path), study_name="cells", load_if_exists=True)
        study.optimize(objective, n_trials=count)
    assert attribute(study.trials) == attribute(undisturbed.trials)
    assert attribute(study.trials, "origin") == attribute(undisturbed.trials, "origin")
    assert [each.params for each in study.trials] == [each.params for each in undisturbed.trials]
    assert any(each.startswith("mutant") for each in attribute(study.trials, "origin"))


def test_threads_share_a_study():
    study = study_of()
    study.optimize(objective, n_trials=24, n_jobs=4)
    assert len(set(attribute(study.trials))) == 24


def test_processes_share_a_study():
    """Threads stand for processes: each has a sampler and a study of its own, and they share the storage alone."""
    storage = InMemoryStorage()
    study_of(storage=storage, study_name="cells")

    def joins(_):
        study = optuna.load_study(study_name="cells", storage=storage, sampler=sampler())
        study.optimize(objective, n_trials=15)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(joins, range(4)))
    trials = optuna.load_study(study_name="cells", storage=storage).trials
    assert len(set(attribute(trials))) == len(attribute(trials, "origin")) == 60


@pytest.mark.parametrize("late", [0, 1])
def test_of_two_that_choose_the_same_at_one_moment_one_chooses_again(late, monkeypatch):
    """The late one has made up its mind before the other one claims anything."""
    study = study_of()
    trials = [study.ask(), study.ask()]
    slow, others = sampler(), [trials[1 - late]]
    ask = slow._follower.ask

    def interrupted(*shown):
        proposal = ask(*shown)
        if others:
            suggest_architecture(others.pop(), SPACE)
        return proposal

    monkeypatch.setattr(slow._follower, "ask", interrupted)
    slow.propose(trials[late])
    undisturbed = study_of()
    pair = [attribute_of_the_next(undisturbed) for _ in range(2)]
    assert attribute([trials[1 - late], trials[late]]) == pair


@pytest.mark.parametrize(("meanwhile", "keeps"), [("gives way", True), ("settles", False), ("dies", False)])
def test_a_claim_that_is_not_settled_is_waited_for(meanwhile, keeps, monkeypatch):
    study = study_of()
    earlier, later = study.ask(), study.ask()
    claimed = attribute_of_the_next(study_of())
    looks = []

    def other_process(seconds):
        looks.append(seconds)
        if meanwhile == "gives way":
            later.set_user_attr("architecture", OTHER)
        if meanwhile == "settles":
            later.set_user_attr("origin", "random")

    monkeypatch.setattr("archflow.search.adapters.optuna.time.sleep", other_process)
    monkeypatch.setattr(study.sampler._follower, "ask", claims_first(later, claimed, study.sampler._follower.ask))
    suggest_architecture(earlier, SPACE)
    assert (earlier.user_attrs["architecture"] == claimed) == keeps
    assert len(looks) == (LOOKS if meanwhile == "dies" else 1)


def claims_first(trial, native, ask):
    def asked(*shown):
        proposal = ask(*shown)
        if "architecture" not in trial.user_attrs:
            trial.set_user_attr("architecture", native)
        return proposal

    return asked


def test_what_is_enqueued_or_known_is_not_proposed():
    study = study_of("random")
    undisturbed = attribute_of_the_next(study_of("random"))
    study.enqueue_trial({"x": 0.05}, user_attrs={"architecture": undisturbed})
    study.add_trial(create_trial(value=7, user_attrs={"architecture": NATIVE}))
    study.optimize(objective, n_trials=5)
    assert (study.trials[0].user_attrs, study.trials[0].params) == ({"architecture": undisturbed}, {"x": 0.05})
    assert len(set(attribute(study.trials))) == 6


def attribute_of_the_next(study):
    trial = study.ask()
    suggest_architecture(trial, SPACE)
    return trial.user_attrs["architecture"]


def test_an_enqueued_architecture_that_is_wrong_fails_its_trial_alone():
    study = study_of()
    study.enqueue_trial({}, user_attrs={"architecture": "|wrong|"})
    with pytest.raises(ArchflowError, match="wrong"):
        study.optimize(objective, n_trials=1)
    study.optimize(objective, n_trials=2)
    assert [each.state for each in study.trials] == [TrialState.FAIL, TrialState.COMPLETE, TrialState.COMPLETE]


def test_failed_and_pruned_trials_count():
    def ends(trial):
        suggest_architecture(trial, SPACE)
        if trial.number == 0:
            raise ValueError
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            trial.report(0.25, 1)
            raise optuna.TrialPruned
        return [0, 0, 0, float("nan"), 0.5][trial.number]

    study = study_of(Recorded)
    study.optimize(ends, n_trials=5, catch=(ValueError,))
    known = known_to(study)
    assert [each.failure for each in known] == ["fail", "pruned", "", "fail", ""]
    assert [each.metrics for each in known[2:]] == [{"value 0": 0.25}, None, {"value 0": 0.5}]


def test_a_trial_that_is_tried_again_keeps_its_architecture():
    study = study_of(Recorded)
    trial = study.ask()
    first = suggest_architecture(trial, SPACE)
    study.tell(trial, state=TrialState.FAIL)
    study.enqueue_trial({}, user_attrs=study.trials[0].user_attrs)  # as Optuna's callbacks that retry trials do
    study.optimize(objective, n_trials=1)
    (known,) = known_to(study)
    assert known.metrics == {"value 0": study.trials[1].value}
    assert attribute(study.trials[:2]) == [SPACE.format(first)] * 2


def test_several_objectives_in_both_directions():
    study = study_of(partial(NSGA2, population=8), directions=["maximize", "minimize"])
    study.optimize(lambda trial: (objective(trial), objective(trial) % 2), n_trials=40)
    assert len(set(attribute(study.trials))) == 40
    assert max(each.values[0] for each in study.best_trials) > 5


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_the_direction_reaches_the_method(direction, sign):
    study = study_of(Recorded, direction=direction)
    study.optimize(objective, n_trials=3)
    known_to(study)
    assert Recorded.latest.history.rising[:, 0].tolist() == [sign * each.value for each in study.trials[:3]]


@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="Optuna 4 has no constraints of trials")
def test_the_worst_constraint_counts():
    def constrained(trial):
        for name, value in [("a", -1.0), ("b", trial.number - 1.0)]:
            trial.set_constraint(name, value)
        return objective(trial)

    study = study_of(Recorded)
    study.optimize(constrained, n_trials=4)
    known_to(study)
    assert Recorded.latest.history.violation.tolist() == [0, 0, 1, 2]
    assert [each.metrics["constraint"] for each in Recorded.latest.history.trials[:4]] == [-1, 0, 1, 2]


def test_copies_and_pickles_propose_the_same():
    study = study_of()
    study.optimize(objective, n_trials=8)
    proposed = set()
    for copied in (study.sampler, copy.deepcopy(study.sampler), pickle.loads(pickle.dumps(study.sampler))):
        again = optuna.create_study(direction="maximize", sampler=copied)
        again.add_trials(study.trials)
        proposed.add(attribute_of_the_next(again))
    assert len(proposed) == 1


def test_trials_without_an_architecture_are_left_out():
    study = study_of()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert attribute_of_the_next(study) == attribute_of_the_next(study_of())


def test_another_method_takes_over():
    study = study_of("random")
    study.optimize(objective, n_trials=10)
    study.sampler = sampler(evolution)
    study.optimize(objective, n_trials=3)
    assert all(each.startswith("mutant of ") for each in attribute(study.trials[10:], "origin"))


def test_a_study_of_another_space_is_refused():
    study = study_of()
    study.add_trial(create_trial(value=1, user_attrs={"architecture": FOREIGN}))
    with pytest.raises(ArchflowError, match=r"^trial 0 is not of the space nasbench201"):
        study.optimize(objective, n_trials=1)


def test_the_objective_names_the_space_of_the_sampler():
    with pytest.raises(ArchflowError, match="the sampler searches the space nasbench201, not nats_size"):
        suggest_architecture(study_of().ask(), "nats_size")
    with pytest.raises(ArchflowError, match="did you mean 'nasbench201'"):
        suggest_architecture(study_of().ask(), "nasbench21")


def test_another_sampler_proposes_none():
    study = optuna.create_study(sampler=RandomSampler())
    with pytest.raises(ArchflowError, match="trial 0: no architecture; give its study an ArchflowSampler"):
        suggest_architecture(study.ask(), SPACE)


def test_trials_outside_of_a_study_bring_their_own():
    study = study_of()
    study.optimize(objective, n_trials=3)
    assert objective(study.best_trial) == study.best_value
    fixed = optuna.trial.FixedTrial({"x": 0.0})
    with pytest.raises(ArchflowError, match="no architecture"):
        objective(fixed)
    fixed.set_user_attr("architecture", OTHER)
    assert objective(fixed) == 2


def test_a_space_that_has_no_more_ends_the_study():
    space = small_space(5)
    study = optuna.create_study(sampler=ArchflowSampler(space, "random"))
    study.optimize(lambda trial: len(suggest_architecture(trial, space).ops), n_trials=20)
    assert [each.state for each in study.trials] == [TrialState.COMPLETE] * 5 + [TrialState.PRUNED]
    with pytest.raises(optuna.TrialPruned, match="small has no more architectures"):
        suggest_architecture(study.ask(), space)


def test_the_example_of_the_page_runs(tmp_path):
    assert "|nor_conv_3x3~0|" in run_example("Optuna", tmp_path)
    assert len(optuna.load_study(study_name="cells", storage=f"sqlite:///{tmp_path}/search.db").trials) == 30
