"""A few inputs of every surface of `python -m tests.fuzz`, and what it makes of faults."""

import time
from pathlib import Path

import numpy as np
import pytest

from archflow.errors import ArchflowError
from tests.fuzz import SURFACES
from tests.fuzz.run import Outcome, one_input, report

INPUTS = 12


@pytest.mark.parametrize("name", SURFACES)
def test_damaged_inputs_are_taken_or_refused_in_one_line(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [])
    attempt = SURFACES[name](tmp_path)
    for number in range(INPUTS):
        fault, _ = one_input(attempt, np.random.default_rng([0, number]))
        assert fault is None, f"input {number}: {fault}"


def test_faults_are_found_and_reported() -> None:
    def attempt(random: np.random.Generator) -> None:
        kind = random.integers(4)
        if kind == 0:
            raise ArchflowError("one line")
        if kind == 1:
            raise ArchflowError("")
        if kind == 2:
            raise KeyError("ops")

    outcome = Outcome()
    for number in range(40):
        outcome.add(number, *one_input(attempt, np.random.default_rng(number)))
    assert outcome.inputs == 40
    assert sorted(fault.split()[0] for fault in outcome.faults) == ["KeyError", "a"]
    faults = sum(map(len, outcome.faults.values()))
    assert 0 < outcome.refused < 40 - faults + len(outcome.faults["a message of no or several lines"])
    text = report({"mine": outcome}, 7, time.monotonic())
    assert "FAULT mine: a message of no or several lines" in text
    assert "python -m tests.fuzz --seed 7 --only mine --input" in text
