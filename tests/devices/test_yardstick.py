import numpy as np

from archflow.devices.yardstick import Yardstick, loop, quiet_runs


class Machine:
    """A clock that a piece of work moves on, faster or slower."""

    def __init__(self, times):
        self.now, self.times = 0.0, iter(times)

    def __call__(self):
        return self.now

    def work(self):
        self.now += next(self.times)


def looks(times):
    machine = Machine(each for each in times for _ in range(2))  # the better of two attempts counts
    yardstick = Yardstick(0.3, machine.work, machine)
    return [yardstick.disturbed() for _ in times], yardstick


def test_a_core_is_disturbed_while_the_work_takes_longer_than_usual():
    found, _ = looks([1.0, 1.2, 1.9, 1.0, 2.0])
    assert found == [False, False, True, False, True]


def test_a_single_lucky_look_decides_nothing():
    found, yardstick = looks([1.0] * 30 + [0.1] + [1.0] * 10)
    assert yardstick.usual == 1.0
    assert not any(found[:30] + found[-9:])


def test_runs_count_if_nothing_disturbs_before_and_behind_them():
    states = iter([False, False, True, False, False, False])
    clock = Machine(iter(np.arange(1.0, 20)))
    runs = quiet_runs(clock.work, lambda: next(states), runs=2, seconds=100, clock=clock)
    # The first counts, the second is disturbed behind, the third counts.
    np.testing.assert_array_equal(runs, [1.0, 3.0])


def test_trying_ends():
    clock = Machine(iter(np.ones(100)))

    def disturbed():
        clock.work()
        return True

    assert len(quiet_runs(clock.work, disturbed, runs=2, seconds=10, clock=clock)) == 0
    assert clock.now == 10


def test_the_loop_ends():
    loop()


def test_every_core_of_the_thread_is_looked_at(monkeypatch):
    moved = []
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {2, 5}, raising=False)
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: moved.append(list(cores)), raising=False)
    states = iter([False, True])
    yardstick = Yardstick()
    monkeypatch.setattr(yardstick, "disturbed", lambda: next(states))
    assert yardstick.disturbed_anywhere()
    assert moved == [[2], [5], [2, 5]]
