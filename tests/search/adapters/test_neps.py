import logging
import subprocess
import sys
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.search.methods.regularized_evolution import RegularizedEvolution
from tests.search.adapters.by_hand import METHODS, SIZE, by_hand, loss, small
from tests.search.adapters.cells import run_example

neps = pytest.importorskip("neps", reason="the extra neps is not installed")

from neps.state import Trial  # noqa: E402

from archflow.search.adapters.neps import ArchflowOptimizer  # noqa: E402

NATIVE = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
OTHER = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def search(method="regularized_evolution", **more) -> ArchflowOptimizer:
    return ArchflowOptimizer(small(), method, **{"seed": 1, **more})


def run(found: ArchflowOptimizer, folder, total: int, measure=loss, **more) -> list[str]:
    """Native strings in the order of asking."""
    logging.getLogger("neps").setLevel(logging.ERROR)
    neps.run(
        found.pipeline(measure),
        found.pipeline_space,
        optimizer=found.custom,
        root_directory=folder,
        total_evaluations_to_spend=total,
        **more,
    )
    return [trials_of(folder)[str(number + 1)].config["architecture"] for number in range(total)]


def trials_of(folder) -> dict[str, Trial]:
    from neps.state import NePSState

    return NePSState.create_or_load(folder, load_only=True).lock_and_read_trials()


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_run_asks_for_what_archflow_asks_for(method, tmp_path):
    assert run(search(method), tmp_path / "run", 16) == by_hand(method, 16)


@pytest.mark.parametrize("method", ["regularized_evolution", "local_search"])
def test_a_run_that_is_resumed_asks_for_what_the_undisturbed_one_does(method, tmp_path):
    run(search(method), tmp_path / "run", 9)
    assert run(search(method), tmp_path / "run", 16) == by_hand(method, 16)


def test_processes_that_share_a_folder_search_together(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import neps\n"
        "from archflow.search.adapters.neps import ArchflowOptimizer\n"
        "search = ArchflowOptimizer('nasbench201', 'regularized_evolution', seed=1)\n"
        "more = {'root_directory': 'run', 'total_evaluations_to_spend': 12, 'optimizer': search.custom}\n"
        "neps.run(search.pipeline(lambda cell: float(len(cell.ops))), search.pipeline_space, **more)\n"
    )
    workers = [subprocess.Popen([sys.executable, "-W", "ignore", script], cwd=tmp_path) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    natives = [trial.config["architecture"] for trial in trials_of(tmp_path / "run").values()]
    assert len(set(natives)) == len(natives) >= 12


def test_a_front_is_searched(tmp_path):
    found = search("nsga2", objectives=2)
    run(found, tmp_path / "run", 8, lambda each: {"objective_to_minimize": [loss(each), float(len(each.ops))]})
    found(trials_of(tmp_path / "run"), None)
    assert found._follower._searcher.history.rising.shape == (8, 2)


def test_other_settings_are_not_resumed(tmp_path):
    run(search(seed=1), tmp_path / "run", 2)
    with pytest.raises(neps.exceptions.NePSError, match="optimizer"):
        run(search(seed=2), tmp_path / "run", 3)


def test_what_crashes_is_a_failure_and_the_run_goes_on(tmp_path):
    def measure(architecture):
        if architecture.hash in crashed:
            raise RuntimeError("no memory")
        return loss(architecture)

    space = small()
    crashed = {space.parse(native).hash for native in by_hand("random", 8)[::2]}
    natives = run(search("random"), tmp_path / "run", 8, measure, ignore_errors=True, objective_value_on_error=0.0)
    assert len(set(natives)) == 8
    found = search("random")
    found(trials_of(tmp_path / "run"), None)
    states = [trial.state for trial in found._follower._searcher.history.trials[:8]]
    assert states == ["failed", "done"] * 4


def test_a_batch_is_of_different_architectures_and_none_is_asked_for_twice():
    asker = neps.AskAndTell(search())
    one, other = asker.ask(n=4), asker.ask(n=3)
    assert [trial.id for trial in [*one, *other]] == ["1", "2", "3", "4", "5", "6", "7"]
    assert len({trial.config["architecture"] for trial in [*one, *other]}) == 7


def test_a_space_without_more_is_said():
    asker = neps.AskAndTell(search("random"))
    assert len(asker.ask(n=SIZE + 5)) == SIZE
    with pytest.raises(ArchflowError, match="has no more architectures"):
        asker.ask()


def test_results_are_learnt_in_the_order_in_which_they_came_back():
    asker = neps.AskAndTell(search())
    first, second = asker.ask(), asker.ask()
    asker.tell(second, 2.0, time_end=10.0)
    asker.tell(first, 1.0, time_end=20.0)
    asker.ask()
    assert asker.optimizer._follower._searcher.history.done == [1, 0]


def test_a_value_that_is_no_number_is_a_failure():
    asker = neps.AskAndTell(search())
    asker.tell(asker.ask(), float("nan"))
    asker.ask()
    assert asker.optimizer._follower._searcher.history.trials[0].state == "failed"


def test_several_objectives_and_a_constraint():
    found = search("nsga2", objectives=2, constraint="too large")
    asker = neps.AskAndTell(found)
    for number in range(12):
        trial = asker.ask()
        size = len(found.space.parse(trial.config["architecture"]).ops)
        extra = {"objective_to_minimize": [1.0, float(size)], "info_dict": {"too large": number - 6}}
        asker.tell(trial, extra)
    asker.ask()
    history = found._follower._searcher.history
    assert history.rising.shape == (12, 2)
    assert (history.violation > 0).sum() == 5


def test_trials_from_elsewhere_are_refused(tmp_path):
    found = search()
    known = [({"architecture": by_hand("random", 1)[0]}, {"objective_to_minimize": 1.0})]
    with pytest.raises(ArchflowError, match="loses the architectures"):
        neps.import_trials(known, tmp_path / "run", found.pipeline_space, optimizer=found.custom)


@given(st.lists(st.sampled_from(["ask", "first", "last", "fail"]), max_size=25), st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_no_architecture_is_asked_for_twice(steps, seed):
    asker = neps.AskAndTell(search("regularized_evolution", seed=seed))
    pending = []
    for number, step in enumerate(steps):
        if step == "ask" or not pending:
            pending.append(asker.ask())
            continue
        trial = pending.pop(-1 if step == "last" else 0)
        asker.tell(trial, RuntimeError("no") if step == "fail" else float(number), time_end=float(number))
    natives = [trial.config["architecture"] for trial in asker.trials.values()]
    assert len(set(natives)) == len(natives)


def test_a_function_of_ones_own_is_given_the_native_string(tmp_path):
    seen = []

    def evaluate(architecture, origin):
        seen.append((architecture, origin))
        return 1.0

    found = ArchflowOptimizer("nasbench201", partial(RegularizedEvolution, population=4), seed=1)
    more = {"root_directory": tmp_path / "run", "total_evaluations_to_spend": 2}
    neps.run(evaluate, found.pipeline_space, optimizer=found.custom, **more)
    assert [origin for _, origin in seen] == ["random", "random"]
    assert all(len(found.space.parse(native).ops) > 2 for native, _ in seen)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nasbench21",), "did you mean 'nasbench201'"),
        (("nasbench201", "regularised_evolution"), "did you mean 'regularized_evolution'"),
        (("nasbench201", "random", 0, 0), "objectives must be a whole number"),
    ],
)
def test_unknown_names_are_one_line(arguments, said):
    with pytest.raises(ArchflowError, match=said):
        ArchflowOptimizer(*arguments)


@pytest.mark.parametrize(
    ("config", "result", "said"),
    [
        ({"lr": 0.1}, 1.0, "trial 1 has no 'architecture' but lr"),
        ({"architecture": "input,conv,output"}, 1.0, "trial 1 is not of the space nasbench201"),
        ({"architecture": NATIVE}, [1.0, 2.0], "trial 1 has 2 values to minimise, not 1"),
        ({"architecture": NATIVE}, 1.0, "trial 1 has no constraint 'latency'"),
    ],
)
def test_a_foreign_history_is_one_line(config, result, said):
    asker = neps.AskAndTell(
        ArchflowOptimizer("nasbench201", "random", constraint="latency" if "constraint" in said else None)
    )
    asker.tell_custom(config_id="1", config=config, result={"objective_to_minimize": result})
    with pytest.raises(ArchflowError, match=said) as caught:
        asker.ask()
    assert "\n" not in str(caught.value)


def test_a_method_for_one_objective_refuses_several():
    with pytest.raises(ArchflowError, match="takes one objective"):
        neps.AskAndTell(search("regularized_evolution", objectives=2)).ask()


def test_names_of_trials_by_other_optimizers_are_ordered_by_their_numbers():
    asker = neps.AskAndTell(ArchflowOptimizer("nasbench201", "random"))
    for name, native in (("10_rung_0", NATIVE), ("9_rung_1", OTHER)):
        asker.tell_custom(config_id=name, config={"architecture": native}, result=1.0)
    assert asker.ask().id == "11"
    history = asker.optimizer._follower._searcher.history
    assert [history.problem.space.format(each) for each in history.architectures][:2] == [OTHER, NATIVE]


def test_the_example_of_the_page_runs(tmp_path):
    run_example("NePS", tmp_path)
