"""The perceptron with a device's embedding."""

import numpy as np

from archflow.predict.metrics import spearman
from archflow_reproduce.devices import multi_predict
from archflow_reproduce.devices.multi_predict import of_sources, ranked


def test_a_new_device_is_ranked_by_the_source_most_like_it(monkeypatch):
    monkeypatch.setattr(multi_predict, "STEPS", 100)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    logs = x @ np.array([[1.0, 0, 0.5, 0], [0, -1.0, 0, 0.5]]).T  # two devices that pay for different things
    logs = (logs - logs.mean(0)) / logs.std(0)
    measured, rows, judged = np.arange(100), np.arange(100, 110), np.arange(110, 200)
    model = of_sources(x, measured, logs[measured])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for device in (0, 1):
        found = ranked(model, x, logs[rows], rows, 3 + 2 * logs[rows, device], judged)
        assert spearman(found, logs[judged, device]) > 0.9
        assert abs(spearman(found, logs[judged, 1 - device])) < 0.6
    assert all((value == before[name]).all() for name, value in model.state_dict().items())
