"""What the recipe gives for a few labels, and what each of its ingredients adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archflow.checkpoint import fingerprint
from archflow.data.benchmarks import Benchmark
from archflow.data.proxies import places, proxy, proxy_columns
from archflow.data.splits import Split, isomorphism_classes, label_count, pool
from archflow.encoders import create
from archflow.errors import ArchflowError
from archflow.files import read_json, write_json
from archflow.graph import ArchitectureSet, Vocabulary
from archflow.graph.effective import VIEWS
from archflow.graph.table import Table
from archflow.predict import BlendedPredictor, NetworkPredictor
from archflow.predict.choose import choose
from archflow.predict.gaussian_process import EmbeddingGP, normal_scores
from archflow.predict.metrics import summary
from archflow.recipes.presets import preset_of
from archflow.recipes.recipe import Recipe, recipe_for
from archflow_reproduce.protocol.protocol import check_runs, measured_rows
from archflow_reproduce.protocol.runs import model_seed
from archflow_reproduce.protocol.splits import check_rule, draw_splits
from archflow_reproduce.speed.machine import machine

COVERAGES = (0.5, 0.8, 0.95)
"""Shares of labels that intervals are asked to hold."""

TOP = 10
"""How many of the truly best are looked for among the predicted best."""

Measures = dict[str, float]


@dataclass(frozen=True)
class RecipeProtocol:
    """As `archflow_reproduce.protocol.run.Protocol`: the same splits, seeds, and validation labels.

    proxies: names of the zero-cost proxies to rank.
    """

    metric: str
    proxies: Sequence[str]
    recipe: Recipe = field(default_factory=Recipe)
    labels: float = 0.01
    runs: int = 9
    train: int | None = None
    test: int | None = None
    split_by: str = "random"
    shuffled: bool = False

    def __post_init__(self) -> None:
        check_runs(self.runs)
        check_rule(self.split_by)


def published_recipe_protocol(
    benchmark: Benchmark | None,
    table: Table,
    encoder: str | None = None,
    *,
    metric: str | None = None,
    proxies: Sequence[str] = (),
    **others: Any,
) -> RecipeProtocol:
    """The recipe's protocol with the published settings of a benchmark.

    Args:
        benchmark: Which one the table is, if any.
        table: The architectures.
        encoder: Registered name; None for the recipe's own.
        metric: What to rank by; None for the benchmark's own.
        proxies: To rank; empty for all columns that are proxies, but for the metric.
        others: Fields of `RecipeProtocol`.

    Raises:
        ArchflowError: Nothing says what to rank by, or the metric is not there.
    """
    metric = metric or (benchmark.metric if benchmark else None)
    if metric is None:
        raise ArchflowError("the table is no named benchmark: name the column to rank by with --metric")
    judged = table.select(measured_rows(table, benchmark.name if benchmark else "the table", metric))
    preset = preset_of(benchmark)
    return RecipeProtocol(
        metric,
        proxies or [column for column in proxy_columns(judged) if column != metric.removeprefix("-")],
        recipe_for(benchmark, encoder),
        train=preset.train,
        test=preset.test,
        shuffled=preset.shuffled,
        **others,
    )


def run_recipe(
    protocol: RecipeProtocol,
    data: str,
    table: Table,
    folder: Path,
    processes: int = 2,
    on_step: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Run it and return the result as JSON keeps it: `variants`, {variant: {measure: a value for each run}}.

    The variants are the recipe and what is left of it without an ingredient, from the same pre-trained encoders:
    "recipe"; "evenly blended", both readings weighed alike; "networks" and "process", one reading each; "one network";
    "process, one encoder", on the first one's embeddings; "process, proxies", on the proxies' ranks, without any
    encoder; "ridge" regression on the embeddings; "boosted trees" on embeddings and proxies; "fresh network" without
    pre-training, and "fresh network, whole" that sees architectures as they are, where that is something else
    (`views_alike`). "labels chosen" is the recipe with as
    many labels of the train part, but those that `choose` picks by the encoders' embeddings.

    folder: keeps encoders and finished runs; the same call goes on from there.

    Raises ArchflowError for a missing metric or proxy, too few labels, and a folder of other settings or data.
    """
    rows = measured_rows(table, data, protocol.metric)
    half = len(rows) - len(rows) // 2
    train, test = protocol.train or half, protocol.test or len(rows) - half
    measured = table.select(rows[pool(len(rows), train, test, protocol.shuffled)])
    key = fingerprint(
        {"data": data, **asdict(protocol), "runs": None, "labels": None, "split_by": None},
        measured.architectures.hashes,
    )
    about = folder / "recipe.json"
    if about.exists() and read_json(about) != {"key": key}:
        raise ArchflowError(f"{folder}: holds a run of other settings or data; give another --folder or remove it")
    write_json(about, {"key": key})
    labels = label_count(protocol.labels, train)
    splits = draw_splits(protocol.split_by, measured, isomorphism_classes(measured), train, labels)
    parts = list(splits.values())
    proxies = {name: proxy(measured, name) for name in protocol.proxies}
    # A missing one counts as the lowest: proxies fail on degenerate networks.
    ranked = [np.nan_to_num(places(values)) for values in proxies.values()]
    features = np.stack(ranked, 1) if ranked else None
    variants: dict[str, dict[str, list[float]]] = {}
    for run in range(protocol.runs):
        seed = model_seed(run)
        place = folder / f"{labels}-{protocol.split_by.replace(':', '-')}-{run}.json"
        if not place.exists():
            on_step(f"run {run + 1} of {protocol.runs}")
            pretrained = protocol.recipe.pretrain(measured.architectures, proxies, folder, seed, processes)
            predictor = protocol.recipe.predictor(pretrained, seed)
            untrained = _untrained(protocol.recipe, pretrained[0].vocabulary, seed)
            part = parts[run % len(parts)]
            write_json(place, _run(predictor, measured, features, protocol.metric, part, untrained))
        for variant, measures in read_json(place).items():
            for name, value in measures.items():
                variants.setdefault(variant, {}).setdefault(name, []).append(value)
    alike = views_alike(measured.architectures)
    if "effective" in alike:
        del variants["fresh network, whole"]  # the same experiment as "fresh network", with other random numbers
    return {
        "data": data,
        "metric": protocol.metric,
        "labels": labels,
        "variants": variants,
        "views_alike": alike,
        "splits": {"by": protocol.split_by, "train": train, "test": [len(part.test) for part in parts]},
        "config": {
            "data": data,
            **asdict(protocol),
            "model_seeds": [model_seed(run) for run in range(protocol.runs)],
        },
        "machine": machine(),
    }


def views_alike(architectures: ArchitectureSet) -> list[str]:
    """The views that show an encoder what the whole architectures do, up to the numbering of nodes."""
    return [
        name
        for name, view in VIEWS.items()
        if name != "whole" and np.array_equal(view(architectures).hashes, architectures.hashes)
    ]


def _run(
    predictor: BlendedPredictor,
    table: Table,
    proxies: NDArray | None,
    metric: str,
    split: Split,
    fresh: NetworkPredictor,
) -> dict[str, Measures]:
    """The measures of every variant on one split. proxies: (N, P), without gaps, if there are any. fresh: `_untrained`
    networks."""
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import RidgeCV

    architectures, labels = table.architectures, table.metric(metric)
    tested, truth = architectures.select(split.test), labels[split.test]
    embeddings = predictor.embed(architectures)

    def part(rows: NDArray) -> tuple[ArchitectureSet, NDArray]:
        return architectures.select(rows), labels[rows]

    validation = part(split.validation)
    predictor.fit(*part(split.labelled), validation=validation, reference=architectures)
    networks, process = predictor.readings(tested)
    scores = {
        "recipe": predictor.blended(networks, process),
        "evenly blended": networks.mean(0) + process,
        "networks": networks.mean(0),
        "process": process,
        "one network": networks[0],
        "process, one encoder": _process(embeddings[:, : predictor.networks.embedders[0].encoder.dim], labels, split),
        "ridge": _regression(RidgeCV(np.logspace(-1, 4, 11)), embeddings, labels, split),
    }
    known = embeddings
    if proxies is not None:
        scores["process, proxies"] = _process(proxies, labels, split)
        known = np.concatenate([embeddings, proxies], 1)
    scores["boosted trees"] = _regression(GradientBoostingRegressor(random_state=0), known, labels, split)
    fresh.fit(*part(split.labelled), validation=validation)
    scores["fresh network, whole"], scores["fresh network"] = fresh.scores(tested)[..., 0]
    mean, std = predictor.predict(tested)
    told = calibration(mean, std, truth)
    for coverage in COVERAGES:
        low, high = predictor.interval(tested, coverage)
        inside = (low <= truth) & (truth <= high)
        told[f"inside_{100 * coverage:.0f}"] = round(float(np.mean(inside)), 6)
    train = split.train_part(len(labels))
    chosen = train[choose(embeddings[train], len(split.labelled))]
    predictor.fit(*part(chosen), validation=validation, reference=architectures)
    networks, process = predictor.readings(tested)
    scores["labels chosen"] = predictor.blended(networks, process)
    found = {variant: rounded_measures(values, truth) for variant, values in scores.items()}
    found["recipe"] |= told
    return found


def _untrained(recipe: Recipe, vocabulary: Vocabulary, seed: int) -> NetworkPredictor:
    """Two members with the same fresh encoder, which see architectures as they are and in their effective form."""
    embedders = [
        create(recipe.encoder, vocabulary, view=view, seed=seed, **recipe.config) for view in ("whole", "effective")
    ]
    return NetworkPredictor(embedders, members=2, settings=recipe.fine_tune, seed=seed)


def _process(features: NDArray, labels: NDArray, split: Split) -> NDArray:
    """(n,) what a Gaussian process on these features (N, D) says of the test rows."""
    return (
        EmbeddingGP().fit(features[split.labelled], labels[split.labelled], features).predict(features[split.test])[0]
    )


def _regression(model: Any, features: NDArray, labels: NDArray, split: Split) -> NDArray:
    """(n,) what a scikit-learn regressor says of the test rows, fitted to normal scores on standardised features."""
    features = (features - features.mean(0)) / (features.std(0) + 1e-6)
    model.fit(features[split.labelled], normal_scores(labels[split.labelled]))
    return model.predict(features[split.test])


def rounded_measures(scores: NDArray, truth: NDArray) -> Measures:
    """`summary`, and how many of the truly best `TOP` are among the predicted best 1 % and 5 %."""
    measures = summary(scores, truth)
    best = np.argsort(-truth, kind="stable")[:TOP]
    place = np.empty(len(scores), np.int64)
    place[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    for share in (1, 5):
        measures[f"top{TOP}_in_{share}"] = float(np.mean(place[best] < max(1, len(scores) * share // 100)))
    return {name: round(value, 6) for name, value in measures.items()}


def calibration(mean: NDArray, std: NDArray, truth: NDArray) -> Measures:
    """inside_1_std: share of labels within one standard deviation; std_tau: whether larger ones go with larger
    errors."""
    error = np.abs(truth - mean)
    return {
        "inside_1_std": round(float(np.mean(error <= std)), 6),
        "std_tau": round(summary(std, error)["tau"], 6),
    }
