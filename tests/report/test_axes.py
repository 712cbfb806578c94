import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archflow.report.axes import Axis, Key, Plot, log_ticks, nice_ticks, tick_labels

VALUES = st.lists(st.floats(), max_size=20)


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_ticks_are_round_evenly_spaced_and_inside(low: float, span: float) -> None:
    high = low + max(span, 1e-6 * abs(low))
    ticks = np.array(nice_ticks(low, high))
    assert 2 <= len(ticks) <= 9
    steps = np.diff(ticks)
    step = steps.mean()
    assert np.allclose(steps, step, rtol=1e-3)
    assert ticks[0] >= low - 1e-6 * step
    assert ticks[-1] <= high + 1e-6 * step
    mantissa = step / 10 ** np.floor(np.log10(step * (1 + 1e-6)))
    assert np.isclose(mantissa, [1, 2, 2.5, 5], rtol=1e-3).any()


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0.0, 0.25, 0.5], ["0.00", "0.25", "0.50"]),
        ([-20.0, 0.0, 20.0], ["\N{MINUS SIGN}20", "0", "20"]),
        ([0.0, 5000.0, 10000.0], ["0", "5,000", "10,000"]),
        ([2e8, 4e8], ["2e+08", "4e+08"]),
        ([1e-9, 2e-9], ["1e\N{MINUS SIGN}09", "2e\N{MINUS SIGN}09"]),
        ([1e8, 1e8 + 1], ["100000000", "100000001"]),
        ([], []),
    ],
)
def test_tick_labels(ticks: list[float], labels: list[str]) -> None:
    assert tick_labels(ticks) == labels


@given(VALUES, st.booleans())
def test_any_data_get_an_axis_that_holds_them(values: list[float], log: bool) -> None:
    axis = Axis.over(values, log=log).placed(0.0, 100.0)
    assert np.isfinite([axis.low, axis.high]).all()
    assert axis.low < axis.high
    assert len(axis.labels) == len(set(axis.labels)) == len(axis.ticks)
    pixels = axis.at(values)
    drawable = np.isfinite(values) & ((np.asarray(values) > 0) | (not log))
    assert np.array_equal(np.isfinite(pixels), drawable)
    assert ((pixels[drawable] >= -1e-6) & (pixels[drawable] <= 100 + 1e-6)).all()


def test_pixels_are_linear_or_logarithmic() -> None:
    linear = Axis.over([0, 4], include=(0, 4)).placed(10, 50)
    assert linear.at([0, 1, 2, 4, np.nan]).tolist() == pytest.approx([10, 20, 30, 50, np.nan], nan_ok=True)
    log = Axis.over([1, 100], log=True).placed(300, 100)
    assert log.at([1, 10, 100]).tolist() == pytest.approx([300, 200, 100])


def test_included_values_are_true_edges() -> None:
    axis = Axis.over([0.2, 0.7], include=(0.0, 1.0))
    assert (axis.low, axis.high) == (0.0, 1.0)
    assert axis.ticks[0] == 0.0


def test_whole_data_get_whole_ticks() -> None:
    assert list(Axis.over([1, 2, 3]).labels) == ["1", "2", "3"]
    assert list(Axis.over([1]).labels) == ["1"]
    assert "1.5" in Axis.over([1, 2.5]).labels


def test_log_ticks_stay_inside_and_few() -> None:
    assert log_ticks(1, 200) == [1, 2, 5, 10, 20, 50, 100, 200]
    assert log_ticks(1, 15625) == [1, 10, 100, 1000, 10000]
    assert len(log_ticks(1e-30, 1e30)) <= 10


def test_a_long_legend_wraps_and_leaves_the_plot_room() -> None:
    axes = Axis.over([0, 1]), Axis.over([0, 1])
    keys = [Key(f"a method with a long name {i}", "red") for i in range(6)]
    plain = Plot.around(*axes, x_label="x", y_label="y")
    crowded = Plot.around(*axes, x_label="x", y_label="y", keys=keys)
    assert plain.y.end + 50 < crowded.y.end < crowded.y.start
