"""The learning curves of a search."""

from archflow.search.learning_curves import LearningCurves
from archflow.search.stopping.base import StoppingRule
from archflow.search.workers.base import Finished


class Seen(StoppingRule):
    """Remembers what it was shown, and stops everything."""

    def stops(self, curve, others, epochs):
        self.shown = dict(curve), sorted(map(dict, others), key=str), list(epochs)
        return True


def under_way(number: int, begin: float, epochs: int, **metrics: float) -> Finished:
    return Finished(number, worker=0, begin=begin, epochs=epochs, metrics=metrics)


def test_only_what_was_known_at_that_time_counts():
    curves, rule = LearningCurves("-loss", (1, 2, 3), simulated=True), Seen()
    curves.replace(0, 0.0, [(1, {"loss": 4.0, "seconds": 5.0}), (2, {"loss": 3.0, "seconds": 10.0})])
    curves.replace(1, 20.0, [(1, {"loss": 1.0, "seconds": 5.0})])
    assert curves.stops(rule, under_way(2, 2.0, 1, loss=2.0, seconds=5.0))
    assert rule.shown == ({1: -2.0}, [{1: -4.0}], [1, 2, 3])
    assert curves.stops(rule, under_way(2, 2.0, 2, loss=1.5, seconds=30.0))
    assert rule.shown == ({1: -2.0, 2: -1.5}, [{1: -1.0}, {1: -4.0, 2: -3.0}], [1, 2, 3])


def test_nothing_is_stopped_at_its_last_epoch():
    curves, rule = LearningCurves("accuracy", (), simulated=False), Seen()
    assert not curves.stops(rule, under_way(0, 0.0, 4, accuracy=1.0))
    assert curves.epochs == [4]
    assert curves.stops(rule, under_way(1, 0.0, 2, accuracy=1.0))
    assert curves.epochs == [2, 4]


def test_a_curve_is_replaced_by_what_was_kept():
    curves = LearningCurves("accuracy", (), simulated=False)
    curves.add(0, 0.0, 1, {"accuracy": 0.5})
    curves.replace(0, 0.0, [])
    assert list(curves.epochs) == []
