import numpy as np
import pytest

from archflow.predict.greatest import greatest_possible

FRACTIONS = np.array([0.1, 0.93, 0.5])


@pytest.mark.parametrize(
    ("metric", "labels", "bound"),
    [
        ("success", [0.0, 1.0, 1.0], 1.0),
        ("", [0.0, 1.0], 1.0),
        ("test_accuracy", FRACTIONS, 1.0),
        ("test_accuracy", 100 * FRACTIONS, 100.0),
        ("valAcc", 100 * FRACTIONS, 100.0),
        ("cifar10_valacc", 100 * FRACTIONS, 100.0),
        ("score", FRACTIONS, None),
        ("score", 100 * FRACTIONS, None),
        ("accuracy", 1000 * FRACTIONS, None),
        ("accuracy", FRACTIONS - 1, None),
        ("accuracy_loss", FRACTIONS, None),
        ("accelerator_ms", FRACTIONS, None),
    ],
)
def test_a_bound_is_what_values_or_the_name_say(metric, labels, bound):
    assert greatest_possible(np.array(labels, float), metric) == bound
