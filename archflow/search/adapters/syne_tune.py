"""archflow's search methods as a searcher of Syne Tune (the extra `syne-tune`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from archflow.bounds import whole
from archflow.errors import ArchflowError
from archflow.search.adapters.configurations import ARCHITECTURE, native_in
from archflow.search.adapters.follower import Follower, Known, Method, space_of
from archflow.spaces.base import SearchSpace

try:
    from syne_tune.config_space import Domain, Uniform  # pyright: ignore[reportMissingImports]
    from syne_tune.optimizer.schedulers.searchers.searcher import (  # pyright: ignore[reportMissingImports]
        BaseSearcher,
    )
except ImportError:
    raise ArchflowError(
        "a searcher of Syne Tune needs syne-tune; install it: pip install 'archflow[syne-tune]'"
    ) from None


class NativeString(Domain):
    """A Syne Tune domain: the native strings of a space of architectures.

    Args:
        space: The search space, or its name.
    """

    class _Uniform(Uniform):
        def sample(
            self,
            domain: NativeString,
            spec: Any = None,
            size: int = 1,
            random_state: np.random.RandomState | None = None,
        ) -> str | list[str]:
            drawn = np.random if random_state is None else random_state  # as Syne Tune's own domains do
            generator = np.random.default_rng(drawn.randint(2**31, size=4))
            found = [domain._space.format(each) for each in domain._space.sample(size, generator)]
            return found[0] if size == 1 else found

    default_sampler_cls = _Uniform

    def __init__(self, space: str | SearchSpace) -> None:
        self._space = space_of(space)
        self.space = self._space.name

    @property
    def value_type(self) -> type[str]:
        return str

    @property
    def domain_str(self) -> str:
        return f"architectures of {self.space}"

    def is_valid(self, value: Any) -> bool:
        try:
            self._space.parse(value)
        except ArchflowError:
            return False
        return True

    def match_string(self, value: str) -> str:
        return value

    def __len__(self) -> int:
        return self._space.size if self._space.size <= sys.maxsize else 0

    def __repr__(self) -> str:
        return f"NativeString({self.space!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NativeString) and self.space == other.space and super().__eq__(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # as other domains


class ArchflowSearcher(BaseSearcher):
    """Searches a space of architectures by a method of archflow, in an experiment of Syne Tune.

        searcher = ArchflowSearcher("nasbench201")
        SingleObjectiveScheduler(searcher.config_space, metric="error", searcher=searcher)

    A trial receives the native string as `architecture`. The scheduler's configuration space may contain further
    constants, but no further parameters to search. Only the last result of a trial counts; earlier ones are ignored.
    The trials, which Syne Tune stores with its tuner, are the only state.

    Args:
        space: The search space, or its name.
        method: The name of a search method, or a factory that takes a problem and a seed.
        seed: Seed of every random draw.
        objectives: Number of metrics of the scheduler.
        points_to_evaluate: Initial configurations.
        folder: Where the method caches expensive results such as pre-trained encoders; None disables the cache.

    Raises:
        ArchflowError: If a name is unknown (the message suggests the nearest one), or a configuration has no
            architecture of the space.
    """

    def __init__(
        self,
        space: str | SearchSpace,
        method: Method = "archflow",
        seed: int = 0,
        objectives: int = 1,
        points_to_evaluate: Sequence[Mapping[str, Any]] = (),
        folder: str | Path | None = None,
    ) -> None:
        self._follower = Follower(space, method, seed, folder)
        self.objectives = whole("objectives", objectives, 1)
        for place, configuration in enumerate(points_to_evaluate):
            native_in(configuration, self._follower, f"point {place}")
        super().__init__(
            {ARCHITECTURE: NativeString(self._follower.space)}, [dict(each) for each in points_to_evaluate], seed
        )
        self._trials: list[Known] = []
        self._of_trial: dict[int, int] = {}
        self._results = 0

    @property
    def space(self) -> SearchSpace:
        """Where it searches."""
        return self._follower.space

    def suggest(self, **kwargs: Any) -> dict[str, Any] | None:
        """Return the next configuration; None, which ends the experiment, if the space is exhausted."""
        name = f"trial {len(self._trials)}"
        given = self._next_points_to_evaluate()
        if given is not None:
            self._trials.append(Known(name, given[ARCHITECTURE]))
            return given
        proposal = self._follower.ask([False] * self.objectives, False, self._trials)
        if proposal is None:
            return None
        self._trials.append(Known(name, proposal.native, proposal.origin))
        return {ARCHITECTURE: proposal.native}

    def on_trial_result(self, trial_id: int, config: dict[str, Any], metrics: float | list[float]) -> None:
        """Ignored: only the last result of a trial counts."""
        self._number(trial_id, config)

    def on_trial_complete(self, trial_id: int, config: dict[str, Any], metrics: float | list[float]) -> None:
        """Record the last result of a trial; the scheduler passes metrics that are better when lower.

        Raises:
            ArchflowError: If the configuration has no architecture of the space, or the number of metrics differs from
                `objectives`.
        """
        values = tuple(map(float, metrics)) if isinstance(metrics, Sequence) else (float(metrics),)
        if len(values) != self.objectives:
            raise ArchflowError(f"trial {trial_id} has {len(values)} metrics, not {self.objectives}; give objectives=")
        finite = all(map(isfinite, values))
        self._end(
            self._number(trial_id, config), values if finite else None, "" if finite else f"its metrics are {values}"
        )

    def on_trial_error(self, trial_id: int) -> None:
        """Record that a trial's architecture could not be measured.

        A trial that never reported a result is identified by its number, since every suggestion becomes one trial.
        """
        number = self._of_trial.get(trial_id, trial_id)
        if number < len(self._trials):
            self._end(number, None, "its evaluation failed")

    def _end(self, number: int, values: tuple[float, ...] | None, failure: str) -> None:
        self._results += 1
        self._trials[number] = replace(self._trials[number], values=values, failure=failure, ended=float(self._results))

    def _number(self, trial_id: int, config: Mapping[str, Any]) -> int:
        """Return a trial's index; a trial that was not suggested here is appended.

        An example is a trial of an earlier experiment.
        """
        if trial_id not in self._of_trial:
            native = native_in(config, self._follower, f"trial {trial_id}")
            taken = set(self._of_trial.values())
            same = (number for number, each in enumerate(self._trials) if each.native == native and number not in taken)
            self._of_trial[trial_id] = next(same, len(self._trials))
            if self._of_trial[trial_id] == len(self._trials):
                self._trials.append(Known(f"trial {trial_id}", native))
        return self._of_trial[trial_id]
