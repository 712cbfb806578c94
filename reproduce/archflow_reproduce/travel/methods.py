"""The methods of the study `travel` by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from archflow.errors import ArchflowError
from archflow_reproduce.travel import baselines, ours
from archflow_reproduce.travel.answer import Answer
from archflow_reproduce.travel.pool import Pool, Task


@dataclass(frozen=True)
class Method:
    """A way to rank architectures from few labels.

    Attributes:
        answer: Fits and predicts.
        applies: Whether a table has what the method needs.
        is_ours: Whether it is archflow's rather than a baseline.
        otherwise: The method that it equals on tables to which it does not apply; empty if there is none.
        settings: Must change with the method's behaviour: measurements with other settings are repeated.
    """

    answer: Callable[[Task], Answer]
    applies: Callable[[Pool], bool] = lambda pool: True
    is_ours: bool = False
    otherwise: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


SETS: Mapping[str, Sequence[str]] = {
    "plain": ("plain",),
    "plain+columns": ("plain", "columns"),
    "graf": ("graf",),
    "all": ("plain", "graf", "columns"),
}
"""Kinds of features for every regressor; a table may have no known columns."""

REGRESSORS: Mapping[str, tuple[Callable[..., Answer], Mapping[str, Any]]] = {
    "xgboost": (baselines.xgboost, baselines.XGBOOST),
    "lightgbm": (baselines.lightgbm, baselines.LIGHTGBM),
    "random_forest": (baselines.random_forest, baselines.FOREST),
    "ridge": (baselines.ridge, {"penalties": baselines.PENALTIES}),
    "gaussian_process": (baselines.gaussian_process, {}),
}

COLUMNS = {"params": ("params", "params_M", "num_params", "*_para"), "flops": ("flops", "flops_*")}
"""Known columns that are used alone as rankings, and their names in tables."""


def _on_features(regressor: Callable[..., Answer], kinds: Sequence[str], task: Task) -> Answer:
    return regressor(task, baselines.features_of(task, kinds))


def _column_of(pool: Pool, patterns: Sequence[str]) -> str | None:
    return next((n for pattern in patterns for n in pool.table.metrics if fnmatchcase(n, pattern)), None)


def _by_column(patterns: Sequence[str], task: Task) -> Answer:
    name = _column_of(task.pool, patterns)
    assert name is not None, "the method applies"
    return baselines.column(task, name)


def _has_column(patterns: Sequence[str], pool: Pool) -> bool:
    return _column_of(pool, patterns) is not None


def _regressor(name: str, features: str) -> Method:
    regressor, settings = REGRESSORS[name]
    answer = partial(_on_features, regressor, SETS[features])
    if features == "plain+columns":
        return Method(answer, lambda pool: bool(pool.table.metrics), otherwise=f"{name}/plain", settings=settings)
    return Method(answer, settings=settings)


BASELINES: Mapping[str, Method] = {
    **{f"{name}/{features}": _regressor(name, features) for name in REGRESSORS for features in SETS},
    **{name: Method(partial(_by_column, p), partial(_has_column, p)) for name, p in COLUMNS.items()},
}

OURS: Mapping[str, Method] = {
    "default": Method(ours.default, is_ours=True),
    "best": Method(ours.best, is_ours=True),
    "without_encoders": Method(ours.without_encoders, is_ours=True),
}


def methods() -> dict[str, Method]:
    """All methods by name, archflow's first."""
    return {**OURS, **BASELINES}


def chosen(names: Sequence[str]) -> dict[str, Method]:
    """The methods of these names, or that match a pattern such as `xgboost/*`; `baselines` and `ours` are groups.

    Raises:
        ArchflowError: If no method has that name or matches.
    """
    known = methods()
    found: dict[str, Method] = {}
    for name in names or known:
        groups = {"baselines": BASELINES, "ours": {n: m for n, m in known.items() if m.is_ours}}
        fits = groups.get(name) or {n: m for n, m in known.items() if fnmatchcase(n, name)}
        if not fits:
            raise ArchflowError(f"no method is called {name!r}; there are: baselines, ours, {', '.join(known)}")
        found |= fits
    return found
