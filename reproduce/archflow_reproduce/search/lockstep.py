"""Searches with several seeds in lockstep: those that fit a model fit it together, as members of one module."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from archflow.search.base import Searcher
from archflow.search.model_based import ModelBased
from archflow.spaces.table_space import TableSpace


def run_together(
    searchers: Sequence[Searcher], budget: int, on_round: Callable[[int], None] = lambda done: None
) -> list[float]:
    """Run searchers in tables until each has spent a budget of queries.

    Returns:
        Seconds of processor time spent on proposals, for each searcher.
    """
    import time

    spent = [0.0 for _ in searchers]
    going = list(range(len(searchers)))
    while going:
        began = time.process_time()
        _fit_together([searchers[each] for each in going])
        fitting = (time.process_time() - began) / len(going)
        for each in list(going):
            searcher = searchers[each]
            began = time.process_time()
            left = budget - len(searcher.history)
            asked = searcher.ask(min(searcher.batch, left))
            spent[each] += time.process_time() - began + fitting
            if len(asked):
                space = searcher.space
                assert isinstance(space, TableSpace)
                rows = space.table_of(asked)
                metrics = searcher.problem.metrics
                searcher.tell(asked, {name: rows.metric(name) for name in metrics})
            if not len(asked) or len(searcher.history) >= budget:
                going.remove(each)
        on_round(min(len(searcher.history) for searcher in searchers))
    return spent


def _fit_together(searchers: Sequence[Searcher]) -> None:
    """Fit the models that searchers need next; all models of one surrogate are fitted in one call."""
    waiting = [each for each in searchers if isinstance(each, ModelBased) and each.wants_model]
    if len(waiting) > 1:
        surrogate = waiting[0].surrogate
        for searcher, model in zip(waiting, surrogate.fit([each.lesson() for each in waiting]), strict=True):
            searcher.take(model)


def asked_rows(searcher: Searcher) -> np.ndarray:
    """(n,) rows of the table in the order in which they were asked for."""
    space = searcher.space
    assert isinstance(space, TableSpace)
    return space.rows[space.numbers(searcher.history.architectures)]
