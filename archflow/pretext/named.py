"""Tasks by name, alone or as a weighted sum: `fgp`, `flow+gmae`, `0.5*flow+2*graphcl`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.pretext.base import MASK, PRETEXT_TASKS, PretextTask, named_proxies
from archflow.pretext.joint import JointTask
from archflow.pretext.settings import checked, defaults

Settings: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Settings by task that differ from the defaults: `{"graphcl": {"temperature": 0.1}, "cate": {}}`."""


def task_weights(name: str) -> dict[str, float]:
    """Parse a name into tasks and their weights. Raises ArchflowError for an unknown task or an invalid weight."""
    weights: dict[str, float] = {}
    for part in name.split("+"):
        factor, _, task = part.rpartition("*")
        PRETEXT_TASKS.get(task.strip())
        try:
            weight = float(factor) if factor else 1.0
        except ValueError:
            weight = 0.0
        if not 0 < weight < float("inf"):
            raise ArchflowError(f"pretext task {name!r}: {factor!r} is not a positive weight; write 0.5*flow+0.5*gmae")
        if task.strip() in weights:
            raise ArchflowError(f"pretext task {name!r}: {task.strip()!r} occurs twice; name it once")
        weights[task.strip()] = weight
    return weights


def task_settings(name: str, settings: Settings | None = None) -> dict[str, dict[str, Any]]:
    """All settings of the tasks in a name: the given ones, and defaults for the others.

    Args:
        name: See `make_task`.
        settings: Settings by task; those of tasks that are not in the name have no effect.

    Raises:
        ArchflowError: If a task or a setting is unknown (the message suggests the nearest one), or a value has the
            wrong type.
    """
    settings = settings or {}
    for task in settings:
        PRETEXT_TASKS.get(task)
    return {
        task: {**defaults(PRETEXT_TASKS.get(task)), **checked(task, PRETEXT_TASKS.get(task), settings.get(task, {}))}
        for task in task_weights(name)
    }


def make_task(name: str, encoder: Encoder, settings: Settings | None = None, **own: Any) -> PretextTask:
    """Build the task of a name, or the weighted sum of several tasks.

    Args:
        name: `graphcl`, or a sum such as `0.5*flow+2*graphcl`.
        encoder: The encoder, whose sizes the task reads.
        settings: Settings by task that differ from the defaults.
        own: The settings of a single task: `make_task("graphcl", encoder, temperature=0.1)`.

    Raises:
        ArchflowError: If a name, a weight or a setting is invalid, or out of the task's range.
    """
    weights = task_weights(name)
    if own:
        if len(weights) > 1 or settings:
            raise ArchflowError(
                f"pretext task {name!r}: say whose setting {next(iter(own))!r} is; give a mapping of task to settings"
            )
        settings = dict.fromkeys(weights, own)
    config = task_settings(name, settings)
    kinds: dict[str, Callable[..., PretextTask]] = {task: PRETEXT_TASKS.get(task) for task in weights}
    tasks = {task: (kinds[task](encoder, **config[task]), weight) for task, weight in weights.items()}
    return tasks[name][0] if name in tasks else JointTask(tasks)


def name_of(task: PretextTask) -> str:
    """The name from which `make_task` makes a task; for an unregistered one, its class name."""
    if isinstance(task, JointTask):
        return "+".join(f"{weight:g}*{name}" for name, weight in task.weights.items())
    return PRETEXT_TASKS.name_of(type(task)) or type(task).__name__


def vocabulary_for(name: str, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary that a task needs: with `MASK` appended if it hides operations.

    Existing ids do not change.
    """
    masks = any(PRETEXT_TASKS.get(task).masks for task in task_weights(name))
    return Vocabulary((*vocabulary.ops, MASK)) if masks and MASK not in vocabulary else vocabulary


def proxies_for(name: str, settings: Settings | None = None) -> tuple[str, ...]:
    """Names of the zero-cost proxies that a task with these settings needs, without duplicates.

    Raises:
        ArchflowError: As `task_settings`, or if a task that needs a proxy names none.
    """
    configs = task_settings(name, settings)
    named = (named_proxies(PRETEXT_TASKS.get(task), config) for task, config in configs.items())
    return tuple(dict.fromkeys(proxy for each in named for proxy in each))


def updated(settings: Settings, changes: Settings) -> dict[str, Mapping[str, Any]]:
    """The settings with these changes applied."""
    tasks = dict.fromkeys([*settings, *changes])
    return {task: {**settings.get(task, {}), **changes.get(task, {})} for task in tasks}


def with_proxies(name: str, settings: Settings, proxies: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The settings with these proxies for all tasks of a name that rank proxies and do not name their own."""
    tasks = [task for task in task_weights(name) if "proxies" in defaults(PRETEXT_TASKS.get(task))]
    return updated({task: {"proxies": list(proxies)} for task in tasks}, settings)
