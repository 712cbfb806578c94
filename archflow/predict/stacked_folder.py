"""A stacked predictor's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge, MaxLen, MinLen
from numpy.typing import NDArray

from archflow.described import Described
from archflow.encoders import Embedder
from archflow.errors import ArchflowError
from archflow.features import FEATURES, Features
from archflow.predict.arrays import floats_of
from archflow.predict.blending import Blend
from archflow.predict.components import COMPONENTS
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.folder import part_of, parts_of, read_folder, write_folder
from archflow.predict.objectives import describe_objective, rebuild_objective
from archflow.predict.seen import Seen
from archflow.predict.spread import Spread
from archflow.predict.stack import Share, Stack, Stacking
from archflow.predict.target_scale import TargetScale

FORMAT = "archflow stack 1"

MODELS = 1000
"""The most models of a component, and the most components and encoders."""


class PartDescription(Described):
    """A component: its name in `COMPONENTS`, and its settings."""

    name: str
    config: dict[str, Any]


class StackDescription(Described):
    """What is written beside the arrays.

    Attributes:
        embedders: As `Embedder.describe` gives them.
        features: By name in `FEATURES`, as `Features.to_json` gives them.
        parts: The components that have a weight.
        metric: Its name.
        objective: As `describe_objective` gives it.
        seed: Of the predictor.
        models, labels: How many of each.
        shares, tau, widths, columns: How fitting went (`Stacking`).
    """

    embedders: Annotated[list[dict[str, Any]], MaxLen(MODELS)]
    features: dict[str, dict[str, Any]]
    parts: Annotated[list[PartDescription], MinLen(1), MaxLen(MODELS)]
    metric: str
    objective: dict[str, Any]
    seed: Annotated[int, Ge(0)]
    models: Annotated[int, Ge(1)]
    labels: Annotated[int, Ge(1)]
    shares: list[Share]
    tau: float
    widths: dict[str, int]
    columns: list[str]


def write(folder: Path, stack: Stack, embedders: Sequence[Embedder], seed: int) -> None:
    """Write a fitted stack in place of what the folder holds."""
    blend, stacking = stack.blend, stack.stacking
    arrays = {
        "weights": blend.weights,
        "spread.centre": blend.spread.centre,
        "spread.scale": blend.spread.scale,
        "spread.coefficients": blend.spread.coefficients,
        "ratios": blend.conformal.ratios,
        "models": blend.conformal.models.astype(np.float64),
        "scale.targets": stack.scale.targets,
        "scale.labels": stack.scale.labels,
    }
    for place, (_, fitted) in enumerate(stack.parts):
        arrays |= {f"part.{place}.{name}": array for name, array in fitted.arrays().items()}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    for place, embedder in enumerate(embedders):
        tensors |= {f"embedder.{place}.{name}": value for name, value in embedder.encoder.state_dict().items()}
    about = {
        "embedders": [each.describe() for each in embedders],
        "features": {name: each.to_json() for name, each in stack.features.items()},
        "parts": [{"name": component.name, "config": component.config} for component, _ in stack.parts],
        "metric": stack.metric,
        "objective": describe_objective(stack.scale.objective),
        "seed": seed,
        "models": stack.models,
        "labels": stacking.labels,
        "shares": [vars(share) for share in stacking.shares],
        "tau": stacking.tau,
        "widths": dict(stacking.features),
        "columns": list(stacking.columns),
    }
    write_folder(folder, FORMAT, tensors, about)


def read(folder: Path) -> tuple[Stack, list[Embedder], int]:
    """The stack, the embedders and the seed of a folder.

    Raises:
        ArchflowError: Naming the file, if one is missing, cut off or altered.
    """
    tensors, about = read_folder(folder, FORMAT, StackDescription)
    try:
        weights = parts_of(tensors, "embedder", len(about.embedders))
        embedders = [Embedder.build(each, own) for each, own in zip(about.embedders, weights, strict=True)]
        features: dict[str, Features] = {
            name: FEATURES.get(name).from_json(each) for name, each in about.features.items()
        }
        stack = _stack(about, tensors, embedders, features)
    except ArchflowError as error:
        raise ArchflowError(f"{folder}: {error}") from None
    return stack, embedders, about.seed


def _stack(
    about: StackDescription,
    tensors: Mapping[str, torch.Tensor],
    embedders: Sequence[Embedder],
    features: Mapping[str, Features],
) -> Stack:
    nothing = Seen.none(embedders, features)
    parts = []
    for part, own in zip(about.parts, parts_of(tensors, "part", len(about.parts)), strict=True):
        kind = COMPONENTS.get(part.name)
        arrays: dict[str, NDArray] = {name: tensor.numpy() for name, tensor in own.items()}
        try:
            component = kind(**part.config)
        except TypeError as error:
            raise ArchflowError(f"component {part.name}: {error}; fit again") from None
        parts.append((component, kind.fitted.restored(arrays, nothing, about.models)))
    shapes = {
        "weights": (len(parts),),
        **{f"spread.{name}": (None,) for name in ("centre", "scale", "coefficients")},
        **dict.fromkeys(("ratios", "scale.targets", "scale.labels"), (None,)),
    }
    own = {name: tensor.numpy() for name, tensor in tensors.items()}
    arrays = floats_of(own, shapes, most=np.inf) | floats_of(own, {"models": (None,)}, most=MODELS)
    blend = Blend.restored(
        arrays["weights"],
        Spread.restored(**part_of(arrays, "spread.")),
        CrossConformal.restored(arrays["ratios"], arrays["models"], about.labels, about.models),
    )
    scale = TargetScale.restored(rebuild_objective(about.objective), arrays["scale.targets"], arrays["scale.labels"])
    stacking = Stacking(about.shares, about.tau, about.labels, about.widths, about.columns)
    return Stack(about.metric, features, parts, blend, scale, stacking, about.models)
