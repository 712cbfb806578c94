import json
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from tests.search.adapters.by_hand import METHODS, SIZE, by_hand, loss, small
from tests.search.adapters.cells import run_example

syne_tune = pytest.importorskip("syne_tune", reason="the extra syne-tune is not installed")

import dill  # noqa: E402
from syne_tune.backend.trial_status import Trial  # noqa: E402
from syne_tune.config_space import config_space_size, config_space_to_json_dict  # noqa: E402
from syne_tune.optimizer.schedulers.ask_tell_scheduler import AskTellScheduler  # noqa: E402
from syne_tune.optimizer.schedulers.single_fidelity_scheduler import SingleFidelityScheduler  # noqa: E402
from syne_tune.optimizer.schedulers.single_objective_scheduler import SingleObjectiveScheduler  # noqa: E402

from archflow.search.adapters.syne_tune import ArchflowSearcher, NativeString  # noqa: E402


def searching(method="regularized_evolution", space=None, **more) -> ArchflowSearcher:
    return ArchflowSearcher(space or small(), method, **{"seed": 1, **more})


def scheduler(searcher: ArchflowSearcher, do_minimize=True, **constants) -> SingleObjectiveScheduler:
    space = {**searcher.config_space, **constants}
    return SingleObjectiveScheduler(space, "loss", do_minimize=do_minimize, searcher=searcher, random_seed=0)


def run(asker: AskTellScheduler, total: int, sign: float = 1.0) -> list[str]:
    """Native strings in the order of asking."""
    natives = []
    for _ in range(total):
        trial = asker.ask()
        natives.append(trial.config["architecture"])
        asker.tell(trial, {"loss": sign * loss(small().parse(natives[-1]))})
    return natives


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize("do_minimize", [True, False])
def test_a_scheduler_asks_for_what_archflow_asks_for(method, do_minimize):
    asker = AskTellScheduler(scheduler(searching(method), do_minimize))
    assert run(asker, 16, 1.0 if do_minimize else -1.0) == by_hand(method, 16)


@pytest.mark.parametrize("method", ["regularized_evolution", "local_search"])
def test_a_stored_scheduler_goes_on_as_the_undisturbed_one(method):
    asker = AskTellScheduler(scheduler(searching(method)))
    first = run(asker, 9)
    stored = dill.loads(dill.dumps(asker))
    assert first + run(stored, 7) == by_hand(method, 16)


def test_constants_are_handed_on_and_metadata_is_json():
    made = scheduler(searching(), epochs=3)
    assert made.suggest().config["epochs"] == 3
    assert json.loads(made.metadata()["config_space"])["architecture"]["domain_kwargs"] == {"space": "small"}


def test_results_before_the_last_are_not_learnt_from():
    searcher = searching()
    made = scheduler(searcher)
    trial = Trial(0, made.suggest().config, None)
    for value in (5.0, 4.0):
        assert made.on_trial_result(trial, {"loss": value}) == "CONTINUE"
    made.suggest()
    assert searcher._follower._searcher.history.done == []
    made.on_trial_complete(trial, {"loss": 4.0})
    made.suggest()
    assert searcher._follower._searcher.history.trials[0].metrics == {"value 0": 4.0}


@pytest.mark.parametrize("reported", [True, False])
def test_what_fails_is_not_asked_for_again(reported):
    searcher = searching()
    made = scheduler(searcher)
    trials = [Trial(number, made.suggest().config, None) for number in range(3)]
    if reported:
        made.on_trial_result(trials[1], {"loss": 1.0})
    made.on_trial_error(trials[1])
    made.on_trial_complete(trials[2], {"loss": float("nan")})
    made.suggest()
    states = [trial.state for trial in searcher._follower._searcher.history.trials]
    assert states == ["pending", "failed", "failed", "pending"]


def test_the_end_of_the_space_is_the_end():
    made = scheduler(searching("random"))
    natives = [made.suggest().config["architecture"] for _ in range(SIZE)]
    assert len(set(natives)) == SIZE
    assert made.suggest() is None


def test_several_objectives():
    searcher = searching("nsga2", objectives=2)
    made = SingleFidelityScheduler(searcher.config_space, ["loss", "size"], searcher=searcher)
    for number in range(8):
        trial = Trial(number, made.suggest().config, None)
        size = len(trial.config["architecture"])
        made.on_trial_complete(trial, {"loss": 1.0 * number, "size": 1.0 * size})
    made.suggest()
    assert searcher._follower._searcher.history.rising.shape == (8, 2)


def test_points_come_first():
    space = small()
    points = [{"architecture": space.format(each)} for each in space.sample(2, np.random.default_rng(0))]
    made = scheduler(searching(points_to_evaluate=points))
    asked = [made.suggest().config for _ in range(6)]
    assert asked[:2] == points
    assert len({each["architecture"] for each in asked}) == 6


def test_trials_of_an_earlier_experiment_are_taken():
    space, searcher = small(), searching("random")
    native = space.format(space.sample(1, np.random.default_rng(0))[0])
    searcher.on_trial_complete(77, {"architecture": native}, 1.0)
    asked = [searcher.suggest()["architecture"] for _ in range(SIZE - 1)]
    assert native not in asked
    assert searcher.suggest() is None


@given(st.lists(st.sampled_from(["ask", "first", "last", "fail"]), max_size=25), st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_no_architecture_is_asked_for_twice(steps, seed):
    made, pending, natives = scheduler(searching(seed=seed)), [], []
    for number, step in enumerate(steps):
        if step == "ask" or not pending:
            pending.append(Trial(len(natives), made.suggest().config, None))
            natives.append(pending[-1].config["architecture"])
            continue
        trial = pending.pop(-1 if step == "last" else 0)
        if step == "fail":
            made.on_trial_error(trial)
        else:
            made.on_trial_complete(trial, {"loss": float(number)})
    assert len(set(natives)) == len(natives)


@pytest.mark.parametrize("space", ["nasbench201", "darts", "nats_size"])
def test_native_strings_are_a_domain(space):
    domain = NativeString(space)
    drawn = domain.sample(size=3, random_state=np.random.RandomState(0))
    assert drawn == domain.sample(size=3, random_state=np.random.RandomState(0))
    assert domain.sample(random_state=np.random.RandomState(0)) == domain.sample(random_state=np.random.RandomState(0))
    for native in drawn:
        assert domain.is_valid(native)
        assert domain.cast(native) == native == domain.match_string(native)
    assert not domain.is_valid("no architecture")
    assert not domain.is_valid(3)
    assert domain == NativeString(space)
    assert domain != NativeString("nasbench101")
    json.dumps(config_space_to_json_dict({"architecture": domain}))
    config_space_size({"architecture": domain})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nasbench21",), "did you mean 'nasbench201'"),
        (("nasbench201", "regularised_evolution"), "did you mean 'regularized_evolution'"),
        (("nasbench201", "random", 0, 0), "objectives must be a whole number"),
        (("nasbench201", "random", 0, 1, [{"lr": 1}]), "point 0 has no 'architecture' but lr"),
        (("nasbench201", "random", 0, 1, [{"architecture": "a"}]), "point 0 is not of the space nasbench201"),
    ],
)
def test_what_cannot_be_searched_is_one_line(arguments, said):
    with pytest.raises(ArchflowError, match=said) as caught:
        ArchflowSearcher(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "metrics", "said"),
    [
        ({"lr": 0.1}, 1.0, "trial 3 has no 'architecture' but lr"),
        ({"architecture": "input,conv,output"}, 1.0, "trial 3 is not of the space small"),
        ({"architecture": None}, [1.0, 2.0], "trial 3 has 2 metrics, not 1"),
    ],
)
def test_results_of_another_space_are_one_line(config, metrics, said):
    with pytest.raises(ArchflowError, match=said) as caught:
        searching().on_trial_complete(3, config, metrics)
    assert "\n" not in str(caught.value)


def test_a_table_is_searched_in_simulated_time(tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("huggingface_hub", reason="Syne Tune's tables need huggingface_hub")
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
    from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
    from syne_tune.blackbox_repository.simulated_tabular_backend import UserBlackboxBackend
    from syne_tune.config_space import choice, randint

    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    space = small()
    natives = [space.format(each) for each in space.enumerate()]
    measured = np.array([[loss(each), 10.0] for each in space.enumerate()])[:, None, None]
    table = BlackboxTabular(
        pandas.DataFrame({"architecture": natives, "channels": 16}),  # with one column Syne Tune finds no row
        {"architecture": choice(natives), "channels": choice([16])},
        {"epoch": randint(1, 1)},
        measured,
        objectives_names=["loss", "seconds"],
    )
    searcher = searching(partial(RegularizedEvolution, population=4, tournament=2))
    tuner = Tuner(
        UserBlackboxBackend(table, elapsed_time_attr="seconds"),
        scheduler(searcher, channels=16),
        StoppingCriterion(max_num_trials_finished=20),
        n_workers=3,
        sleep_time=0,
        callbacks=[SimulatorCallback()],
        save_tuner=False,
    )
    tuner.run()
    history = searcher._follower._searcher.history
    assert len(history.done) >= 17
    assert -history.fitness.max() == tuner.tuning_status.overall_metric_statistics.min_metrics["loss"]


def test_scripts_are_run(tmp_path, monkeypatch):
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend import LocalBackend

    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    script = tmp_path / "script.py"
    script.write_text(
        "import argparse, json\n"
        "from syne_tune import Reporter\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--st_config_json_filename')\n"
        "with open(parser.parse_known_args()[0].st_config_json_filename) as file:\n"
        "    Reporter()(loss=-json.load(file)['architecture'].count('conv'))\n"
    )
    searcher = searching("random", "nasbench201")
    tuner = Tuner(
        LocalBackend(str(script), pass_args_as_json=True),
        scheduler(searcher),
        StoppingCriterion(max_num_trials_finished=2),
        n_workers=1,
        sleep_time=0.1,
        save_tuner=False,
    )
    monkeypatch.setattr(sys, "argv", ["test"])
    tuner.run()
    results = {each.native: each.values for each in searcher._trials if each.values is not None}
    assert len(results) >= 2
    assert all(values == (-float(native.count("conv")),) for native, values in results.items())


def test_the_example_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    run_example("Syne Tune", tmp_path)
