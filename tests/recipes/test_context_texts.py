import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict import StackedPredictor
from archflow.predict.context import ContextChoice
from archflow.recipes.context_texts import meant, with_context
from tests.latencies import DEVICES, long_latencies

TABLE = long_latencies(12)


@pytest.fixture(scope="module")
def predictor() -> StackedPredictor:
    made = StackedPredictor(
        components=["ridge"], features=["columns"], context=ContextChoice("device", unseen=True), objective="log"
    )
    made.fit(TABLE, metrics=["latency_ms"])
    return made


def test_a_learnt_device_is_found_by_its_name(predictor):
    found = meant(predictor, DEVICES[1].upper())
    assert (found.text, found.learnt, found.notes) == (DEVICES[1], True, ())


def test_a_sentence_is_a_device_that_was_not_learnt(predictor):
    found = meant(predictor, "tablet, 4 x Cortex-A76 2.8 GHz, 4 threads, CPU")
    assert not found.learnt
    assert "was not learnt from" in found.notes[0]
    assert "phone D" in found.notes[-1]
    beyond = meant(predictor, "desk, 64 x Zen 5.5 GHz, 4 threads, CPU").notes
    assert any("unlike the learnt devices in cores (64), clock_ghz (5.5)" in line for line in beyond)


def test_what_nobody_can_know_is_refused(predictor):
    with pytest.raises(ArchflowError, match="says nothing that tells how fast it is"):
        meant(predictor, "something, of mine")
    with pytest.raises(ArchflowError, match=r"no device is called 'phonE'.*this predictor learnt .*phone"):
        meant(predictor, "phonE")


def test_a_predictor_without_a_context_has_no_devices():
    made = StackedPredictor(components=["ridge"], features=["counts"])
    made.fit(TABLE, metrics=["accuracy"])
    with pytest.raises(ArchflowError, match="fitted without a context"):
        meant(made, DEVICES[0])


def test_measurements_on_other_devices_do_not_count(predictor):
    shown = with_context(predictor, TABLE, DEVICES[0])
    assert set(shown.texts("device")) == {DEVICES[0]}
    assert np.isfinite(shown.metric("latency_ms")).sum() == 12
