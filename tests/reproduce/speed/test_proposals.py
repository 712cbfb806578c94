"""Proposals a second: every search is run to its end, and its time is that of the clock."""

import pytest

from archflow_reproduce.results.speed_report import _proposals
from archflow_reproduce.speed import proposals
from tests.reproduce.speed.clocks import Ticking


def test_times_are_of_whole_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "COUNT", 12)
    monkeypatch.setattr(proposals, "BATCHES", (5,))
    monkeypatch.setattr(proposals, "SPACE_NAMES", ("nasbench201",))
    result = proposals.run_speed_proposals(Ticking(0.5))
    assert result["count"] == 12
    assert set(result["seconds"]["nasbench201"]) == set(proposals.METHODS)
    (line,) = _proposals(result)
    assert line.startswith("proposals per second in nasbench201, including reporting results, of 12: ")
    assert ": `random` 24 (24) in batches of 5; `reg" in line
