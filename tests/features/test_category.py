import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.features.category import MOST, categories, numbers
from archflow.graph.table import Table, read_table
from archflow.testing import random_architectures

CELLS = random_architectures(MOST + 1, seed=0)


def written(tmp_path, values: list[str]) -> Table:
    """A table of texts, as a CSV file has them."""
    count = len(values)
    Table(CELLS.select(range(count)), {"n": np.arange(float(count))}).write(tmp_path / "t.csv")
    head, *rows = (tmp_path / "t.csv").read_text().splitlines()
    lines = [f"{head},x", *(f'{row},"{value}"' for row, value in zip(rows, values, strict=True))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return read_table(tmp_path / "t.csv")


def test_texts_that_all_are_numbers_are_numbers(tmp_path):
    np.testing.assert_array_equal(numbers(written(tmp_path, ["1.5", "", "inf", " 2 "]), "x"), [1.5, np.nan, np.nan, 2])


@pytest.mark.parametrize("text", ["high", "1_000"])
def test_a_text_that_is_no_number_is_named_by_its_row(tmp_path, text):
    with pytest.raises(ArchflowError, match=f"row 1 holds '{text}'"):
        numbers(written(tmp_path, ["1", text]), "x")


def test_categories_are_few(tmp_path):
    assert categories(written(tmp_path, ["b", "a", "", "b"]), "x") == ("a", "b")
    with pytest.raises(ArchflowError, match=f"column 'x' has {MOST + 1} different texts, such as 't0'"):
        categories(written(tmp_path, [f"t{row}" for row in range(MOST + 1)]), "x")
