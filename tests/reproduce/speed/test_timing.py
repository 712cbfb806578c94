"""Times are the fastest and the median of their passes; a roof is the best rate over all shapes and tries."""

import pytest
import torch

from archflow_reproduce.speed.timing import Roof, Times, copy_gbs, timed
from tests.reproduce.speed.clocks import Manual, Ticking


def test_the_times_are_over_the_passes_behind_the_first():
    clock, lasting = Manual(), iter([100.0, 3.0, 1.0, 8.0])
    assert timed(lambda: clock.wait(next(lasting)), 3, clock=clock) == Times(1.0, 3.0)


def test_what_is_done_between_the_passes_does_not_count():
    clock, between = Manual(), []

    def sample() -> None:
        between.append(clock.now)
        clock.wait(50.0)

    assert timed(lambda: clock.wait(1.0), 4, between=sample, clock=clock) == Times(1.0, 1.0)
    assert between == [1, 52, 103, 154]


def test_times_are_kept_with_a_unit():
    assert Times(0.0012345, 0.5).rounded(1e3, 2) == {"min": 1.23, "median": 500.0}


def test_the_roof_is_the_best_of_all_shapes():
    roof = Roof((100, 30, 70), clock=Ticking(0.25), large=64)
    assert roof.shapes == [(100, 30, 70), (70, 30, 100), (128, 64, 128), (64, 64, 64)]
    roof.sample()
    assert roof.own == pytest.approx(2e-9 * 100 * 30 * 70 / 0.25)
    assert roof.gflops == pytest.approx(2e-9 * 128 * 64 * 128 / 0.25)


def test_the_roof_only_rises():
    clock = Ticking(4.0)
    roof = Roof((64, 64, 64), clock=clock, large=64)
    assert roof.shapes == [(64, 64, 64)]
    rates = []
    for clock.tick in (4.0, 1.0, 2.0):
        roof.sample()
        rates.append(roof.gflops)
    assert rates == [pytest.approx(2e-9 * 64**3 / seconds) for seconds in (4.0, 1.0, 1.0)]


def test_the_best_try_of_a_copy_counts(monkeypatch: pytest.MonkeyPatch):
    clock, lasting = Manual(), iter([9.0, 4.0, 2.0, 3.0])
    copy = torch.Tensor.copy_

    def slow(target: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        clock.wait(next(lasting))
        return copy(target, source)

    monkeypatch.setattr(torch.Tensor, "copy_", slow)
    assert copy_gbs(1000, tries=3, clock=clock) == pytest.approx(8e-9 * 1000 / 2.0)
