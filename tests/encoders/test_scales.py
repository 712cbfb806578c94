"""Attributes as an encoder reads them: mean 0, variance 1, by their logarithm where they span decades."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.encoders.scales import AttributeScale, AttributeScales
from archflow.errors import ArchflowError
from archflow.graph import Architecture, ArchitectureSet

FINITE = st.floats(-1e6, 1e6, width=32)


def chain(values: dict[str, list[float]]) -> ArchitectureSet:
    count = len(next(iter(values.values())))
    edges = tuple((i, i + 1) for i in range(count - 1))
    return ArchitectureSet.from_architectures([Architecture(("conv",) * count, edges, values)])


def scale_of(values) -> AttributeScale:
    return AttributeScales.of(chain({"x": values})).scales[0]


@given(st.lists(FINITE, min_size=2, max_size=30))
def test_scaled_values_have_mean_zero_and_variance_one(values):
    values = np.array(values, np.float32)
    scaled = scale_of(values)(values)
    assert np.isfinite(scaled).all()
    assert abs(scaled.mean()) < 1e-3
    assert scaled.std() == pytest.approx(1, abs=1e-3) or np.allclose(scaled, 0, atol=1e-3)
    # Scaling keeps the order.
    order = np.argsort(values, kind="stable")
    assert (np.diff(scaled[order]) >= -1e-6).all()


def test_what_spans_decades_is_read_by_its_logarithm():
    channels = np.array([1, 10, 100, 1000], np.float32)
    scale = scale_of(channels)
    assert scale.unit == 1
    steps = np.diff(scale(channels))
    assert steps.max() / steps.min() < 1.25, "equal ratios are nearly equal steps"
    assert scale_of([1, 3, 5, 7]).unit is None
    assert np.isfinite(scale(np.array([0, -5], np.float32))).all()


def test_the_order_of_columns_and_further_ones_do_not_matter():
    scales = AttributeScales.of(chain({"k": [1, 3, 5], "c": [16, 32, 64]}))
    assert [scale.name for scale in scales.scales] == ["c", "k"]
    a = scales(chain({"k": [1, 3, 5], "c": [16, 32, 64]}))
    b = scales(chain({"c": [16, 32, 64], "other": [1, 1, 2], "k": [1, 3, 5]}))
    np.testing.assert_array_equal(a.attributes, b.attributes)
    assert a.attribute_names == b.attribute_names == ("c", "k")


def test_what_is_missing_stays_missing():
    nan = float("nan")
    scales = AttributeScales.of(chain({"k": [1, nan, 5]}))
    np.testing.assert_array_equal(np.isnan(scales(chain({"k": [nan, 3, 5]})).attributes[:, 0]), [True, False, False])


def test_a_column_that_is_missing_or_has_another_name_is_refused():
    """Predictions changed without a word."""
    scales = AttributeScales.of(chain({"k": [1, 3, 5], "c": [16, 32, 64]}))
    for other, have in (({"K": [1, 3, 5], "c": [1, 2, 3]}, "K, c|c, K"), ({"x": [1, 2, 3]}, "x")):
        with pytest.raises(ArchflowError, match=rf"the node attributes c, k; these architectures have ({have}): "):
            scales(chain(other))
    plain = ArchitectureSet.from_architectures([Architecture(("conv",) * 3, ((0, 1), (1, 2)))])
    with pytest.raises(ArchflowError, match="these architectures have none: give them c, k"):
        scales(plain)
    # An attribute may apply to no node of some architectures.
    assert np.isnan(scales(chain({"c": [1, 2, 3]})).attributes[:, 1]).all()


def test_a_constant_tells_nothing():
    scales = AttributeScales.of(chain({"k": [3, 3, 3]}))
    np.testing.assert_array_equal(scales(chain({"k": [3, 3, 3]})).attributes, np.zeros((3, 1)))


def test_without_attributes_nothing_is_made():
    plain = ArchitectureSet.from_architectures([Architecture(("conv",), ())])
    assert AttributeScales.of(plain) == AttributeScales()
    assert AttributeScales()(plain) is plain
    assert AttributeScales()(chain({"k": [1, 2]})).attributes is None


def test_they_come_back_from_json():
    scales = AttributeScales.of(chain({"k": [1, 3, 5], "c": [1, 100, 10_000]}))
    assert AttributeScales.from_json(scales.to_json()) == scales
    for damaged in ([["k"]], [["k", None, "x", 1]], [["k", None, 0, -1]], [["k", 0.0, 0, 1]], 5):
        with pytest.raises(ArchflowError, match="attribute scales are damaged"):
            AttributeScales.from_json(damaged)
