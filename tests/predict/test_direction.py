import pytest

from archflow.predict.direction import usually_lower


@pytest.mark.parametrize(
    "name", ["test_loss", "latency_ms", "numParams", "FLOPs", "valError", "energy", "RMSE", "n-macs"]
)
def test_names_of_which_low_values_are_good(name):
    assert usually_lower(name)


@pytest.mark.parametrize("name", ["test_accuracy", "glossy", "timeless", "fps", "top1", "", "kendall_tau"])
def test_all_other_names(name):
    assert not usually_lower(name)
