"""Predictors of another kind than those there are."""

import pytest
import torch

from archflow.errors import ArchflowError
from archflow.predict import load_predictor
from archflow.predict.folder import write_folder


@pytest.mark.parametrize("form", ["archflow blend 4", "archflow", "archflow stacks 1"])
def test_a_predictor_of_another_kind_is_refused_in_one_line(tmp_path, form):
    write_folder(tmp_path, form, {"knots": torch.zeros(2)}, {})
    with pytest.raises(ArchflowError, match=rf"predictor\.json: has the format '{form}', .*; fit again$") as caught:
        load_predictor(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_table_in_place_of_a_predictor_is_said_to_be_no_folder(tmp_path):
    (tmp_path / "cells.csv").write_text("ops\n")
    with pytest.raises(ArchflowError, match=r"cells\.csv: is a file, not a predictor; give the folder that"):
        load_predictor(tmp_path / "cells.csv")
