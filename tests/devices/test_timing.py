"""Timing with a clock of our own: time passes only when the call says so."""

import pytest

from archflow.devices.timing import Protocol, timed
from archflow.errors import ArchflowError

SHORT = Protocol(warm_up=2, runs=20, seconds=100.0, stable=0.01, agree=0.05, passes=4)


class Machine:
    """A clock, and a call that takes as long as `takes` says for its number."""

    def __init__(self, takes):
        self.now, self.calls, self.takes = 0.0, 0, takes

    def clock(self):
        return self.now

    def call(self):
        self.now += self.takes(self.calls)
        self.calls += 1


def test_a_steady_call_ends_at_the_first_look():
    machine = Machine(lambda _: 0.004)
    timing = timed(machine.call, SHORT, machine.clock)
    assert (timing.median, timing.low, timing.high) == pytest.approx((4.0, 4.0, 4.0))
    assert (timing.runs, timing.passes) == (40, 2)
    assert machine.calls == 2 * (2 + 20)


def test_warm_up_does_not_count():
    machine = Machine(lambda number: 9.0 if number % 22 < 2 else 0.004)
    assert timed(machine.call, SHORT, machine.clock).high == pytest.approx(4.0)


def test_an_unstable_call_runs_until_the_median_is_known():
    spread = (0.8, 0.9, 0.95, 1.0, 1.0, 1.05, 1.1, 1.2)
    machine = Machine(lambda number: 0.004 * spread[number % 8])
    timing = timed(machine.call, SHORT, machine.clock)
    assert timing.runs > 40
    assert timing.low < timing.median < timing.high
    assert timing.median == pytest.approx(4.0, rel=0.02)


def test_the_time_limit_ends_a_pass_and_three_runs_take_place():
    machine = Machine(lambda _: 60.0)
    assert timed(machine.call, Protocol(warm_up=0, seconds=1.0), machine.clock).runs == 6
    machine = Machine(lambda number: (1.0, 2.0)[number % 2])
    assert timed(machine.call, Protocol(warm_up=0, seconds=9.0), machine.clock).runs == 12


def test_a_disturbed_pass_is_measured_again():
    machine = Machine(lambda number: 0.008 if number < 22 else 0.004)
    timing = timed(machine.call, SHORT, machine.clock)
    assert (timing.median, timing.passes, timing.runs) == (pytest.approx(4.0), 3, 40)


def test_a_machine_that_never_rests_is_refused():
    machine = Machine(lambda number: 0.001 * 2 ** (number // 22))
    with pytest.raises(ArchflowError, match="no two of 4 passes in a row agree within 5%, the last two differ by 100%"):
        timed(machine.call, SHORT, machine.clock)
    assert machine.calls == 4 * 22


def test_a_clock_that_stands_still_is_refused():
    with pytest.raises(ArchflowError, match="agree"):
        timed(lambda: None, SHORT, lambda: 0.0)


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"seconds": 0.0}, {"agree": 2.0}, {"passes": 1}, {"runs": 2}])
def test_a_protocol_has_bounds(wrong):
    with pytest.raises(ArchflowError, match=f"Protocol: {next(iter(wrong))} must be"):
        Protocol(**wrong)


def test_runs_between_disturbances_do_not_count():
    machine = Machine(lambda number: 0.008 if number % 3 == 0 else 0.004)
    slow = lambda: machine.calls % 3 == 1  # noqa: E731  # behind every slow run
    timing = timed(machine.call, SHORT, machine.clock, slow)
    assert (timing.high, timing.runs) == (pytest.approx(4.0), 40)


def test_a_machine_that_is_always_disturbed_is_refused():
    machine = Machine(lambda _: 0.1)
    with pytest.raises(ArchflowError, match="only 0 of 1001 runs are undisturbed"):
        timed(machine.call, SHORT, machine.clock, lambda: True)
