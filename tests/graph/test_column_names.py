import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.graph.column_names import TABLE_ENDINGS, column_names
from archflow.graph.table import Table
from archflow.testing import random_architectures


@pytest.mark.parametrize("ending", TABLE_ENDINGS)
def test_the_beginning_of_a_file_names_its_columns(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    Table(random_architectures(3, seed=0), {"accuracy": np.arange(3.0)}).write(path)
    assert {"ops", "edge_src", "edge_dst", "accuracy"} <= set(column_names(path))


@pytest.mark.parametrize("ending", TABLE_ENDINGS)
def test_what_is_no_table_is_one_line(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    for content in (None, b"", b"\xff\xfe"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ArchflowError, match="cannot be read as a table") as caught:
            column_names(path)
        assert "\n" not in str(caught.value)
