"""Names, meanings and text formats of methods and ranking measures, shared by tables, reports and charts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

METHODS = {
    "supervised": "supervised only",
    "proxy": "proxy ranking only",
    "flow": "flow only",
    "fgp": "FGP (flow + proxy)",
    "learned": "FGP, learned surrogate",
    "fgp_forward": "FGP, forward only",
    "fgp_backward": "FGP, backward only",
    "fgp_2_rounds": "FGP, 2 rounds",
    "fgp_3_rounds": "FGP, 3 rounds",
    "fgp_mean": "FGP, mean of messages",
    "fgp_max": "FGP, maximum of messages",
    "fgp_4_draws": "FGP, 4 draws",
    "fgp_1_to_2": "FGP, flow 1/3, proxy 2/3",
    "fgp_2_to_1": "FGP, flow 2/3, proxy 1/3",
    "quick": "recipe quick",
    "arch2vec": "arch2vec",
    "cap": "CAP",
    "cate": "CATE",
    "dclp": "DCLP",
    "gmae": "GMAE",
    "graphcl": "GraphCL",
}


@dataclass(frozen=True)
class Measure:
    """The name and meaning of a ranking measure; `is_share` if it lies between 0 (or -1) and 1."""

    name: str
    meaning: str
    higher_is_better: bool = True
    is_share: bool = True


_TAU = Measure("Kendall tau", "pairs in the right order minus pairs in the wrong order, as a fraction of all pairs")
_NAMED = {"kendall_tau": _TAU, "tau": _TAU, "spearman": Measure("Spearman", "correlation of the ranks")}
_NUMBERED = re.compile(r"(p|regret)_at_(\d+)")


def measure(key: str) -> Measure | None:
    """The measure under `key` (`tau`, `kendall_tau`, `spearman`, `p_at_K`, `regret`, `regret_at_K`), else None."""
    if key in _NAMED:
        return _NAMED[key]
    numbered = _NUMBERED.fullmatch(key)
    if numbered and numbered[1] == "p":
        share = numbered[2]
        return Measure(
            f"P@{share} %", f"fraction of the predicted best {share} % that is truly among the best {share} %"
        )
    if numbered or key == "regret":
        name = f"regret@{numbered[2]}" if numbered else "regret"
        meaning = "what is lost by taking the best of the predicted top instead of the true best"
        return Measure(name, meaning, higher_is_better=False, is_share=False)
    return None


def method_name(method: object) -> str:
    """The display name of a method; unknown methods keep their own name."""
    return METHODS.get(str(method), str(method))


def rounded(value: object, std: object = None) -> str:
    """A table entry: three decimals below 10, four digits above, whole numbers whole, "–" for nothing."""
    if isinstance(value, bool) or not isinstance(value, Real | None):
        return str(value)
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    number = float(value)
    text = f"{number:.3f}" if abs(number) < 10 else f"{number:,.4g}" if abs(number) < 1e4 else f"{number:,.0f}"
    return f"{text} ({float(std):.3f})" if isinstance(std, Real) and math.isfinite(std) else text


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """The finite values, flat."""
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[np.isfinite(array)]
