"""Table columns that say what the figures of a method rest on: its runs and its epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow_reproduce.protocol.published import published_epochs


def runs_told(count: int, config: Mapping[str, Any]) -> str:
    """How many runs, and of how many model seeds: the spread over runs of one seed is that of the data alone."""
    seeds = len(set(config["model_seeds"][:count]))
    return f"{count}, {seeds} seed{'s' * (seeds != 1)}"


def epochs_told(config: Mapping[str, Any], method: str, compared: bool) -> str:
    """Epochs of pre-training and of fine-tuning, each with the published number if it is another one.

    Args:
        config: Of a result of `run_protocol`.
        method: One of its methods.
        compared: Whether a published figure stands beside the method's.
    """
    run = [config["fine_tune"]["epochs"]]
    if method in config["tasks"]:
        run.insert(0, config["pretrain"]["epochs"])
    published = published_epochs(config)[-len(run) :] if compared and config["split_by"] == "random" else run
    return " + ".join(
        f"{own}" if own == paper else f"{own} of {paper}" for own, paper in zip(run, published, strict=True)
    )
