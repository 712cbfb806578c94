"""Which columns a predictor may learn from."""

import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.recipes.columns import check_columns, usable_columns
from tests.recipes.evaluations import TABLE

ROWS = np.arange(40)
LEAKY = TABLE.with_metrics({"flops": np.exp(TABLE.metric("score")), "copy": TABLE.metric("score")})


def test_names_decide_unless_one_of_them_gives_the_labels_away():
    said = []
    assert usable_columns(TABLE, ROWS, "score", None, said.append) is None
    assert said == []
    assert usable_columns(LEAKY, ROWS, "score", None, said.append) == ["params"]
    assert said == ["column 'flops' has exactly the order of all 40 labels: not used"]
    assert usable_columns(LEAKY, ROWS[:15], "score", None) is None, "of so few a good column may have the order"
    assert usable_columns(LEAKY, ROWS, "score", []) == []


def test_one_that_is_asked_for_is_refused():
    for name in ("flops", "copy"):
        with pytest.raises(ArchflowError, match=f"features: column '{name}' .*leave it out, or rank by it"):
            usable_columns(LEAKY, ROWS, "score", ["params", name])


def test_sources_may_have_the_order_and_are_not_the_labels():
    check_columns(LEAKY, ROWS, "score", None, ["flops"])
    with pytest.raises(ArchflowError, match="sources: column 'copy' equals the labels"):
        check_columns(LEAKY, ROWS, "score", None, ["copy"])
