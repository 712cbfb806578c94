"""The contract of features."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.features import Features
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.table import Table
from archflow.testing.comparison import sent
from archflow.testing.graphs import relabelled

_ALONE = 25
"""Number of architectures that are also described one at a time."""


def check_features(kind: type[Features], table: Table) -> None:
    """Check a kind of features against its contract. Raises AssertionError with the violated clause.

    Args:
        kind: The class of the features.
        table: Several different architectures, with the columns that the features read.
    """
    features = kind.of(table)
    values = features(table)
    width = len(features.names)
    assert len(set(features.names)) == width, "broken: every column has a name of its own"
    assert values.shape == (len(table), width), f"broken: (N, F) values; they are {values.shape}, F is {width}"
    assert values.dtype == np.float32, f"broken: values are float32; they are {values.dtype}"
    assert not np.isinf(values).any(), "broken: values are finite, or NaN where they do not apply"
    backwards = np.arange(len(table))[::-1]
    _same(features(table.select(backwards))[::-1], values, "the order of the rows does not matter")
    for row in range(min(len(table), _ALONE)):
        _same(features(table.select([row])), values[[row]], "the other architectures do not matter")
    if kind.local:
        other = Table(relabelled(table.architectures, seed=0)[0])
        _same(features(other), values, "renumbering nodes changes nothing, nor do other columns")
        _same(kind.of(other)(table), values, "renumbering nodes changes no column")
    about = json.loads(json.dumps(features.to_json(), allow_nan=False))
    again = kind.from_json(about)
    assert again == features, "broken: from_json gives the features that to_json described"
    _same(again(table), values, "features from JSON give the same values")
    for name in about:
        for damaged in ({key: about[key] for key in about if key != name}, {**about, name: 3.5}):
            refused = _refusal(kind.from_json, damaged) is not None
            assert refused, f"broken: a description whose {name!r} is missing or wrong is refused by an ArchflowError"
    for how, other in sent(features):
        assert other == features, f"broken: features that are {how} are equal"
        _same(other(table), values, f"features that are {how} give the same values")
    _check_unknown_operation(features, table, values)


def _check_unknown_operation(features: Features, table: Table, values: np.ndarray) -> None:
    """Check that an operation missing from the vocabulary, in the last row, is refused."""
    graphs = table.architectures
    op = graphs.op.copy()
    op[-1] = len(graphs.vocabulary)
    vocabulary = Vocabulary((*graphs.vocabulary.ops, "an unknown operation"))
    strange = Table(ArchitectureSet(**graphs.columns | {"op": op, "vocabulary": vocabulary}), table.metrics)
    error = _refusal(features, strange)
    if error is None and not type(features).local:
        _same(features(strange), values, "an unknown operation is refused, unless operations do not matter")
        return
    assert error is not None, "broken: an unknown operation is refused by an ArchflowError"
    assert f"row {len(table) - 1}" in error, f"broken: the error names the row; it is {error}"


def _refusal(call: Callable[[Any], object], argument: object) -> str | None:
    """The message of the ArchflowError that a call raises; None if it raises none."""
    try:
        call(argument)
    except ArchflowError as error:
        return str(error)
    return None


def _same(found: np.ndarray, expected: np.ndarray, contract: str) -> None:
    assert np.array_equal(found, expected, equal_nan=True), f"broken: {contract}"
