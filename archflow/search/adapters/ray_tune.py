"""archflow's search methods as a searcher of Ray Tune (the extra `ray`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from archflow.described import Described, parse
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.search.adapters.follower import Follower, Known, Method
from archflow.spaces.base import SearchSpace

try:
    from ray.tune.search import Searcher  # pyright: ignore[reportMissingImports]
    from ray.tune.search.variant_generator import (  # pyright: ignore[reportMissingImports]
        generate_variants,
        parse_spec_vars,
    )
except ImportError:
    raise ArchflowError("a searcher of Ray Tune needs ray; install it: pip install 'archflow[ray]'") from None

ARCHITECTURE = "architecture"
"""The entry of a trial's configuration that holds the native string of its architecture."""


class _Saved(Described):
    """The content of a file written by `ArchflowSearcher.save`."""

    kind: Literal["archflow searcher of Ray Tune"] = "archflow searcher of Ray Tune"
    space: str
    goals: dict[str, Literal["max", "min"]]
    trials: dict[str, Known]

    @model_validator(mode="after")
    def _each_goal_has_a_value(self) -> _Saved:
        for trial_id, known in self.trials.items():
            if known.values is not None and len(known.values) != len(self.goals):
                raise ValueError(f"{trial_id} has {len(known.values)} values for {len(self.goals)} metrics")
        return self


class ArchflowSearcher(Searcher):
    """Searches a space of architectures by a method of archflow.

    A trial's configuration holds the native string under `architecture`. All other parameters of the tuner's space are
    drawn at random from the seed and the trial's number; grids are not supported.

    A trial that a scheduler stopped counts with its last value. A trial that failed, or did not report a metric as a
    finite number, counts as not measurable.

    Args:
        space: The search space, or its name.
        method: The name of a search method, or a factory that takes a problem and a seed.
        seed: Seed of every random draw.
        metric: The name, or names, under which trials report what to optimise. Tune passes it on only if the tuner has
            a parameter space.
        mode: `max` or `min`, or one of these per metric.
        folder: Where the method caches expensive results such as pre-trained encoders; None disables the cache.

    Raises:
        ArchflowError: If a name is unknown (the message suggests the nearest one).
    """

    def __init__(
        self,
        space: str | SearchSpace,
        method: Method = "archflow",
        seed: int = 0,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        super().__init__()
        self._metric, self._mode = metric, mode
        self._follower, self._seed = Follower(space, method, seed, folder), seed
        self._parameters: dict[str, Any] = {}
        self._trials: dict[str, Known] = {}

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: Mapping[str, Any], **spec: Any
    ) -> bool:
        """Called by Tune: take the metric and mode, unless the searcher has its own, and the other parameters."""
        if parse_spec_vars(config)[2]:
            raise ArchflowError("param_space: a searcher proposes one trial at a time; take tune.choice, not grids")
        self._metric, self._mode = self._metric or metric, self._mode or mode
        self._parameters = dict(config)
        return True

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        """Return a trial's configuration, always the same for the same trial; FINISHED if the space is exhausted."""
        if trial_id not in self._trials:
            rising = [mode == "max" for mode in self._goals().values()]
            proposal = self._follower.ask(rising, False, list(self._trials.values()))
            if proposal is None:
                return Searcher.FINISHED
            self._trials[trial_id] = Known(f"trial {trial_id}", proposal.native, proposal.origin)
        place = list(self._trials).index(trial_id)
        drawn = np.random.RandomState(np.random.MT19937(np.random.SeedSequence([self._seed, place])))
        resolved, parameters = next(generate_variants(self._parameters, random_state=drawn))
        return {**(parameters if resolved else {}), ARCHITECTURE: self._trials[trial_id].native}

    def on_trial_complete(self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False) -> None:
        """Record the result of a suggested trial that has none yet."""
        known = self._trials.get(trial_id)
        if known is not None and known.is_pending:
            values = [(result or {}).get(metric) for metric in self._goals()]
            self._trials[trial_id] = self._over(known, None if error else values)

    def add_evaluated_point(
        self,
        parameters: Mapping[str, Any],
        value: float | Sequence[float],
        error: bool = False,
        pruned: bool = False,
        intermediate_values: Sequence[float] | None = None,
    ) -> None:
        """Record an earlier measurement; its configuration has an `architecture`."""
        native = parameters.get(ARCHITECTURE)
        if native is None:
            raise ArchflowError(
                f"add_evaluated_point: no {ARCHITECTURE!r} among the parameters; give a native string there"
            )
        self._follower.key(native)
        name = f"given {len(self._trials)}"
        values = [value] if isinstance(value, int | float) else list(value)
        self._trials[name] = self._over(Known(name, native), None if error else values)

    def save(self, checkpoint_path: str | Path) -> None:
        """Write all trials to a JSON file."""
        saved = _Saved(space=self._follower.space.name, goals=self._goals(), trials=self._trials)
        write_json(checkpoint_path, saved.model_dump(mode="json"))

    def restore(self, checkpoint_path: str | Path) -> None:
        """Load the trials of a file that `save` wrote. Raises ArchflowError for another kind, space or metric."""
        saved = parse(_Saved, read_json(checkpoint_path), str(checkpoint_path), "give a file that a searcher saved")
        own = (self._follower.space.name, self._goals())
        if (saved.space, saved.goals) != own:
            raise ArchflowError(
                f"{checkpoint_path}: is of a search of {saved.space} for {saved.goals}, not of {own[0]} for {own[1]}; "
                "restore it with the same space, metric and mode"
            )
        self._trials = dict(saved.trials)

    def _goals(self) -> dict[str, Any]:
        """Metric -> `max` or `min`."""
        metrics, modes = (_several(each) for each in (self._metric, self._mode))
        if not metrics or len(metrics) != len(modes) or not set(modes) <= {"max", "min"}:
            raise ArchflowError(
                f"metric {self._metric!r}, mode {self._mode!r}: give the searcher a metric and a mode of max or min, "
                "or as many of both"
            )
        return dict(zip(metrics, modes, strict=True))

    def _over(self, known: Known, values: Sequence[Any] | None) -> Known:
        """Return a copy of a trial with its result."""
        ended = 1 + max((each.ended for each in self._trials.values()), default=0)
        if values is None:
            return replace(known, failure="it failed", ended=ended)
        if len(values) != len(self._goals()) or not all(_finite(value) for value in values):
            return replace(known, failure=f"{', '.join(self._goals())}: {values}", ended=ended)
        return replace(known, values=tuple(map(float, values)), ended=ended)


def _several(names: str | Sequence[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False
