"""Large numbers as people write them."""

from __future__ import annotations

import math

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def short(value: float, unit: str = "") -> str:
    """Three digits and a decimal prefix, `25.6 M`; a dash for what is not known."""
    if not math.isfinite(value):
        return "–"
    number, prefix = float(value), 0
    while abs(number) >= 999.5 and prefix < len(_PREFIXES) - 1:
        number, prefix = number / 1000, prefix + 1
    whole = prefix == 0 and number == int(number)
    digits = 0 if whole or abs(number) >= 99.95 else 1 if abs(number) >= 9.995 else 2
    return " ".join(each for each in (f"{number:.{digits}f}", _PREFIXES[prefix] + unit) if each)


def percent(value: float, total: float) -> str:
    """A part of a total: whole percents from 10 on; nothing for no part, or where there is no total."""
    if not (math.isfinite(value) and math.isfinite(total) and total > 0 and value > 0):
        return ""
    share = 100 * value / total
    return "< 0.1 %" if share < 0.1 else f"{share:.0f} %" if share >= 9.95 else f"{share:.1f} %"
