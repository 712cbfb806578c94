from archflow.search.methods.local_search import LocalSearch
from archflow.testing.searcher import SearcherContract


class TestLocalSearch(SearcherContract):
    def searcher(self, problem, seed=0):
        return LocalSearch(problem, seed, initial=4)


class TestWholeNeighbourhood(SearcherContract):
    def searcher(self, problem, seed=0):
        return LocalSearch(problem, seed, initial=4, whole=True)


def searched(whole: bool, budget: int = 60) -> LocalSearch:
    case = TestLocalSearch()
    searcher = LocalSearch(case.large(), 1, initial=4, whole=whole)
    case.run(searcher, budget, 1)
    return searcher


def test_the_first_better_neighbour_is_moved_to():
    searcher = searched(whole=False)
    values = {trial.number: trial.metrics["score"] for trial in searcher.history.trials}
    centre = max(range(4), key=values.get)
    for trial in searcher.history.trials[4:]:
        if trial.origin.startswith("start"):
            break
        assert trial.origin == f"neighbour of {centre}"
        if values[trial.number] > values[centre]:
            centre = trial.number


def test_all_neighbours_are_measured_before_a_move():
    searcher = searched(whole=True)
    first = searcher.history.trials[4].origin
    space = searcher.space
    around = space.neighbours(searcher.history.architecture(int(first.removeprefix("neighbour of "))))
    count = len(set(space.keys(around)) - {trial.key for trial in searcher.history.trials[:4]})
    assert [trial.origin for trial in searcher.history.trials[4 : 4 + count]] == [first] * count
    assert searcher.history.trials[4 + count].origin != first


def test_it_starts_again_where_no_neighbour_is_better():
    searcher = searched(whole=False, budget=150)
    starts = [trial.origin for trial in searcher.history.trials if trial.origin.startswith("start")]
    assert starts[:8] == ["start 0"] * 4 + ["start 1"] * 4
