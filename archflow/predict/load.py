"""Load a predictor of any kind from its folder."""

from __future__ import annotations

from pathlib import Path

import torch

from archflow.errors import ArchflowError
from archflow.predict.folder import DESCRIPTION, format_of
from archflow.predict.network_predictor import NetworkPredictor
from archflow.predict.stacked import StackedPredictor
from archflow.progress import LOGGER

AnyPredictor = NetworkPredictor | StackedPredictor

KINDS: dict[str, type[AnyPredictor]] = {
    "archflow networks": NetworkPredictor,
    "archflow stack": StackedPredictor,
}
"""Predictors by the prefix of their format's name."""


def load_predictor(folder: str | Path, device: torch.device | str = "cpu") -> AnyPredictor:
    """Load the predictor in a folder. Raises ArchflowError as the predictor's `load`, and for an unknown format."""
    form = format_of(Path(folder))
    kind = KINDS.get(form.rpartition(" ")[0])
    if kind is None:
        raise ArchflowError(f"{Path(folder) / DESCRIPTION}: has the format {form!r}, not of this version; fit again")
    found = kind.load(folder, device)
    LOGGER.debug("%s: %s of %s", folder, kind.__name__, ", ".join(found.metrics))
    return found
