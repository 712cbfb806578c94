import pytest
import torch

from archflow.testing.comparison import TOLERANCE, close, same, same_shape, sent


def test_what_differs_breaks_the_clause_that_is_named():
    values = torch.arange(3.0)
    same_shape(values, (3,), "shapes agree")
    same(values, values.clone(), "bits agree")
    close(values, values + TOLERANCE / 2, "sums agree")
    with pytest.raises(AssertionError, match=r"broken: shapes agree; it is \(3,\), not \(2,\)"):
        same_shape(values, (2,), "shapes agree")
    with pytest.raises(AssertionError, match="broken: bits agree"):
        same(values, values + TOLERANCE / 2, "bits agree")
    for other in (values + 1, values[:2]):
        with pytest.raises(AssertionError, match="broken: sums agree"):
            close(values, other, "sums agree")


def test_a_part_arrives_by_copy_and_in_another_process():
    part = {"weight": torch.arange(3.0)}
    for way, arrived in sent(part):
        assert arrived is not part, way
        assert torch.equal(arrived["weight"], part["weight"])
    assert [way for way, _ in sent(part)] == ["copied", "pickled"]
