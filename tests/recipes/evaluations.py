"""Evaluations that were never run."""

from collections.abc import Mapping, Sequence

import numpy as np

from archflow.graph.table import Table
from archflow.recipes.evaluation import Evaluation
from archflow.recipes.judging import BLEND, CHANCE, Repetition, measures_of_chance
from tests.tables import scored_cells

TABLE: Table = scored_cells(60).with_metrics({"params": np.random.default_rng(3).random(60)})
METRIC = "score"


def evaluation(
    taus: Mapping[str, Sequence[float]],
    labels: int = 50,
    regret: float = 0.25,
    beaten: float = 0.02,
    held: Mapping[float, Sequence[float]] | None = None,
    deviation: float = 0.3,
    lower_is_better: bool = False,
    judged: int = 4000,
) -> Evaluation:
    """One with these Kendall taus, a list over the draws for the blend and each component.

    held: Of every coverage that was asked, what intervals held in each draw.
    """
    draws = len(taus[BLEND])
    held = {0.5: [0.5] * draws, 0.8: [0.8] * draws, 0.95: [0.95] * draws} if held is None else held
    rows = np.arange(40)
    truth = TABLE.metric(METRIC)[rows]
    repetitions = []
    for draw in range(draws):
        measures = {
            name: {
                **measures_of_chance(truth),
                **{"tau": own[draw], "pairs": (1 + own[draw]) / 2, "regret_at_10": regret, "beaten": beaten},
            }
            for name, own in taus.items()
        }
        measures[CHANCE] = {**measures_of_chance(truth), "regret_at_10": 2.0}
        names = [name for name in taus if not name.startswith(BLEND)]
        weights = {name: 1 / len(names) for name in names}
        coverage = {asked: own[draw] for asked, own in held.items()}
        ends = (truth - 1, truth + 1)
        repetitions.append(Repetition(measures, weights, coverage, deviation, judged, rows, truth + 0.1, *ends))
    return Evaluation(TABLE, METRIC, lower_is_better, labels, repetitions)
