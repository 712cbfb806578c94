import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.features import FEATURES
from archflow.graph.table import Table
from archflow.predict.feature_kinds import COLUMNS, features_of
from archflow.testing import random_architectures

CELLS = random_architectures(20, seed=0)
TABLE = Table(CELLS, {"score": np.arange(20.0), "params": (1 + np.arange(20.0)) ** 2, "note": np.arange(20.0)})


def test_known_columns_are_taken_unless_others_are_named():
    assert set(features_of(TABLE, [COLUMNS], None, ["score"])[COLUMNS].names) == {"params", "log:params"}
    assert "note" in features_of(TABLE, [COLUMNS], ["note"], ["score"])[COLUMNS].names


def test_kinds_without_a_column_are_left_out():
    found = features_of(Table(CELLS), FEATURES.names(), None, [])
    assert found
    assert COLUMNS not in found
    assert all(each.names for each in found.values())


def test_what_holds_the_labels_is_no_feature_and_what_has_their_order_may_be():
    labels = TABLE.metric("score") / 4
    assert set(features_of(TABLE, [COLUMNS], None, ["x"], (TABLE, labels))[COLUMNS].names) == {"params", "log:params"}
    in_line = TABLE.with_metrics({"flops": 7 - TABLE.metric("score")})
    assert "flops" not in features_of(in_line, [COLUMNS], None, ["x"], (in_line, labels))[COLUMNS].names
    with pytest.raises(ArchflowError, match="'flops' is the metric to predict"):
        features_of(in_line, [COLUMNS], ["flops"], ["x"], (in_line, labels))


def test_what_is_predicted_is_no_feature():
    with pytest.raises(ArchflowError, match="'score' is the metric to predict"):
        features_of(TABLE, [COLUMNS], ["score"], ["score"])
