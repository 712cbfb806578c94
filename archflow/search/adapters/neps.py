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
    """Searches a space of architectures by a method of archflow, in a run of NePS:

        search = ArchflowOptimizer("nasbench201")
        neps.run(search.pipeline(measure), search.pipeline_space, optimizer=search.custom, ...)

    It is an `AskFunction`. All state is NePS's trials: the same command resumes, and any number of processes that share
    `root_directory` search together. A trial that crashed counts as not measurable, whatever value NePS gives it.

    Fidelities are not supported: an architecture is measured once.

    Args:
        space: Its name, or the space itself.
        method: The name of the search method, or what makes it of a problem and a seed.
        seed: Decides all that is drawn.
        objectives: How many values `objective_to_minimize` has.
        constraint: The key of `info_dict` whose value must be at most 0; None if there is no constraint.
        folder: Where the method keeps what takes long to compute, such as encoders; None for nowhere.

    Raises:
        ArchflowError: A name is unknown; the nearest one is said.
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
        """What `neps.run` takes as `pipeline_space`: NePS draws no parameter of its own."""
        return PipelineSpace()

    @property
    def custom(self) -> CustomOptimizer:
        """What `neps.run` takes as `optimizer`. NePS keeps its settings, and refuses to resume with others."""
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
        """What `neps.run` takes as `evaluate_pipeline`, of a function that is given the architecture itself and returns
        what NePS takes. One of your own is given `architecture`, the native string, and `origin`, as keywords."""

        def evaluate_pipeline(architecture: str, **others: Any) -> Any:
            return measure(self.space.parse(architecture))

        return evaluate_pipeline

    def __call__(
        self, trials: Mapping[str, Trial], budget_info: Any, n: int | None = None
    ) -> SampledConfig | list[SampledConfig]:
        """The next configuration for n = None, or a list of n; fewer if the space has no more.

        Raises:
            ArchflowError: A trial has no architecture of the space, or its values do not fit; or the space has no more.
        """
        known = [self._known(name, trials[name]) for name in sorted(trials, key=_place)]
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
        """NePS hands on only parameters that it draws itself, and an architecture is none of them."""
        raise ArchflowError(
            "neps.import_trials loses the architectures of trials, which NePS does not draw itself; search anew"
        )

    def get_trial_artifacts(self, trials: Mapping[str, Trial] | None = None) -> None:
        """It makes none."""

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


def _place(name: str) -> tuple[list[int], str]:
    """Orders names of trials by the numbers in them."""
    return [int(each) for each in re.findall(r"\d+", name)], name


def _next_id(trials: Mapping[str, Trial]) -> int:
    """One more than the largest number that a trial begins with, from 1."""
    return 1 + max((int(each.group()) for each in map(re.compile(r"\d+").match, trials) if each), default=0)
