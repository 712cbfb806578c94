"""What an evaluation means, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from archflow.recipes.evaluation import Evaluation, standard_error
from archflow.recipes.judging import BLEND, CHANCE, COVERAGES, PLAIN

SAME = 0.02
"""A loss of Kendall tau, plus one standard error, up to which the simpler method counts as equally good."""

LITTLE = 0.01
"""A gain in Kendall tau from doubling the labels that is too small to matter."""

HELD = 0.03
"""How far the coverage of intervals may differ from the nominal one without being reported."""

TELLING = 0.2
"""Rank correlation with absolute errors from which standard deviations count as informative."""

CALLED = {
    "boosted": "boosted trees",
    "costs": "a sum of costs by kind of node",
    "forest": "a random forest",
    "line": "a line on costs",
    "networks": "fine-tuned networks",
    "process": "a Gaussian process",
    "ridge": "a linear model",
    BLEND: "the blend",
    PLAIN: "the blend without networks",
}
"""How components are called in sentences; others keep their names."""

SIMPLEST = ("line", "costs", "ridge", "boosted", "forest")
"""Quick components, the simplest first."""


def verdict(evaluations: Sequence[Evaluation]) -> list[str]:
    """Describe in sentences what a user may expect.

    Args:
        evaluations: One per number of labels, ascending. All sentences but the last are about the largest number.
    """
    last = evaluations[-1]
    if not any(last.informative(name) for name in last.names):
        return [
            f"The order of {last.metric} cannot be learnt from {last.labels} labels: nothing beats a constant.",
            "Measure more, or name columns that are known before training with --features.",
            *_curve(evaluations),
        ]
    sentences = [_order(last), _top(last), _simplest(last), *_values(last), *_intervals(last), _deviations(last)]
    return [sentence for sentence in sentences if sentence] + _curve(evaluations)


def _order(found: Evaluation) -> str:
    """How often the blend orders a pair correctly."""
    pairs, tau = 100 * found.mean(BLEND, "pairs"), _with_error(found.mean(BLEND, "tau"), found.error(BLEND, "tau"))
    return (
        f"With {found.labels} labels the blend puts {pairs:.0f} of 100 pairs in the right order (chance: 50); its "
        f"Kendall tau is {tau}."
    )


def _top(found: Evaluation) -> str:
    """How good the best of the blend's first ten is."""
    best = f"the best of all {found.judged:,}"
    regret, beaten = found.mean(BLEND, "regret_at_10"), found.mean(BLEND, "beaten")
    if not found.values(BLEND, "beaten").any():
        return f"Among the ten that it puts first is {best}, in every draw."
    if regret == 0:
        return ""
    beyond = "above" if found.lower_is_better else "below"
    return (
        f"The best of the ten that it puts first is {regret:.3g} {found.metric} {beyond} {best} "
        f"(of ten at random, {found.mean(CHANCE, 'regret_at_10'):.3g}), and {_percent(beaten)} of all are better."
    )


def _simplest(found: Evaluation) -> str:
    """Whether a simpler method would do."""
    for name in SIMPLEST:
        if name in found.names and _as_well(found, name):
            rank = "rank" if name == "boosted" else "ranks"
            return f"{_capital(name)} alone {rank} as well ({found.mean(name, 'tau'):.2f}){_so(found, name)}."
    if PLAIN not in found.names:
        best = next(name for name in found.names if name != BLEND)
        gap, _ = found.gap(best)
        how = "better than the blend" if gap < 0 else "as well" if _as_well(found, best) else "best, behind the blend"
        rank = "rank" if best in ("boosted", "networks") else "ranks"
        return f"Of the components, {CALLED.get(best, best)} alone {rank} {how} ({found.mean(best, 'tau'):.2f})."
    gap, error = found.gap(PLAIN)
    without = f"{found.mean(PLAIN, 'tau'):.2f}"
    if _as_well(found, PLAIN):
        return f"Without networks the blend ranks as well ({without}): --recipe plain is enough."
    if gap > 2 * _known(error):
        return f"Networks earn their time: without them Kendall tau is {gap:.2f} lower ({without})."
    return (
        f"Whether networks earn their time cannot be said yet: without them Kendall tau is {_with_error(gap, error)} "
        "lower. Give more --repetitions."
    )


def _values(found: Evaluation) -> list[str]:
    """How near predicted values are, beside the best latency baseline; for objectives of positive values."""
    names = [name for name in found.repetitions[0].values if name != BLEND]
    if BLEND not in found.repetitions[0].values:
        return []

    def said(name: str) -> str:
        shares = (f"{100 * found.value(name, each):.0f} %" for each in ("mape", "within_5", "within_10"))
        return "{} off on average, {} of values within 5 %, {} within 10 %".format(*shares)

    ranks = f"Spearman {found.value(BLEND, 'spearman'):.2f}, Kendall {found.value(BLEND, 'kendall'):.2f}"
    best = min(names, key=lambda name: found.value(name, "mape"), default=None)
    beside = "" if best is None else f"; the best baseline, {best}: {said(best)}"
    return [f"Predicted values are {said(BLEND)} ({ranks}){beside}."]


def _so(found: Evaluation, name: str) -> str:
    """The conclusion from a simple component that ranks as well as the blend."""
    if name == "line":
        return ": structure adds nothing to costs"
    return ": --recipe plain is enough" if PLAIN in found.names else ""


def _intervals(found: Evaluation) -> list[str]:
    """Whether intervals have their nominal coverage."""
    held = {asked: found.coverage(asked) for asked in COVERAGES}
    held = {asked: (mean, error) for asked, (mean, error) in held.items() if math.isfinite(mean)}
    missing = [f"{asked:.0%}".replace("%", " %") for asked in COVERAGES if asked not in held]
    more = [f"Intervals that hold {' or '.join(missing)} need more labels."] if missing else []
    if not held:
        return more
    off = {
        asked: mean - asked for asked, (mean, error) in held.items() if abs(mean - asked) > max(HELD, 2 * _known(error))
    }
    narrow, wide = any(each < 0 for each in off.values()), any(each > 0 for each in off.values())
    how = "miss what they promise" if narrow and wide else "are too narrow" if narrow else "are too wide"
    some = f" for {' and '.join(f'{100 * asked:.0f} %' for asked in off)}" if 0 < len(off) < len(held) else ""
    numbers = ", ".join(f"{100 * mean:.0f} % of values for {100 * asked:.0f} %" for asked, (mean, _) in held.items())
    return [f"Intervals{some} {how if off else 'hold'}: they contain {numbers}.", *more]


def _deviations(found: Evaluation) -> str:
    """Whether standard deviations indicate the sizes of errors."""
    if found.deviation >= TELLING:
        return f"Where its standard deviation is larger, so are errors (rank correlation {found.deviation:.2f})."
    return f"Its standard deviations hardly say which predictions are off (rank correlation {found.deviation:.2f})."


def _curve(evaluations: Sequence[Evaluation]) -> list[str]:
    """How much doubling the labels helps."""
    if len(evaluations) < 2:
        return []
    fewer, more = evaluations[-2:]
    gains = (more.values(BLEND, "tau") - fewer.values(BLEND, "tau")) / math.log2(more.labels / fewer.labels)
    gain, error = float(gains.mean()), _known(standard_error(gains))
    brought = _with_error(gain, standard_error(gains))
    between = f"from {fewer.labels} to {more.labels} of them, a doubling brought {brought} Kendall tau"
    if gain - 2 * error > LITTLE:
        return [f"More labels pay: {between}."]
    if gain + error < 2 * LITTLE:
        return [f"More labels bring little: {between}."]
    return [f"Whether more labels pay cannot be said yet: {between}. Give more --repetitions."]


def _as_well(found: Evaluation, name: str) -> bool:
    """Whether a component ranks as well as the blend, or nearly as well."""
    gap, error = found.gap(name)
    return gap + _known(error) <= SAME


def _known(error: float) -> float:
    return error if math.isfinite(error) else 0.0


def _with_error(value: float, error: float) -> str:
    return f"{value:.2f} ± {error:.2f}" if math.isfinite(error) else f"{value:.2f}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2g} %"


def _capital(name: str) -> str:
    called = CALLED.get(name, name)
    return called[:1].upper() + called[1:]
