"""Table columns with the number of runs and epochs of a method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow_reproduce.protocol.published import published_epochs


def runs_text(count: int, config: Mapping[str, Any]) -> str:
    """The number of runs and of model seeds; the spread over runs of one seed reflects the data alone."""
    seeds = len(set(config["model_seeds"][:count]))
    return f"{count}, {seeds} seed{'s' * (seeds != 1)}"


def epochs_text(config: Mapping[str, Any], method: str, compared: bool) -> str:
    """Epochs of pre-training and of fine-tuning, each with the published number if it differs.

    Args:
        config: The configuration of a result of `run_protocol`.
        method: One of its methods.
        compared: Whether a published figure is shown next to the method's.
    """
    run = [config["fine_tune"]["epochs"]]
    if method in config["tasks"]:
        run.insert(0, config["pretrain"]["epochs"])
    published = published_epochs(config)[-len(run) :] if compared and config["split_by"] == "random" else run
    return " + ".join(
        f"{own}" if own == paper else f"{own} of {paper}" for own, paper in zip(run, published, strict=True)
    )
