"""Explanations in words: effects with their uncertainty, the costs of blocks and the best changes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from archflow.report.explanation_facts import BlockFacts, EffectFacts, ExplanationFacts

METHODS = {
    "counterfactual": "what changes",
    "integrated_gradients": "integrated gradients",
    "critical": "CARL's causal scores",
}
"""What the methods of attribution are called."""


def with_spread(value: float, std: float, sign: bool = False) -> str:
    """A number and its standard deviation, both to the second digit of the latter: "-18.4 ± 4.1"."""
    if not math.isfinite(value):
        return "not known"
    if not (math.isfinite(std) and std > 0):
        return f"{value:+.3g}" if sign else f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(std)))
    return f"{value:{'+' if sign else ''}.{digits}f} ± {std:.{digits}f}"


def effect_text(effect: EffectFacts, unit: str) -> str:
    """An effect with its sign and unit."""
    text = with_spread(effect.value, effect.std, sign=True)
    return f"{text} {unit}" if unit and math.isfinite(effect.value) else text


def prediction_text(explanation: ExplanationFacts) -> str:
    """What is explained, in a few words."""
    return f"predicted {explanation.metric}: {with_spread(explanation.prediction, explanation.std)}"


def block_sentence(explanation: ExplanationFacts, block: BlockFacts) -> str:
    """The effect of a block and the best change in it; empty if neither is known or relevant."""
    parts, lower = [], explanation.lower_is_better
    if math.isfinite(block.removed.value):
        parts.append(_worth(explanation, block))
    best = explanation.changes[block.best].effect if block.best >= 0 else None
    change = explanation.changes[block.best].text if block.best >= 0 else ""
    if best is not None and (best.value < 0 if lower else best.value > 0) and change != f"{block.text} removed":
        size = _size(best, explanation.unit)
        change = change.removeprefix(f"{block.text.partition(' (')[0]}: ")
        parts.append(f"{change} {'saves' if lower else 'adds'} {size}")
    return f"{block.text}: {'; '.join(parts)}" if parts else ""


def _worth(explanation: ExplanationFacts, block: BlockFacts) -> str:
    size = _size(block.removed, explanation.unit)
    without = f"with {block.instead} instead" if block.instead else "without it"
    if explanation.lower_is_better and block.removed.value < 0:
        return f"costs {size} of {explanation.metric}" if not block.instead else f"{without}, saves {size}"
    return f"{without}, {explanation.metric} {'falls' if block.removed.value < 0 else 'rises'} by {size}"


def _size(effect: EffectFacts, unit: str) -> str:
    """An effect without its sign."""
    text = with_spread(abs(effect.value), effect.std)
    return f"{text} {unit}" if unit else text


def block_sentences(explanation: ExplanationFacts, most: int) -> list[str]:
    """Sentences about the blocks that matter most."""

    def weight(block: BlockFacts) -> float:
        best = abs(explanation.changes[block.best].effect.value) if block.best >= 0 else 0.0
        return abs(block.removed.value) if math.isfinite(block.removed.value) else best

    ordered = sorted(explanation.blocks, key=lambda block: -weight(block))
    return [text for text in (block_sentence(explanation, block) for block in ordered) if text][:most]


def extremes(explanation: ExplanationFacts, most: int) -> tuple[list[int], list[int]]:
    """Positions of the changes that improve the metric most, and of those that harm it most, the extreme one first."""
    sign = -1.0 if explanation.lower_is_better else 1.0
    gains: Sequence[float] = [sign * each.effect.value for each in explanation.changes]
    best = [place for place, gain in enumerate(gains) if gain > 0][:most]
    worst = [place for place, gain in enumerate(gains) if gain <= 0][::-1][:most]
    return best, worst
