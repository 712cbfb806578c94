"""A method follows trials: whatever it kept from before, it proposes what a new one would."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.search.adapters.follower import Follower, Known
from archflow.search.base import SEARCHERS, Searcher
from archflow.search.methods.random_search import RandomSearch
from archflow.search.problem import Problem
from archflow.spaces import NATSSize
from tests.search.adapters.cells import NATIVE, SPACE, convolutions, evolution, small_space

OTHER = NATIVE.replace("skip_connect", "none")


def follower(method=evolution, seed=1):
    return Follower(SPACE, method, seed)


def measured(native, *values, ended=1.0, **more):
    return Known("trial", native, values=values, ended=ended, **more)


def proposed(searched, trials, rising=(True,)):
    proposal = searched.ask(rising, False, trials)
    return Known(f"trial {len(trials)}", proposal.native, proposal.origin)


def result(known, ended):
    return measured(known.native, convolutions(SPACE.parse(known.native)), origin=known.origin, ended=ended)


@pytest.mark.parametrize("method", [evolution, "random", "local_search"])
def test_it_searches_as_the_method_alone_does(method):
    problem = Problem(SPACE, "value")
    alone = SEARCHERS.get(method)(problem, 1) if isinstance(method, str) else method(problem, 1)
    searched, trials = follower(method), []
    for step in range(20):
        asked = alone.ask()
        alone.tell(asked, [convolutions(asked[0])])
        searched = searched if step % 3 else follower(method)
        trials.append(result(proposed(searched, trials), step + 1.0))
    assert [each.native for each in trials] == [SPACE.format(each) for each in alone.history.architectures]
    assert [each.origin for each in trials] == [each.origin for each in alone.history.trials]


@given(st.lists(st.integers(0, 9), min_size=4, max_size=16))
def test_what_it_kept_changes_nothing(steps):
    """A number over 6 asks for one more; any other ends the pending trial of that place, 0 as a failure."""
    kept, trials = follower(), []
    for ended, step in enumerate(steps, 1):
        pending = [place for place, each in enumerate(trials) if each.is_pending]
        if step > 6 or not pending:
            trials.append(proposed(kept, trials))
            assert trials[-1] == proposed(follower(), trials[:-1])
        else:
            place = pending[step % len(pending)]
            known = trials[place]
            failed = Known(known.name, known.native, known.origin, failure="failed", ended=ended)
            trials[place] = failed if step == 0 else result(known, ended)
    natives = [each.native for each in trials]
    assert len(set(natives)) == len(natives)


def test_trials_of_another_study_replace_what_it_kept():
    kept = follower()
    for trials in ([], [measured(NATIVE, 1.0)], [measured(NATIVE, 2.0)], [measured(OTHER, 1.0)], []):
        assert proposed(kept, trials) == proposed(follower(), trials)


class Recorded(RandomSearch):
    """A method whose latest searcher is known."""

    latest: Searcher

    def __init__(self, problem, seed=0):
        super().__init__(problem, seed)
        type(self).latest = self


def test_of_several_trials_of_an_architecture_the_measured_one_counts():
    trials = [Known("trial 0", NATIVE, failure="failed", ended=1), Known("trial 1", NATIVE), measured(NATIVE, 3.0)]
    searched = follower(Recorded)
    states = []
    for count in (1, 2, 3):
        searched.ask([True], False, trials[:count])
        states.append(Recorded.latest.history.trials[0].state)
    assert states == ["failed", "pending", "done"]
    assert [each.metrics for each in Recorded.latest.history.trials[:1]] == [{"value 0": 3}]


def test_directions_and_the_constraint_reach_the_method():
    trials = [measured(NATIVE, 3.0, 5.0, 0.5), measured(OTHER, 2.0, 5.0, 0.0)]
    follower(RecordedForSeveral).ask([False, True], True, trials)
    history = RecordedForSeveral.latest.history
    assert history.rising.tolist() == [[-3, 5], [-2, 5]]
    assert history.violation.tolist() == [0.5, 0]


class RecordedForSeveral(Recorded):
    takes_several = True


def test_a_value_that_is_not_finite_is_a_failure():
    follower(Recorded).ask([True], False, [measured(NATIVE, np.inf)])
    assert Recorded.latest.history.trials[0].failure == "value 0 is inf"


def test_a_space_that_has_no_more_says_so():
    space = small_space(3)
    searched, trials = Follower(space, "random"), []
    for _ in range(3):
        trials.append(proposed(searched, trials))
    assert {each.native for each in trials} == {space.format(each) for each in space.enumerate()}
    assert searched.ask([True], False, trials) is None


def test_pickled_it_is_its_settings():
    searched = follower()
    trials = [result(proposed(searched, []), 1.0)]
    before = len(pickle.dumps(follower()))
    assert len(pickle.dumps(searched)) == before
    assert proposed(pickle.loads(pickle.dumps(searched)), trials) == proposed(searched, trials)


FOREIGN = NATSSize().format(NATSSize().sample(1, np.random.default_rng(0))[0])


@pytest.mark.parametrize("native", [FOREIGN, "", 3, None])
def test_a_measured_trial_of_another_space_is_refused(native):
    with pytest.raises(ArchflowError, match=r"^trial is not of the space nasbench201: .*") as raised:
        follower().ask([True], False, [measured(native, 1.0)])
    assert "\n" not in str(raised.value)
    for left_out in (Known("trial", native), Known("trial", native, failure="failed")):
        assert proposed(follower(), [left_out]).native == proposed(follower(), []).native


def test_unknown_names_are_said_with_the_nearest():
    with pytest.raises(ArchflowError, match="no search space is called 'nasbench20'; did you mean 'nasbench201'"):
        Follower("nasbench20")
    with pytest.raises(ArchflowError, match="no search method is called 'randum'; did you mean 'random'"):
        Follower("nasbench201", "randum")


@pytest.mark.parametrize("seed", [-1, 0.5, None, "1"])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ArchflowError, match="seed"):
        follower(seed=seed)


def test_a_method_for_one_objective_refuses_two():
    with pytest.raises(ArchflowError, match="takes one objective"):
        follower().ask([True, False], False, [])
