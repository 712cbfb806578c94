"""A stacked predictor's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
from archflow.predict.context import ContextChoice
from archflow.predict.cross_conformal import CrossConformal
from archflow.predict.feature_kinds import rebuilt_features
from archflow.predict.folder import part_of, parts_of, read_folder, write_folder
from archflow.predict.held_out import HeldOut
from archflow.predict.objectives import describe_objective, rebuild_objective
from archflow.predict.seen import Seen
from archflow.predict.spread import Spread
from archflow.predict.stack import Plan, Share, Stack, Stacking
from archflow.predict.target_scale import TargetScale

FORMAT = "archflow stack 3"

MODELS = 1000
"""The maximum number of models per component, of components, and of encoders."""


class PartDescription(Described):
    """A component: its name in `COMPONENTS`, its settings, and whether it has a weight; only then are there arrays."""

    name: str
    config: dict[str, Any]
    counts: bool


class StackDescription(Described):
    """The description that is written beside the arrays.

    Attributes:
        embedders: As returned by `Embedder.describe`.
        features: By name in `FEATURES`, as returned by `Features.to_json`.
        components: All components.
        kinds, named: As `kinds` and `columns` in `Plan`.
        metric: The name of the metric.
        objective: As returned by `describe_objective`.
        seed: The predictor's seed.
        models, labels: The number of models and of labels.
        shares, tau, widths, columns: How fitting went (`Stacking`).
        context: The column of devices or tasks, and how it is used.
        contexts: Devices or tasks of the labels.
    """

    embedders: Annotated[list[dict[str, Any]], MaxLen(MODELS)]
    features: dict[str, dict[str, Any]]
    components: Annotated[list[PartDescription], MinLen(1), MaxLen(MODELS)]
    kinds: list[str]
    named: list[str] | None
    metric: str
    objective: dict[str, Any]
    seed: Annotated[int, Ge(0)]
    models: Annotated[int, Ge(1)]
    labels: Annotated[int, Ge(1)]
    shares: list[Share]
    tau: float
    widths: dict[str, int]
    columns: list[str]
    context: ContextChoice | None
    contexts: list[str]


def write(folder: Path, stack: Stack, embedders: Sequence[Embedder]) -> None:
    """Write a fitted stack, all of whose parts have a weight, replacing the predictor in the folder."""
    blend, stacking, plan = stack.blend, stack.stacking, stack.plan
    counted = {id(component) for component, _ in stack.parts}
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
    arrays |= {f"held.{name}": array for name, array in stack.held_out.arrays().items()}
    for place, (_, fitted) in enumerate(stack.parts):
        arrays |= {f"part.{place}.{name}": array for name, array in fitted.arrays().items()}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
    for place, embedder in enumerate(embedders):
        tensors |= {f"embedder.{place}.{name}": value for name, value in embedder.encoder.state_dict().items()}
    about = {
        "embedders": [each.describe() for each in embedders],
        "features": {name: each.to_json() for name, each in stack.features.items()},
        "components": [
            {
                "name": COMPONENTS.name_of(type(each)) or each.name,
                "config": each.config,
                "counts": id(each) in counted,
            }
            for each in plan.components
        ],
        "kinds": list(plan.kinds),
        "named": None if plan.columns is None else list(plan.columns),
        "metric": stack.metric,
        "objective": describe_objective(stack.scale.objective),
        "seed": plan.seed,
        "models": stack.models,
        "labels": stacking.labels,
        "shares": [vars(share) for share in stacking.shares],
        "tau": stacking.tau,
        "widths": dict(stacking.features),
        "columns": list(stacking.columns),
        "context": None if plan.context is None else asdict(plan.context),
        "contexts": list(stack.held_out.contexts),
    }
    write_folder(folder, FORMAT, tensors, about)


def read(folder: Path) -> tuple[Stack, list[Embedder]]:
    """Read the stack and the embedders of a folder.

    Raises:
        ArchflowError: If a file is missing, cut off or altered; the message names it.
    """
    tensors, about = read_folder(folder, FORMAT, StackDescription)
    try:
        weights = parts_of(tensors, "embedder", len(about.embedders))
        embedders = [Embedder.build(each, own) for each, own in zip(about.embedders, weights, strict=True)]
        features: dict[str, Features] = {name: rebuilt_features(name, each) for name, each in about.features.items()}
        stack = _stack(about, tensors, embedders, features)
    except ArchflowError as error:
        raise ArchflowError(f"{folder}: {error}") from None
    return stack, embedders


def _stack(
    about: StackDescription,
    tensors: Mapping[str, torch.Tensor],
    embedders: Sequence[Embedder],
    features: Mapping[str, Features],
) -> Stack:
    nothing, plan = Seen.none(embedders, features), _plan(about)
    counted = [each for each, part in zip(plan.components, about.components, strict=True) if part.counts]
    parts = []
    for component, own in zip(counted, parts_of(tensors, "part", len(counted)), strict=True):
        arrays: dict[str, NDArray] = {name: tensor.numpy() for name, tensor in own.items()}
        parts.append((component, component.fitted.restored(arrays, nothing, about.models)))
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
    held_out = HeldOut.restored(part_of(own, "held."), about.contexts, about.labels)
    return Stack(about.metric, features, parts, blend, scale, stacking, about.models, plan, held_out)


def _plan(about: StackDescription) -> Plan:
    """The stack's plan. Raises ArchflowError for a component that cannot be made, and for unknown features."""
    components = []
    for each in about.components:
        try:
            components.append(COMPONENTS.saved(each.name)(**each.config))
        except TypeError as error:
            raise ArchflowError(f"component {each.name}: {error}; fit again") from None
    for name in about.kinds:
        FEATURES.saved(name)
    return Plan(components, about.kinds, about.named, about.seed, about.context)
