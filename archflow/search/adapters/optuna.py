"""archflow's search methods as a sampler of Optuna (the extra `optuna`)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from archflow.errors import ArchflowError
from archflow.graph import Architecture
from archflow.search.adapters.follower import Follower, Known, Method, space_of
from archflow.spaces.base import SearchSpace

try:
    from optuna.distributions import BaseDistribution  # pyright: ignore[reportMissingImports]
    from optuna.exceptions import TrialPruned  # pyright: ignore[reportMissingImports]
    from optuna.samplers import BaseSampler, RandomSampler  # pyright: ignore[reportMissingImports]
    from optuna.study import Study, StudyDirection  # pyright: ignore[reportMissingImports]
    from optuna.trial import BaseTrial, FrozenTrial, Trial, TrialState  # pyright: ignore[reportMissingImports]
except ImportError:
    raise ArchflowError("a sampler of Optuna needs optuna; install it: pip install 'archflow[optuna]'") from None

ARCHITECTURE, ORIGIN = "architecture", "origin"
"""User attributes of a trial: the native string of its architecture, and why it was proposed."""

LOOKS, BETWEEN_LOOKS = 100, 0.05
"""How many times, and at what interval in seconds, to poll another process's unsettled claim."""


def suggest_architecture(trial: BaseTrial, space: str | SearchSpace) -> Architecture:
    """Return the architecture of a trial, for its objective to measure.

    The architecture is stored in the trial's user attributes from the first call on. A trial that already has one, such
    as an enqueued or re-evaluated trial, keeps it; otherwise the study's sampler proposes one.

    Args:
        trial: A trial of a study whose sampler is an `ArchflowSampler`, or any trial with the user attribute.
        space: The sampler's search space, or its name.

    Raises:
        ArchflowError: If the sampler is of another class or searches another space, or the attribute is not of the
            space.
        TrialPruned: The space is exhausted. The study is stopped.
    """
    space = space_of(space)
    if ARCHITECTURE not in trial.user_attrs:
        sampler = trial.study.sampler if isinstance(trial, Trial) else None
        if not isinstance(sampler, ArchflowSampler):
            raise ArchflowError(
                f"trial {trial.number}: no architecture; give its study an ArchflowSampler, or the trial the user "
                f"attribute {ARCHITECTURE!r}"
            )
        if sampler.space.name != space.name:
            raise ArchflowError(f"the sampler searches the space {sampler.space.name}, not {space.name}; name the same")
        sampler.propose(trial)
    return space.parse(trial.user_attrs[ARCHITECTURE])


class ArchflowSampler(BaseSampler):
    """Searches a space of architectures by a method of archflow.

    The objective calls `suggest_architecture`. All other parameters it suggests are drawn by another sampler. The
    default draws them at random from the seed, the trial's number and the parameter's name alone, so that a resumed
    study draws the same values as an uninterrupted one.

    The study's trials are the only state: any process with access to the storage can resume or join the search. A
    pruned trial counts with its last value, a failed one as not measurable. Constraints are those of Optuna 5
    (`set_constraint`); of several constraints the one with the largest value counts.

    Args:
        space: The search space, or its name.
        method: The name of a search method, or a factory that takes a problem and a seed.
        seed: Seed of every random draw.
        hyperparameters: The sampler of all other parameters, with its own settings.
        folder: Where the method caches expensive results such as pre-trained encoders; None disables the cache.

    Raises:
        ArchflowError: If a name is unknown (the message suggests the nearest one).
    """

    def __init__(
        self,
        space: str | SearchSpace,
        method: Method = "archflow",
        seed: int = 0,
        hyperparameters: BaseSampler | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self._follower = Follower(space, method, seed, folder)
        self._others = hyperparameters or _DrawnByName(seed)
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = Lock()

    @property
    def space(self) -> SearchSpace:
        """Where it searches."""
        return self._follower.space

    def propose(self, trial: Trial) -> None:
        """Choose the architecture of a trial and set its user attributes.

        If two processes choose the same architecture at the same time, one of them chooses again.
        """
        study = trial.study
        with self._lock:
            while True:
                before = _with_architecture(study)
                constrained = any(_constraints(each) for each in before)
                known = [_known(each, constrained) for each in before]
                rising = [direction is StudyDirection.MAXIMIZE for direction in study.directions]
                proposal = self._follower.ask(rising, constrained, known)
                if proposal is None:
                    with suppress(RuntimeError):  # outside of `optimize` there is no loop to stop
                        study.stop()
                    raise TrialPruned(f"the space {self.space.name} has no more architectures")
                trial.set_user_attr(ARCHITECTURE, proposal.native)
                if _keeps(trial, proposal.native):
                    trial.set_user_attr(ORIGIN, proposal.origin)
                    return

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._others.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._others.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._others.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._others.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._others.after_trial(study, trial, state, values)

    def reseed_rng(self) -> None:
        self._others.reseed_rng()


class _DrawnByName(BaseSampler):
    """Draws a parameter from the seed, the trial's number and the parameter's name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {name: self.sample_independent(study, trial, name, each) for name, each in search_space.items()}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        mixed = np.random.SeedSequence([self._seed, trial.number, zlib.crc32(param_name.encode())])
        drawn = RandomSampler(int(mixed.generate_state(1)[0]))
        return drawn.sample_independent(study, trial, param_name, param_distribution)


def _with_architecture(study: Study) -> list[FrozenTrial]:
    """The study's trials that have an architecture, in their order."""
    return [each for each in study.get_trials(deepcopy=False) if ARCHITECTURE in each.user_attrs]


def _keeps(trial: Trial, native: str) -> bool:
    """Whether a trial keeps the architecture that it has just claimed; it does not if another trial has it too.

    Of two simultaneous claims the earlier trial's counts, unless the later one is already settled, which its origin
    shows. Only earlier trials wait for an unsettled claim, so that two trials never wait for each other.
    """
    for _ in range(LOOKS):
        others = [each for each in _with_architecture(trial.study) if each.number != trial.number]
        same = [each for each in others if each.user_attrs[ARCHITECTURE] == native]
        if not same:
            return True
        if any(each.number < trial.number or _is_settled(each) for each in same):
            return False
        time.sleep(BETWEEN_LOOKS)
    return False  # its process may have died


def _is_settled(trial: FrozenTrial) -> bool:
    return ORIGIN in trial.user_attrs or trial.state is not TrialState.RUNNING


def _constraints(trial: FrozenTrial) -> Mapping[str, float]:
    """Constraint values by name, each at most 0 if kept; empty under Optuna 4, which has no named constraints."""
    return getattr(trial, "constraints", {})


def _known(trial: FrozenTrial, constrained: bool) -> Known:
    name, attributes = f"trial {trial.number}", trial.user_attrs
    common = {"name": name, "native": attributes[ARCHITECTURE], "origin": attributes.get(ORIGIN, "given")}
    if not trial.state.is_finished():
        return Known(**common)
    ended = trial.datetime_complete.timestamp()
    if trial.values is None:
        return Known(**common, failure=trial.state.name.lower(), ended=ended)
    most = (max(_constraints(trial).values(), default=0.0),) if constrained else ()
    return Known(**common, values=(*trial.values, *most), ended=ended)
