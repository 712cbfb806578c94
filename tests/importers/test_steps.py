"""Steps: what an importer writes down, and the bounds that no model exceeds."""

import pytest

from archflow.errors import ArchflowError
from archflow.importers.steps import BUNDLE, LARGEST, Steps, check_shape


def test_channels_and_multiply_adds_follow_from_shapes():
    steps = Steps()
    image = steps.input((2, 3, 8, 8))
    weight = steps.weight("w", (4, 3, 3, 3))
    conv = steps.apply("conv2d", [image, weight], (2, 4, 6, 6), numbers={"stride": 1.0})
    assert steps[conv].numbers["macs"] == 2 * 4 * 6 * 6 * 27
    assert steps[weight].weights == {"w": 108}
    assert steps.ends() == [conv]


def test_a_bundle_is_what_it_holds():
    steps = Steps()
    a, b = steps.input((1, 2)), steps.input((1, 3))
    both = steps.apply(BUNDLE, [a, b], None)
    joined = steps.apply("concat", [both], (1, 5))
    assert steps[joined].inputs == (a, b)
    assert steps.unbundled([both, joined]) == (a, b, joined)


@pytest.mark.parametrize("shape", [(-1,), (LARGEST, 2), (1,) * 65, (1 << 80,)])
def test_shapes_that_no_model_has_are_refused(shape):
    with pytest.raises(ArchflowError, match="shape"):
        check_shape(shape)
    for put in (
        Steps().input,
        lambda shape: Steps().weight("w", shape),
        lambda shape: Steps().apply("relu", [], shape),
    ):
        with pytest.raises(ArchflowError, match="shape"):
            put(shape)


def test_more_steps_than_a_model_has_are_refused(monkeypatch):
    monkeypatch.setattr("archflow.importers.steps.MOST_STEPS", 3)
    steps = Steps()
    for _ in range(3):
        steps.input((1,))
    with pytest.raises(ArchflowError, match="more than 3 nodes"):
        steps.input((1,))
