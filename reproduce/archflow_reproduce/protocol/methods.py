"""The methods of the protocol by name: pretext tasks, some with settings that differ from the data set's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from archflow.encoders.pretrained import names
from archflow.pretext import PRETEXT_TASKS, proxies_for, task_settings, with_proxies
from archflow.pretext.flow_reconstruction import surrogate_of
from archflow.pretext.named import Settings, updated

LEARNED = "learned"
"""The method that reconstructs a teacher's embeddings."""

SURROGATES: Mapping[str, Mapping[str, Any]] = {
    "fgp_forward": {"direction": "forward"},
    "fgp_backward": {"direction": "backward"},
    "fgp_2_rounds": {"rounds": 2},
    "fgp_3_rounds": {"rounds": 3},
    "fgp_mean": {"pooling": "mean"},
    "fgp_max": {"pooling": "max"},
    "fgp_4_draws": {"draws": 4},
}
"""FGP with another flow surrogate: the paper's tables 7, 10 and 11, and several draws."""

WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "fgp_1_to_2": {"flow_weight": 1 / 3, "proxy_weight": 2 / 3},
    "fgp_2_to_1": {"flow_weight": 2 / 3, "proxy_weight": 1 / 3},
}
"""FGP with other weights of its two parts: table 14."""

GROUPS = {"surrogates": ("proxy", "flow", "fgp", *SURROGATES, *WEIGHTS)}
"""Names that stand for several methods."""


def expanded(methods: Sequence[str]) -> list[str]:
    """The methods without duplicates, with groups replaced by their members."""
    return list(dict.fromkeys(one for method in methods for one in GROUPS.get(method, (method,))))


def is_encoder(method: str) -> bool:
    """Whether a method fine-tunes an existing pre-trained encoder, one of the package or a file."""
    return method.endswith(".safetensors") or method in names()


def all_methods() -> list[str]:
    """Supervised learning and every registered pretext task; FGP and its parts come first."""
    return list(dict.fromkeys(["supervised", "proxy", "flow", "fgp", *_tasks()]))


def _tasks() -> list[str]:
    return [name for name in PRETEXT_TASKS.names() if name != "proxy_ranking"]


def pretext_of(method: str, proxies: Sequence[str], settings: Settings) -> tuple[str, Settings]:
    """The pretext task of a method, as `make_task` reads it, and the settings by task.

    A name that is not listed here is a task or a sum of tasks. (For `LEARNED` the surrogate, one file per run, is added
    later.)

    Args:
        method: Name of the method.
        proxies: Proxies for tasks that rank proxies.
        settings: The data set's settings, by task.
    """
    changes: dict[str, Any] = {}
    if method in SURROGATES:
        changes = {"surrogate": {**settings.get("fgp", {}).get("surrogate", {}), **SURROGATES[method]}}
    elif method in WEIGHTS:
        changes = dict(WEIGHTS[method])
    task = "fgp" if changes else {"proxy": "proxy_ranking", LEARNED: "fgp"}.get(method, method)
    return task, with_proxies(task, updated(settings, {task: changes}) if changes else settings, proxies)


def recorded_task(method: str, proxies: Sequence[str], settings: Settings) -> dict[str, Any]:
    """The pretext task of a method with all its settings, as stored in JSON; for a sum, by task."""
    task, own = pretext_of(method, proxies, settings)
    parts = task_settings(task, own)
    for part in parts.values():
        if "surrogate" in part:
            part["surrogate"] = asdict(surrogate_of(part["surrogate"]))
    if method == LEARNED:
        parts[task]["surrogate"] = "learned from the labels of each run"
    return {"task": task, **parts.get(task, parts)}


def pretrained_methods(methods: Sequence[str]) -> list[str]:
    """The methods that start with a pretext task, rather than with an untrained or an existing pre-trained encoder."""
    return [method for method in methods if method != "supervised" and not is_encoder(method)]


def proxies_of_methods(methods: Sequence[str], proxies: Sequence[str], settings: Settings) -> list[str]:
    """The proxies that the methods use, without duplicates.

    Raises:
        ArchflowError: If a method is not a task, or needs a proxy where none is named.
    """
    used = [proxies_for(*pretext_of(method, proxies, settings)) for method in pretrained_methods(methods)]
    return list(dict.fromkeys(name for each in used for name in each))
