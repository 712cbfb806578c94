"""Columns that give the labels away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.errors import ArchflowError
from archflow.features.leaks import ORDERED, SURE, check_sources, has_order, is_copy, is_line, usable
from archflow.graph.table import Table
from archflow.testing import random_architectures

RNG = np.random.default_rng(0)
LABELS = RNG.random(30)


def table(**columns) -> Table:
    count = len(next(iter(columns.values())))
    return Table(random_architectures(count, seed=0), columns)


@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3), st.booleans(), st.integers(SURE, 30))
def test_labels_in_another_unit_are_labels(factor, offset, down, count):
    values = (-1 if down else 1) * factor * 1000 * LABELS + offset
    assert is_line(values[:count], LABELS[:count])
    assert not is_line(values[: SURE - 1], LABELS[: SURE - 1]), "four points may lie on a line"
    assert not is_line(np.where(np.arange(count) == 2, values[:count] + factor, values[:count]), LABELS[:count])


def test_gaps_and_ties_say_nothing():
    values = np.where(np.arange(30) % 3 == 0, np.nan, 100 * LABELS)
    assert is_line(values, LABELS)
    assert not is_line(np.full(30, np.nan), LABELS)
    assert not is_line(np.ones(30), LABELS)
    flags = (LABELS > 0.5).astype(float)
    assert not is_line(flags, flags), "of two values no column is surely the labels"


def test_numbers_of_any_size_are_compared():
    huge = 1.7e308 * np.linspace(-1, 1, 30)
    assert is_line(huge, np.arange(30.0))
    assert not is_line(huge, LABELS)
    assert not is_copy(huge, LABELS)


@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_the_order_of_enough_labels_gives_them_away(turned):
    values = turned * np.exp(3 * LABELS)
    assert has_order(values, LABELS)
    assert not has_order(values[: ORDERED - 1], LABELS[: ORDERED - 1])
    swapped = values.copy()
    swapped[[3, 4]] = swapped[[4, 3]]
    assert not has_order(swapped, LABELS)
    assert not has_order(np.round(values, 1), LABELS), "ties are an exception"


def test_asked_for_it_is_refused_and_otherwise_left_out_with_a_note():
    columns = {"percent": 100 * LABELS, "power": LABELS**3, "params": RNG.random(30), "text": ["a"] * 30}
    known, said = Table(random_architectures(30, seed=0), {k: v for k, v in columns.items() if k != "text"}), []
    assert usable([*columns, "missing"], known, LABELS, False, said.append) == ["params", "text", "missing"]
    assert [line.split("'")[1] for line in said] == ["percent", "power"]
    assert usable(["power"], known, LABELS, True, by_order=False) == ["power"]
    with pytest.raises(ArchflowError, match="features: column 'percent' is the metric to predict, in the same or an"):
        usable(["params", "percent"], known, LABELS, True)
    with pytest.raises(ArchflowError, match="'power' has exactly the order of all 30 labels; leave it out, or rank by"):
        usable(["params", "power"], known, LABELS, True)


def test_a_source_may_have_the_order_of_the_labels_but_not_be_them():
    known = table(copy=np.where(np.arange(30) < 9, LABELS, np.nan), cheap=np.sqrt(LABELS), percent=100 * LABELS)
    check_sources(["cheap", "percent", "missing"], known, LABELS)
    with pytest.raises(ArchflowError, match="sources: column 'copy' equals the labels"):
        check_sources(["cheap", "copy"], known, LABELS)
