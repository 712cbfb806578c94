"""The methods of the protocol by name: each a pretext task, some with other settings than the data set's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from archflow.encoders.pretrained import names
from archflow.pretext import PretextSettings, proxies_for

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
    """The methods, those of a group in its place, each once."""
    return list(dict.fromkeys(one for method in methods for one in GROUPS.get(method, (method,))))


def is_encoder(method: str) -> bool:
    """Whether a method is to fine-tune an encoder that is pre-trained already, one of the package or a file."""
    return method.endswith(".safetensors") or method in names()


def pretext_of(method: str, settings: PretextSettings) -> tuple[str, PretextSettings]:
    """The pretext task of a method, as `make_task` reads it, and its settings. settings: the data set's.

    What has no other name here is a task, or a sum of tasks. (`LEARNED` lacks its surrogate still: a file a run.)
    """
    if method in SURROGATES:
        return "fgp", replace(settings, surrogate=replace(settings.surrogate, **SURROGATES[method]))
    if method in WEIGHTS:
        return "fgp", replace(settings, **WEIGHTS[method])
    return {"proxy": "proxy_ranking", LEARNED: "fgp"}.get(method, method), settings


_READ = {
    "flow": ("surrogate",),
    "proxy_ranking": ("proxies", "margin"),
    "fgp": ("proxies", "margin", "surrogate", "flow_weight", "proxy_weight"),
    "gmae": ("mask_share",),
    "cap": ("hops",),
    "cate": ("cost",),
}
"""The settings that a task reads, for those that read any."""


def task_settings(method: str, settings: PretextSettings) -> dict[str, Any]:
    """The pretext task of a method with the settings that it reads and no other ones, as JSON keeps them."""
    task, own = pretext_of(method, settings)
    parts = [part.rpartition("*")[2].strip() for part in task.split("+")]
    read = dict.fromkeys(name for part in parts for name in _READ.get(part, ()))
    every = asdict(own)
    if method == LEARNED:
        every["surrogate"] = "learned from the labels of each run"
    return {"task": task, **{name: every[name] for name in read}}


def pretrained_methods(methods: Sequence[str]) -> list[str]:
    """Those that begin with a pretext task, rather than untrained or with an encoder that is ready."""
    return [method for method in methods if method != "supervised" and not is_encoder(method)]


def proxies_of_methods(methods: Sequence[str], settings: PretextSettings) -> list[str]:
    """The proxies that methods look at, each once. Raises ArchflowError for one that is no task."""
    tasks = [pretext_of(method, settings) for method in pretrained_methods(methods)]
    return list(dict.fromkeys(name for task in tasks for name in proxies_for(*task)))
