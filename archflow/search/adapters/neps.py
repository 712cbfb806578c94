"""archflow's search methods as an optimizer of NePS (the extra `neps`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.search.adapters.configurations import ARCHITECTURE, ORIGIN, native_in
from archflow.search.adapters.follower import Follower, Known, Method, Proposal
from archflow.spaces.base import SearchSpace

try:
    from neps.optimizers.algorithms import CustomOptimizer  # pyright: ignore[reportMissingImports]
    from neps.optimizers.optimizer import SampledConfig  # pyright: ignore[reportMissingImports]
    from neps.space.neps_spaces.parameters import PipelineSpace  # pyright: ignore[reportMissingImports]
    from neps.state import Trial  # pyright: ignore[reportMissingImports]
except ImportError:
    raise ArchflowError("an optimizer of NePS needs neps; install it: pip install 'archflow[neps]'") from None

WAITING = (Trial.State.PENDING, Trial.State.EVALUATING)


class ArchflowOptimizer:
    """Searches a space of architectures by a method of archflow, in a run of NePS.

        search = ArchflowOptimizer("nasbench201")
        neps.run(search.pipeline(measure), search.pipeline_space, optimizer=search.custom, ...)

    It is an `AskFunction`. NePS's trials are its only state: running the same command again resumes the search, and any
    number of processes that share `root_directory` search together. A trial that crashed counts as failed, whatever
    value NePS assigns to it.

    Fidelities are not supported: every architecture is measured once.

    Args:
        space: The search space, or its name.
        method: The name of a search method, or a factory that takes a problem and a seed.
        seed: Seed of every random draw.
        objectives: Number of values in `objective_to_minimize`.
        constraint: The key of `info_dict` whose value must be at most 0; None without a constraint.
        folder: Where the method caches expensive results such as pre-trained encoders; None disables the cache.

    Raises:
        ArchflowError: If a name is unknown (the message suggests the nearest one).
    """

    def __init__(
        self,
        space: str | SearchSpace,
        method: Method = "archflow",
        seed: int = 0,
        objectives: int = 1,
        constraint: str | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self._follower = Follower(space, method, seed, folder)
        self.objectives, self.constraint = whole("objectives", objectives, 1), constraint

    @property
    def space(self) -> SearchSpace:
        """Where it searches."""
        return self._follower.space

    @property
    def pipeline_space(self) -> PipelineSpace:
        """The `pipeline_space` argument of `neps.run`; it contains no parameter that NePS samples itself."""
        return PipelineSpace()

    @property
    def custom(self) -> CustomOptimizer:
        """The `optimizer` argument of `neps.run`. NePS stores its settings and refuses to resume with others."""
        method = self._follower.method
        settings = {
            "space": self.space.name,
            "method": method if isinstance(method, str) else getattr(method, "__qualname__", repr(method)),
            "seed": self._follower.seed,
            "objectives": self.objectives,
            "constraint": self.constraint,
        }
        return CustomOptimizer("archflow", self, settings, initialized=True)

    def pipeline(self, measure: Callable[[Architecture], Any]) -> Callable[..., Any]:
        """Build the `evaluate_pipeline` argument of `neps.run` from a function that takes an `Architecture`.

        `measure` returns what NePS expects. A hand-written pipeline receives `architecture` (the native string) and
        `origin` as keyword arguments.
        """

        def evaluate_pipeline(architecture: str, **others: Any) -> Any:
            return measure(self.space.parse(architecture))

        return evaluate_pipeline

    def __call__(
        self, trials: Mapping[str, Trial], budget_info: Any, n: int | None = None
    ) -> SampledConfig | list[SampledConfig]:
        """Return the next configuration if n is None, else a list of n, or fewer if the space is exhausted.

        Raises:
            ArchflowError: If a trial has no architecture of the space, its values do not fit, or the space is
                exhausted.
        """
        known = [self._known(name, trials[name]) for name in sorted(trials, key=_sort_key)]
        first, found = _next_id(trials), []
        for place in range(1 if n is None else n):
            proposal = self._follower.ask([False] * self.objectives, self.constraint is not None, known)
            if proposal is None:
                break
            found.append(SampledConfig(str(first + place), _configuration(proposal)))
            known.append(Known(f"trial {first + place}", proposal.native, proposal.origin))
        if not found:
            raise ArchflowError(
                f"the space {self.space.name} has no more architectures; end the run after {len(trials)}"
            )
        return found[0] if n is None else found

    def import_trials(
        self, external_evaluations: Sequence[tuple[Mapping[str, Any], Any]], trials: Mapping[str, Trial]
    ) -> NoReturn:
        """Refused: NePS imports only parameters that it samples itself, and the architecture is not one of them."""
        raise ArchflowError(
            "neps.import_trials loses the architectures of trials, which NePS does not draw itself; start a new search"
        )

    def get_trial_artifacts(self, trials: Mapping[str, Trial] | None = None) -> None:
        """This optimizer writes no artifacts."""

    def _known(self, name: str, trial: Trial) -> Known:
        shown = f"trial {name}"
        native, origin = native_in(trial.config, self._follower, shown), trial.config.get(ORIGIN, "given")
        if trial.metadata.state in WAITING:
            return Known(shown, native, origin)
        ended = trial.metadata.time_end
        ended = ended if ended is not None and isfinite(ended) else 0.0
        report = trial.report
        if report is None or report.err is not None or report.objective_to_minimize is None:
            why = str(report.err) if report is not None and report.err is not None else ""
            return Known(shown, native, origin, failure=why or trial.metadata.state.value, ended=ended)
        values = self._values(shown, report)
        if not all(map(isfinite, values)):
            return Known(shown, native, origin, failure=f"its values are {values}", ended=ended)
        return Known(shown, native, origin, values, ended=ended)

    def _values(self, name: str, report: Any) -> tuple[float, ...]:
        given = report.objective_to_minimize
        values = tuple(map(float, given)) if isinstance(given, Sequence) else (float(given),)
        if len(values) != self.objectives:
            raise ArchflowError(f"{name} has {len(values)} values to minimise, not {self.objectives}; give objectives=")
        if self.constraint is None:
            return values
        if self.constraint not in report.extra:
            raise ArchflowError(f"{name} has no constraint {self.constraint!r}; return it in info_dict")
        return (*values, float(report.extra[self.constraint]))


def _configuration(proposal: Proposal) -> dict[str, str]:
    return {ARCHITECTURE: proposal.native, ORIGIN: proposal.origin}


def _sort_key(name: str) -> tuple[list[int], str]:
    """Sort key of a trial's name: the numbers in it, then the name."""
    return [int(each) for each in re.findall(r"\d+", name)], name


def _next_id(trials: Mapping[str, Trial]) -> int:
    """One more than the largest leading number of the trials' names; 1 if there are no trials."""
    return 1 + max((int(each.group()) for each in map(re.compile(r"\d+").match, trials) if each), default=0)
