"""The contract of an evaluator."""

from __future__ import annotations

import math
from multiprocessing.reduction import ForkingPickler

from archflow.data.labelling import Evaluator
from archflow.graph import ArchitectureSet


def check_evaluator(evaluate: Evaluator, architectures: ArchitectureSet) -> None:
    """Check an evaluator against its contract. Raises AssertionError with the violated clause.

    Metrics of time (`seconds`, `*_seconds`, `*_ms`) may differ between measurements.
    """
    # As worker processes receive it.
    sent = ForkingPickler.loads(ForkingPickler.dumps(evaluate))  # pyright: ignore[reportAttributeAccessIssue]
    names = None
    for architecture in architectures:
        metrics = dict(evaluate(architecture, 0))
        assert metrics, "an evaluator gives at least one metric"
        assert names in (None, set(metrics)), f"one architecture has the metrics {sorted(metrics)}, another {names}"
        names = set(metrics)
        for name, value in metrics.items():
            assert math.isfinite(float(value)), f"metric {name!r} is {value}, not finite: raise ArchflowError instead"
        again = sent(architecture, 0)
        for name in names:
            timed = name == "seconds" or name.endswith(("_seconds", "_ms"))
            assert timed or again[name] == metrics[name], f"the same seed gives another {name}: {again[name]}"
