"""Which predictor a user asks for, and whether the options go together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archflow.data.benchmarks import Benchmark
from archflow.device import usable
from archflow.encoders import ENCODERS
from archflow.encoders.pretrained import is_pretrained
from archflow.errors import ArchflowError
from archflow.graph.table import Table
from archflow.near import alternatives
from archflow.predict.context import ContextChoice
from archflow.progress import LOGGER
from archflow.recipes.fitting import DEFAULT, FitPredictor, Task, network_predictor, stacked_predictor
from archflow.recipes.stacks import RECIPES, Recipe, recipe_of, recipe_within

NETWORKS = "networks"
"""The recipe that uses networks alone."""


@dataclass(frozen=True)
class Choice:
    """The options of `archflow fit` that decide which predictor it fits; None or empty if not given.

    Attributes:
        recipe: A name in `RECIPES`, or `NETWORKS`.
        budget: A duration, which chooses the recipe.
        encoder: A pre-trained encoder, or a kind of encoder.
        columns: Columns that are known before training.
        sources: Columns that say something about the metric, such as the accuracy after few epochs or on another task.
        proxies: Proxies to rank in pre-training.
        view, positions, members: For the recipe `NETWORKS` only.
        epochs: Fine-tuning epochs of networks.
        seed: Random seed.
        context: The column of devices or tasks.
        device: Where to compute.
    """

    recipe: str | None = None
    budget: str | None = None
    encoder: str | None = None
    columns: Sequence[str] | None = None
    sources: Sequence[str] = ()
    proxies: Sequence[str] = ()
    view: str | None = None
    positions: bool = False
    members: int | None = None
    epochs: int | None = None
    seed: int = 21
    context: ContextChoice | None = None
    device: str = "cpu"

    def named(self, metrics: int) -> str:
        """The name of the recipe for this number of metrics. Only networks learn several metrics together."""
        if self.recipe:
            return self.recipe
        return recipe_within(self.budget) if self.budget else NETWORKS if metrics > 1 else DEFAULT

    def with_context(self, table: Table, text: str | None, unseen: bool = False) -> Choice:
        """The choice with the context that an option names. Raises ArchflowError if the table lacks its column."""
        return self if text is None else replace(self, context=ContextChoice.parsed(text, table.column_names, unseen))

    def checked(self, metrics: int, context: str | None = None, unseen: bool = False) -> Choice:
        """Return this choice if its options go together.

        Args:
            metrics: The number of metrics.
            context, unseen: The options of `with_context`.

        Raises:
            ArchflowError: If an option does not fit the recipe; the message names it.
        """
        usable(self.device)
        if self.encoder and not self.ready:
            ENCODERS.get(self.encoder)
        if self.recipe and self.budget:
            raise ArchflowError("--budget chooses the recipe: leave it or --recipe out")
        name = self.named(metrics)
        if name not in (*RECIPES, NETWORKS):
            raise ArchflowError(f"no recipe is called {name!r}; {alternatives(name, [*RECIPES, NETWORKS])}")
        for option, given, works in (
            ("--view", self.view, name == NETWORKS),
            ("--positions", self.positions, name == NETWORKS),
            ("--members", self.members, name == NETWORKS),
            ("--features", self.columns, name != NETWORKS),
            ("--sources", self.sources, name != NETWORKS),
            ("--proxy", self.proxies, name not in (NETWORKS, "plain")),
            ("--context", context, name != NETWORKS),
            ("--epochs", self.epochs, name != "plain" or self.encoder),
        ):
            if given and not works:
                raise ArchflowError(f"{option}: not of the recipe {name!r}; leave it out, or give another --recipe")
        if unseen and context is None:
            raise ArchflowError("--unseen: of which devices or tasks? Name their column with --context")
        return self

    def predictor(
        self, task: Task, benchmark: Benchmark | None, folder: Path, on_note: Callable[[str], None]
    ) -> FitPredictor:
        """Make the unfitted predictor. Arguments as for `stacked_predictor`."""
        if task.note:
            on_note(task.note)
        name = self.named(len(task.metrics))
        LOGGER.debug("recipe %s: %s labels of %s, seed %s", name, len(task.rows), ", ".join(task.metrics), self.seed)
        if name == NETWORKS:
            networks = network_predictor(
                task, benchmark, self.encoder, self.view, self.positions, self.members, self.epochs, self.seed
            )
            networks.device = usable(self.device)
            return networks
        parts = self.recipe_for(name, benchmark)
        return stacked_predictor(
            task, folder, parts, self.ready, self.columns, self.proxies, self.seed, on_note, self.context
        )

    @property
    def ready(self) -> str | None:
        """The encoder, if it is already pre-trained."""
        return self.encoder if self.encoder and is_pretrained(self.encoder) else None

    def recipe_for(self, name: str, benchmark: Benchmark | None) -> Recipe:
        """The named recipe, with the changes that the options make."""
        parts = replace(recipe_of(name, benchmark, None if self.ready else self.encoder), device=self.device)
        if self.ready:
            parts = parts.with_component("networks", embedders=[])
        if self.epochs:
            parts = parts.with_component("networks", epochs=self.epochs)
        return parts.with_component("experts", columns=list(self.sources)) if self.sources else parts
