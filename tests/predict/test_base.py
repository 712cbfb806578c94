import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.predict.base import Prediction, check_unranked, is_ranked, ranked
from archflow.predict.objectives import Hinge
from archflow.testing import random_architectures
from tests.predict.learnable import predictor

THREE = random_architectures(3, seed=0)
VALUES = np.array([2.0, 9.0, 5.0])


@pytest.mark.parametrize(("lower_is_better", "ranks"), [(False, [3, 1, 2]), (True, [1, 3, 2])])
def test_ranks_follow_the_direction(architectures, tmp_path, lower_is_better, ranks):
    fitted = predictor(architectures, objective=Hinge(lower_is_better=lower_is_better))
    fitted.fit(architectures, np.arange(60.0), metrics=["ms"])
    table = Table(THREE, {"note": np.arange(3.0)})
    made = ranked(table, Prediction(VALUES, VALUES / 10), VALUES, fitted)
    assert list(made.metrics) == ["note", "predicted_ms", "predicted_std_ms", "rank_ms"]
    assert made.metric("rank_ms").tolist() == ranks
    assert made.to_pandas()["rank_ms"].dtype == np.int64
    assert len(ranked(table[:0], Prediction(VALUES[:0], VALUES[:0]), VALUES[:0], fitted)) == 0
    made.write(tmp_path / "r.csv")
    table.write(tmp_path / "t.csv")
    assert is_ranked(tmp_path / "r.csv")
    assert not is_ranked(tmp_path / "t.csv")
    assert not is_ranked(tmp_path / "absent.csv")


@pytest.mark.parametrize("column", ["predicted_ms", "rank_ms", "measured_ms", "low_ms"])
def test_columns_that_predictions_would_replace_are_named(column):
    check_unranked(Table(THREE, {"ms": VALUES, "rank_other": VALUES}), ["ms"], ["low_ms"])
    with pytest.raises(ArchflowError, match=f"column '{column}': predictions of ms would replace it"):
        check_unranked(Table(THREE, {column: VALUES}), ["ms"], ["low_ms"])
