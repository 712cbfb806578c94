"""Tasks by name, alone or as a weighted sum: `fgp`, `flow+gmae`, `0.5*flow+2*graphcl`."""

from __future__ import annotations

from archflow.encoders import Encoder
from archflow.errors import ArchflowError
from archflow.graph import Vocabulary
from archflow.pretext.base import MASK, PRETEXT_TASKS, PretextSettings, PretextTask
from archflow.pretext.joint import JointTask


def task_weights(name: str) -> dict[str, float]:
    """The tasks that a name joins, with their weights. Raises ArchflowError for what is no task, or no weight."""
    weights: dict[str, float] = {}
    for part in name.split("+"):
        factor, _, task = part.rpartition("*")
        PRETEXT_TASKS.get(task.strip())
        try:
            weight = float(factor) if factor else 1.0
        except ValueError:
            weight = 0.0
        if not 0 < weight < float("inf"):
            raise ArchflowError(f"pretext task {name!r}: {factor!r} is no positive weight; write 0.5*flow+0.5*gmae")
        if task.strip() in weights:
            raise ArchflowError(f"pretext task {name!r}: {task.strip()!r} stands there twice; name it once")
        weights[task.strip()] = weight
    return weights


def make_task(name: str, encoder: Encoder, settings: PretextSettings) -> PretextTask:
    """The task of a name. Raises ArchflowError as `task_weights` and the tasks do."""
    weights = task_weights(name)
    tasks = {task: (PRETEXT_TASKS.get(task)(encoder, settings), weight) for task, weight in weights.items()}
    return tasks[name][0] if name in tasks else JointTask(settings, tasks)


def vocabulary_for(name: str, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary that a task needs: with `MASK` behind the operations, whose ids stay, where it hides some."""
    masks = any(getattr(PRETEXT_TASKS.get(task), "masks", False) for task in task_weights(name))
    return Vocabulary((*vocabulary.ops, MASK)) if masks and MASK not in vocabulary else vocabulary


def proxies_for(name: str, settings: PretextSettings) -> tuple[str, ...]:
    """The names of the zero-cost proxies that a task needs, each once."""
    tasks = [PRETEXT_TASKS.get(task) for task in task_weights(name)]
    return tuple(dict.fromkeys(proxy for task in tasks for proxy in getattr(task, "proxies", _none)(settings)))


def _none(settings: PretextSettings) -> tuple[str, ...]:
    return ()
