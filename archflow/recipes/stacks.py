"""Recipes: named ways to build a stacked predictor."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from archflow.data.benchmarks import Benchmark
from archflow.encoders import ENCODERS
from archflow.encoders.embedder import Embedder
from archflow.errors import ArchflowError
from archflow.graph import ArchitectureSet
from archflow.near import alternatives
from archflow.predict.components import COMPONENTS, Component
from archflow.predict.context import ContextChoice
from archflow.predict.objectives import Objective
from archflow.predict.stacked import StackedPredictor
from archflow.recipes.presets import preset_of
from archflow.recipes.unlabelled import QUICK, THOROUGH, Pretraining

PLAIN: Mapping[str, Mapping[str, Any]] = {
    name: {} for name in ("boosted", "costs", "forest", "line", "process", "ridge")
}
"""The components that need no encoder, with their default settings."""


@dataclass(frozen=True)
class Recipe:
    """How to make a `StackedPredictor`.

    Attributes:
        components: By name in `COMPONENTS`, the settings that differ from the defaults.
        pretraining: How encoders are pre-trained, without labels; None for no encoders.
        device: Where to compute.
    """

    components: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: PLAIN)
    pretraining: Pretraining | None = None
    device: str = "cpu"

    def with_component(self, name: str, **settings: Any) -> Recipe:
        """A copy with a component of that name, whose settings are replaced by these."""
        return replace(self, components={**self.components, name: {**self.components.get(name, {}), **settings}})

    def unfitted(self) -> list[Component]:
        """Make its components."""
        return [COMPONENTS.get(name)(**config) for name, config in self.components.items()]

    def embedders(
        self,
        architectures: ArchitectureSet,
        labelled: NDArray,
        proxies: Mapping[str, NDArray],
        folder: Path,
        seed: int = 21,
        on_note: Callable[[str], None] = lambda line: None,
    ) -> list[Embedder]:
        """Pre-train the encoders, several at once. Arguments as for `Pretraining.run`."""
        if self.pretraining is None:
            return []
        processes = os.cpu_count() or 1
        return self.pretraining.run(
            architectures, labelled, proxies, folder, seed, processes, on_note=on_note, device=self.device
        )

    def predictor(
        self,
        embedders: Sequence[Embedder] = (),
        columns: Sequence[str] | None = None,
        objective: Objective | str | None = None,
        seed: int = 21,
        context: ContextChoice | None = None,
    ) -> StackedPredictor:
        """Make an unfitted predictor. Arguments as for `StackedPredictor`."""
        return StackedPredictor(
            embedders,
            components=self.unfitted(),
            columns=columns,
            context=context,
            objective=objective,
            seed=seed,
            device=self.device,
        )


RECIPES: Mapping[str, Recipe] = {
    "plain": Recipe(),
    "quick": Recipe({**PLAIN, "networks": {"embedders": [0, 1]}}, QUICK),
    "best": Recipe({**PLAIN, "networks": {"embedders": [0, 1, 2], "epochs": 100}}, THOROUGH),
}
"""From seconds to minutes: without encoders; with small encoders (the default); with large ones."""

BUDGETS = {20.0: "plain", 300.0: "quick", float("inf"): "best"}
"""Budgets in seconds up to which each recipe is chosen. They are targets: fitting does not watch the time."""


def recipe_of(name: str, benchmark: Benchmark | None = None, encoder: str | None = None) -> Recipe:
    """Look up a recipe, with the published settings of pretext tasks for a benchmark.

    Args:
        name: A name in `RECIPES`.
        benchmark: The benchmark whose settings to use; None for a user's own table.
        encoder: A kind of encoder to pre-train instead of the recipe's, with the settings published for it. Encoders
            that the recipe leaves untrained stay.

    Raises:
        ArchflowError: If there is no recipe of that name, or it has no encoder to replace.
    """
    if name not in RECIPES:
        raise ArchflowError(f"no recipe is called {name!r}; {alternatives(name, RECIPES)}")
    recipe, preset = RECIPES[name], preset_of(benchmark)
    if recipe.pretraining is None:
        if encoder:
            raise ArchflowError(f"--encoder {encoder}: the recipe {name!r} has no encoder; leave one of the two out")
        return recipe
    starts = recipe.pretraining.starts
    if encoder:
        ENCODERS.get(encoder)  # before the work: the name may be wrong, or that of a module to import
        config = preset.published(encoder).config
        starts = [replace(each, encoder=encoder, config=config) if each.task else each for each in starts]
    return replace(recipe, pretraining=replace(recipe.pretraining, starts=starts, tasks=preset.tasks))


def recipe_within(budget: str) -> str:
    """The name of the best recipe for a budget such as 90s, 2m or 1h.

    Raises:
        ArchflowError: If the budget is not a duration.
    """
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = budget[:-1], budget[-1:]
    try:
        seconds = float(number) * units[unit]
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ArchflowError(f"--budget {budget!r}: give a positive duration such as 90s, 2m or 1h")
    return next(name for most, name in BUDGETS.items() if seconds <= most)
