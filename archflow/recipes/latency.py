"""The latency of a real model on a device: what `archflow latency` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.devices.units import checked_latencies, unit_doubt
from archflow.errors import ArchflowError
from archflow.graph.column_names import TABLE_ENDINGS, column_names
from archflow.graph.columns import GRAPH_COLUMNS, read_columns
from archflow.graph.table import Table, read_table
from archflow.graph.table_columns import TableColumns
from archflow.importers import import_models
from archflow.importers.model import table_of
from archflow.predict.device_errors import DeviceErrors
from archflow.predict.latency_baselines import BASELINES
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.context_texts import Meant, context_of, meant, with_context
from archflow.recipes.latency_data import DEVICE, METRIC, NAME, known_operations, latency_data, latency_predictor
from archflow.recipes.latency_view import as_learnt, unlike

Values = NDArray[np.float64]

SHOWN = ("flops", "roofline")
"""The baselines that are shown beside a prediction."""

ONE_DEVICE = "latencies of one device were learnt from: how far off another is, is assumed (a factor of 2.7 either way)"
"""A warning where that is so."""

LEAST = 2
"""The least number of latencies on a device from which baselines are fitted."""


@dataclass(frozen=True)
class LatencyRequest:
    """What `archflow latency` is asked for.

    Attributes:
        source: An ONNX file, `package.module:function`, or a table.
        device: What it runs on.
        inputs: `package.module:function` that returns the arguments of a torch network.
        measured: A table of `model` and `latency_ms` on that device.
        predictor: The folder of a predictor with a context; None for one fitted to the latency data sets on
            this machine.
        coverage: The fraction of latencies that intervals contain.
        folder: The user's data folder.
    """

    source: str
    device: str
    inputs: str | None = None
    measured: Path | None = None
    predictor: Path | None = None
    coverage: float = 0.9
    folder: Path | None = None


@dataclass(frozen=True)
class ModelLatency:
    """The predicted latency of one model, in milliseconds.

    Attributes:
        model: Its name.
        latency_ms, low_ms, high_ms: The prediction, and the ends of its interval.
        baselines: Predictions of simple rules, by name, from latencies on this device; empty if there are none.
    """

    model: str
    latency_ms: float
    low_ms: float
    high_ms: float
    baselines: Mapping[str, float]


@dataclass(frozen=True)
class LatencyAnswer:
    """The answer to a request.

    Attributes:
        device: The device as it was understood.
        learnt: Whether the predictor has learnt from latencies on it.
        measured: How many measurements calibrate.
        factor: What they multiply predictions by.
        models: One entry per model.
        coverage: As asked for.
        notes: Warnings, a line each.
    """

    device: str
    learnt: bool
    measured: int
    factor: float
    models: Sequence[ModelLatency]
    coverage: float
    notes: Sequence[str]

    def content(self) -> dict[str, Any]:
        """The answer in JSON form."""
        return asdict(self)


def latency(request: LatencyRequest, on_fit: Callable[[int], None] = lambda rows: None) -> LatencyAnswer:
    """Predict how long models take on a device.

    Args:
        request: Which models and device.
        on_fit: Called with the number of latencies before a predictor is fitted, which takes a while.

    Raises:
        ArchflowError: If a model cannot be read, a measurement is not positive, or nothing is known of the device.
    """
    models = models_of(request.source, request.inputs)
    predictor, learnt_from = _predictor(request, on_fit)
    found = _device(predictor, request)
    on_it, _ = _on_device(predictor, learnt_from, found)
    reference = learnt_from if on_it is None else on_it
    models = as_learnt(models, reference)
    shown = _readable(predictor, models)
    predicted = predictor.predict(with_context(predictor, shown, found.text)).mean
    known, latencies = _measured(request, predictor, learnt_from, reference)
    notes = [*found.notes, *unlike(models, learnt_from), *_doubts(predictor, known, latencies, found.text)]
    if found.learnt and not len(latencies):
        low, high = predictor.interval(with_context(predictor, shown, found.text), request.coverage)
        factor = 1.0
    else:
        errors = DeviceErrors.of(predictor.fitted)
        notes += [ONE_DEVICE] if errors.devices == 1 and not found.learnt else []
        calibration = errors.calibrated(*_pairs(predictor, known, latencies, found.text))
        factor = calibration.factor
        predicted, low, high = calibration.interval(predicted, request.coverage)
    on_device = _on_device(predictor, learnt_from, found) if not len(latencies) else (known, latencies)
    baselines = _baselines(models, *on_device)
    entries = [
        ModelLatency(models.called(row), middle, least, most, {name: float(of[row]) for name, of in baselines.items()})
        for row, (middle, least, most) in enumerate(np.stack([predicted, low, high], 1).tolist())
    ]
    return LatencyAnswer(found.text, found.learnt, len(latencies), factor, entries, request.coverage, notes)


def models_of(source: str, inputs: str | None = None) -> Table:
    """The models that a source names: a table of architectures, or anything that can be imported.

    Raises:
        ArchflowError: As for `read_table` and `import_models`.
    """
    path = Path(source)
    if path.suffix in TABLE_ENDINGS and path.is_file() and set(GRAPH_COLUMNS) <= set(column_names(path)):
        with suppress(ArchflowError):  # graphs that others traced have these columns too
            return table_of(import_models([source], inputs))
        return read_table(path)
    return table_of(import_models([source], inputs))


def _predictor(request: LatencyRequest, on_fit: Callable[[int], None]) -> tuple[StackedPredictor, Table | None]:
    """The predictor, and the latencies that it learnt from, where they are known."""
    if request.predictor is not None:
        from archflow.predict.load import load_predictor

        predictor = load_predictor(request.predictor)
        if not isinstance(predictor, StackedPredictor):
            raise ArchflowError(f"--predictor {request.predictor}: has no context; fit one with --context COLUMN")
        DeviceErrors.of(predictor.fitted)
        return predictor, None
    table = latency_data(request.folder)
    names = {(text or "").lower() for text in table.texts(DEVICE)}
    unseen = request.device.strip().lower() not in names
    return latency_predictor(request.folder, unseen, on_fit), table


def _device(predictor: StackedPredictor, request: LatencyRequest) -> Meant:
    """What the device's text means; one that says nothing is accepted where it was measured."""
    try:
        return meant(predictor, request.device, request.folder)
    except ArchflowError:
        if request.measured is None:
            raise
        context_of(predictor)
        note = "the predictor knows nothing of this device: the measurements alone say how fast it is"
        return Meant(request.device, False, (note,))


def _readable(predictor: StackedPredictor, models: Table) -> Table:
    """The models with the operations of the predictor, or of all importers if it reads none.

    Raises:
        ArchflowError: If the predictor does not know an operation, and has no `[unknown]` one.
    """
    if predictor.vocabulary is None:
        return known_operations(models)
    return Table(models.architectures.recoded(predictor.vocabulary), models.metrics, models.native)


def _measured(
    request: LatencyRequest, predictor: StackedPredictor, learnt_from: Table | None, reference: Table | None
) -> tuple[Table | None, Values]:
    """The measured models, and their latencies (n,)."""
    if request.measured is None:
        return None, np.zeros(0)
    columns = TableColumns({}, read_columns(request.measured))
    for name in ("model", METRIC):
        if name not in columns.names:
            raise ArchflowError(f"{request.measured}: has no column {name!r}; give columns model and {METRIC}")
    latencies = checked_latencies(f"{request.measured}: {METRIC}", columns.number(METRIC))
    named = learnt_from.texts(NAME) if learnt_from is not None and NAME in learnt_from.column_names else []
    parts = []
    for row, source in enumerate(columns.texts("model")):
        if source is None:
            raise ArchflowError(f"{request.measured}: row {row} names no model")
        if learnt_from is not None and source in named:
            parts.append(_readable(predictor, _costed(learnt_from.select([named.index(source)]))))
        else:
            parts.append(_readable(predictor, as_learnt(_costed(_one(request, source)), reference)))
    whole, *others = parts
    for other in others:
        whole = whole.followed_by(other)
    return whole, latencies


def _one(request: LatencyRequest, source: str) -> Table:
    """The one model that a row of measurements names: of the request's table, or to be imported."""
    models = models_of(request.source, request.inputs)
    rows = [row for row in range(len(models)) if models.called(row) == source]
    if len(rows) == 1:
        return models.select(rows)
    if source == request.source and len(models) == 1:
        return models
    found = models_of(source, request.inputs)
    if len(found) != 1:
        raise ArchflowError(f"{request.measured}: {source} has {len(found)} models; name one")
    return found


def _costed(table: Table) -> Table:
    """The table with its numeric columns alone, and without latencies, which may be of other devices."""
    numeric = set(table.metrics) - {METRIC}
    return table.without([name for name in table.column_names if name not in numeric])


def _pairs(predictor: StackedPredictor, known: Table | None, latencies: Values, text: str) -> tuple[Values, Values]:
    """Predictions for the measured models, and their latencies."""
    if known is None:
        return np.zeros(0), latencies
    return predictor.predict(with_context(predictor, known, text)).mean, latencies


def _doubts(predictor: StackedPredictor, known: Table | None, latencies: Values, text: str) -> list[str]:
    """A line if measurements look as if they were in another unit."""
    if known is None:
        return []
    doubt = unit_doubt("the measured latencies", latencies, _pairs(predictor, known, latencies, text)[0])
    return [] if doubt is None else [doubt]


def _on_device(predictor: StackedPredictor, learnt_from: Table | None, found: Meant) -> tuple[Table | None, Values]:
    """The latencies on a device that were learnt from, where they are known."""
    if learnt_from is None or not found.learnt:
        return None, np.zeros(0)
    context = context_of(predictor)
    rows = [row for row, text in enumerate(learnt_from.texts(DEVICE)) if text and context.same(text, found.text)]
    return learnt_from.select(rows), learnt_from.metric(METRIC)[rows]


def _baselines(models: Table, known: Table | None, latencies: Values) -> dict[str, Values]:
    """What baselines that are fitted to latencies on the device give for the models; one measurement gives a factor."""
    if known is None or not len(latencies):
        return {}
    if len(latencies) < LEAST:
        with suppress(ArchflowError, ZeroDivisionError):
            return {"flops": models.metric("macs") / known.metric("macs")[0] * latencies[0]}
        return {}
    found = {}
    for name in SHOWN:
        with suppress(ArchflowError):  # the table lacks what the baseline needs
            found[name] = BASELINES[name]().fit(known, latencies).predict(models)
    return found
