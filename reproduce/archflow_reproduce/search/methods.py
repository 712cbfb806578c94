"""The methods of the study `search`: searchers with their settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from archflow.encoders.create import create
from archflow.errors import ArchflowError
from archflow.search.base import SEARCHERS, Searcher
from archflow.search.lessons import typical
from archflow.search.methods.archflow_search import ArchflowSearch
from archflow.search.problem import Problem
from archflow_reproduce.search import loop as loop  # registers it

ENCODERS = 3
"""Number of different pre-trainings over the seeds of archflow's own method: one per seed would take most of the
time, and add little information."""


@dataclass(frozen=True)
class Method:
    """A search method of the study.

    Attributes:
        searcher: Its registered name.
        settings: Settings that differ from the defaults.
    """

    searcher: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def applies(self, problem: Problem) -> bool:
        """Whether the method supports this number of objectives, and its encoder the operations of the space."""
        if len(problem.objectives) > 1 and not SEARCHERS.get(self.searcher).takes_several:
            return False
        if "encoder" not in self.settings:
            return True
        try:
            create(self.settings["encoder"]).prepare(typical(problem.space))
        except ArchflowError:
            return False
        return True

    def searchers(
        self, problem: Problem, seeds: Sequence[int], known: dict[tuple[str, int], ArchflowSearch]
    ) -> list[Searcher]:
        """One searcher per seed.

        Args:
            problem: The search problem.
            seeds: Seeds of the searches.
            known: Searchers whose pre-trainings are reused for the same problem; filled here.
        """
        make: Callable[..., Searcher] = SEARCHERS.get(self.searcher)
        made = [make(problem, seed, **self.settings) for seed in seeds]
        for seed, searcher in zip(seeds, made, strict=True):
            if isinstance(searcher, ArchflowSearch):
                first = make(problem, seed % ENCODERS, **self.settings)
                assert isinstance(first, ArchflowSearch)
                searcher.share(known.setdefault((searcher.pretraining, seed % ENCODERS), first))
        return made


METHODS: Mapping[str, Method] = {
    "archflow": Method("archflow"),
    "archflow, no deviation": Method("archflow", {"spread": 0.0}),
    "archflow, whole deviation": Method("archflow", {"spread": 1.0}),
    "archflow, batches of 5": Method("archflow", {"each": 5}),
    "archflow, 20 first": Method("archflow", {"initial": 20}),
    "archflow, no encoders": Method("archflow", {"pretraining": "none"}),
    "archflow, blend": Method("archflow", {"model": "plain"}),
    "archflow, blend with networks": Method("archflow", {"model": "quick"}),
    **{
        name: Method(name)
        for name in (
            *("random", "local_search", "regularized_evolution", "bananas", "npenas", "weaknas", "brp_nas"),
            *("predictor_evolution", "carl_evolution", "arch2vec_rl", "arch2vec_bo", "cate_dngo_ls"),
            *("gmae_ae", "gmae_bo", "gmae_rl", "tree_search", "generator"),
            *("nsga2", "multi_objective_regularized_evolution", "loop"),
        )
    },
    "npenas protocol fgp": Method("npenas", {"protocol": "fgp"}),
    "npenas protocol fgp pre-trained": Method("npenas", {"protocol": "fgp", "encoder": "gated_gcn.fgp-nasbench201"}),
}


def chosen(names: Sequence[str]) -> dict[str, Method]:
    """The methods with these names or patterns; all if none is given. Raises ArchflowError for an unknown name."""
    for name in names:
        if not any(fnmatchcase(each, name) for each in METHODS):
            raise ArchflowError(f"no method is called {name!r}; there are: {'; '.join(METHODS)}")
    return {each: METHODS[each] for each in METHODS if not names or any(fnmatchcase(each, name) for name in names)}
