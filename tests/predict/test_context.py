import numpy as np
import pytest

from archflow.errors import ArchflowError
from archflow.predict import StackedPredictor, load_predictor
from archflow.predict.context import CONTEXT, Context, ContextChoice, without_settings
from archflow.predict.device_errors import DeviceErrors
from archflow.predict.held_out import HeldOut
from archflow.predict.metrics import kendall_tau
from tests.latencies import CLOCKS, DEVICES, long_latencies

TABLE = long_latencies()


def predictor(**options) -> StackedPredictor:
    given = {"components": ["ridge"], "features": ["counts", "columns"], "objective": "log", "context": "device"}
    return StackedPredictor(**{**given, **options})


@pytest.fixture(scope="module")
def fitted() -> StackedPredictor:
    made = predictor()
    made.fit(TABLE, metrics=["latency_ms"])
    return made


def test_a_context_tells_devices_apart(fitted):
    without = predictor(context=None).fit(TABLE, metrics=["latency_ms"])
    assert fitted.stacking.tau > max(0.8, without.tau + 0.2)
    assert CONTEXT in fitted.stacking.features


def test_typical_architectures_of_one_device_do_not_hide_the_others(fitted):
    one = TABLE.select([row for row, text in enumerate(TABLE.texts("device")) if text == DEVICES[0]])
    made = predictor()
    made.fit(TABLE, metrics=["latency_ms"], reference=one)
    np.testing.assert_array_equal(made.predict(TABLE).mean, fitted.predict(TABLE).mean)


def test_it_is_saved_and_loaded(fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = load_predictor(tmp_path)
    assert isinstance(loaded, StackedPredictor)
    assert np.array_equal(loaded.predict(TABLE).mean, fitted.predict(TABLE).mean)
    assert loaded.context == ContextChoice("device")
    for name, array in fitted.fitted.held_out.arrays().items():
        assert np.array_equal(loaded.fitted.held_out.arrays()[name], array)
    assert loaded.fit(TABLE, metrics=["latency_ms"]).tau == fitted.stacking.tau


def test_unseen_holds_out_all_labels_of_a_device():
    learnt = [row for row, text in enumerate(TABLE.texts("device")) if text != DEVICES[2]]
    made = predictor(context=ContextChoice("device", unseen=True))
    made.fit(TABLE.select(learnt), metrics=["latency_ms"])
    context = made.fitted.context
    assert context is not None
    assert [name for name, _ in context.kinds] == ["numbers", "words"]
    new = TABLE.select(np.setdiff1d(np.arange(len(TABLE)), learnt))
    assert kendall_tau(made.predict(new).mean, new.metric("latency_ms")) > 0.8
    assert DeviceErrors.of(made.fitted).devices == 4


def test_a_row_without_a_device_is_refused(fitted):
    texts = [None, *TABLE.texts("device")[1:]]
    with pytest.raises(ArchflowError, match="row 0: column 'device' is empty"):
        fitted.predict(TABLE.with_texts({"device": texts}))
    with pytest.raises(ArchflowError, match="no column 'device'"):
        fitted.predict(TABLE.without(["device"]))


def test_labels_of_one_device_cannot_be_held_out():
    one = TABLE.with_texts({"device": ["here"] * len(TABLE)})
    with pytest.raises(ArchflowError, match="of one group"):
        predictor(context=ContextChoice("device", unseen=True)).fit(one, metrics=["latency_ms"])


def test_names_of_known_devices_are_read_as_their_words():
    context = Context.of(TABLE.with_texts({"device": ["help_raspi4", "pixel2"] * (len(TABLE) // 2)}))
    assert context.learnt["help_raspi4"] == "Raspberry Pi 4, Cortex-A72"
    assert context.is_learnt("raspi4")
    assert context.same("raspi4", "Raspberry Pi 4, Cortex-A72")
    assert not context.is_learnt("fpga")
    assert Context.from_json(context.to_json()) == context


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("board, 4 threads, CPU", "board"),
        ("board, 2 GHz, 1 thread, big cores, CPU", "board, 2 GHz"),
        ("GPU board, batch 32", "GPU board"),
        ("4 threads", "4 threads"),
    ],
)
def test_settings_are_no_device(text, bare):
    assert without_settings(text) == bare


@pytest.mark.parametrize(
    ("text", "said"),
    [("task", "no such column"), ("device:", "names no kind"), ("device:colour", "no context is called 'colour'")],
)
def test_options_that_name_nothing_are_refused(text, said):
    with pytest.raises(ArchflowError, match=said):
        ContextChoice.parsed(text, ["device"])
    assert ContextChoice.parsed("device:words, names", ["device"]).kinds == ("words", "names")


def test_damaged_descriptions_are_refused(fitted):
    about = fitted.fitted.context.to_json()
    for name, wrong in (("column", 3), ("sentences", [["a"]]), ("kinds", [[3, {}]])):
        with pytest.raises(ArchflowError, match="damaged"):
            Context.from_json({**about, name: wrong})
    arrays = fitted.fitted.held_out.arrays()
    count, contexts = len(arrays["targets"]), fitted.fitted.held_out.contexts
    for name, wrong in (("deviations", -arrays["deviations"]), ("hashes", arrays["targets"])):
        with pytest.raises(ArchflowError, match="fit again"):
            HeldOut.restored({**arrays, name: wrong}, contexts, count)


def test_errors_of_devices_and_networks_are_told_apart():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(60), 20)
    errors = rng.normal(0, 0.7, 60)[group] + rng.normal(0, 0.2, len(group))
    found = DeviceErrors.between_groups(errors, group)
    assert found.between == pytest.approx(0.7, rel=0.2)
    assert found.within == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_calibrated_intervals_hold(count):
    """Of devices with known factors, between and within which errors are normal."""
    rng, errors = np.random.default_rng(count), DeviceErrors(0.7, 0.2, 40)
    held, widths = [], []
    for shift in rng.normal(0, 0.7, 400):
        true = np.exp(shift + rng.normal(0, 0.2, count + 20))
        calibration = errors.calibrated(np.ones(count), true[:count])
        _, low, high = calibration.interval(np.ones(20), 0.9)
        held.append(np.mean((low <= true[count:]) & (true[count:] <= high)))
        widths.append(np.log(high[0] / low[0]))
    assert 0.88 <= np.mean(held) <= 0.97
    assert np.mean(widths) < (3.2 if count == 0 else 1.4)


def test_one_measurement_is_a_factor():
    calibration = DeviceErrors(1.0, 0.01, 9).calibrated([10.0], [20.0])
    assert calibration.factor == pytest.approx(2, rel=0.01)
    with pytest.raises(ArchflowError, match="positive"):
        DeviceErrors(1.0, 0.1, 9).calibrated([10.0], [0.0])
    with pytest.raises(ArchflowError, match="give a fraction between 0 and 1"):
        calibration.interval([1.0], 1.0)


def test_clocks_and_devices_agree():
    assert len(CLOCKS) == len(DEVICES)


def test_the_column_of_the_context_is_named(fitted):
    assert fitted.context_columns == ["device"]
    assert predictor(context=None).context_columns == ()


def test_changes_are_explained_on_the_device_of_the_row(fitted):
    found = fitted.explain(TABLE.select([3]), most=4)
    assert found.prediction == pytest.approx(fitted.predict(TABLE.select([3])).mean[0], rel=1e-5)
    assert found.changes
