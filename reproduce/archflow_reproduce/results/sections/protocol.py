"""Results of `archflow bench fgp`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import MinLen

from archflow.described import Described
from archflow.report.markdown import markdown_table
from archflow_reproduce.protocol.published import PAPER_PROXY, proxies_of
from archflow_reproduce.results.protocol_report import protocol_table
from archflow_reproduce.results.record import Record, Result
from archflow_reproduce.results.sections.pretext import tasks_text
from archflow_reproduce.results.sections.section import Kind, each, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Number, ProtocolConfig, Published, Runs, Splits
from archflow_reproduce.results.speed_report import processor


class ProtocolSplits(Splits):
    train: Count
    test_isomorphic_to_labelled: Annotated[list[Count], MinLen(1)]
    order_against_metric_tau: Number


class FullConfig(ProtocolConfig):
    metric: str
    labels: Number
    runs: Count


class ProtocolResult(Described):
    machine: Machine
    config: FullConfig
    data: str
    metric: str
    labels: Count
    seconds: Number
    splits: ProtocolSplits
    methods: Annotated[dict[str, dict[str, Runs]], MinLen(1)]
    published: Published | None = None


def protocol_section(name: str, record: Record, place: str) -> str:
    """A table of the methods, facts about the split, the settings of pre-training, and the command."""
    result, config, splits = record.content, record.config, record.result["splits"]
    proxies = proxies_of(config)
    width = config["encoder_config"].get("width")
    apart = "" if splits["by"] == "random" else f", split by `{splits['by']}`"
    facts = [
        f"split by {splits['by']}: {splits['train']:,} architectures for training, {result['labels']:,} of them "
        f"labelled; {splits['validation']} for validation, {each(splits['test'])} for testing",
        f"test architectures isomorphic to a labelled one, by permutation: "
        f"{each(splits['test_isomorphic_to_labelled'])}",
        f"order of the table against the metric: Kendall tau {splits['order_against_metric_tau']:g}",
        f"encoder `{config['encoder']}`{f', width {width}' if width else ''}, {config['view']} architectures",
        f"{result['seconds'] / 60:,.0f} min on {processor(result)}",
    ]
    note = (
        f"This run ranks {', '.join(f'`{proxy}`' for proxy in proxies)} instead of the paper's Jacobian covariance, so "
        "its figures for methods with a proxy are not comparable with the paper's."
    )
    return paragraphs(
        f"### {result['data']}, `{config['encoder']}`: `{result['metric']}` from {result['labels']:,} labels{apart}",
        protocol_table(only(result, ("tau", "spearman", "p_at_1", "p_at_5", "regret_at_10"))),
        note if proxies and proxies != [PAPER_PROXY] else "",
        "\n".join(f"- {fact}" for fact in facts) + "\n" + tasks_text([config]),
        made_by(record, name, place),
    )


def protocol_headline(records: Iterable[Record]) -> str:
    """Mean Kendall tau with and without FGP's pre-training, one row per record that has both; "" if none has."""
    heads = ["table", "encoder", "labels", "supervised only", "FGP", "FGP, published"]
    rows = []
    for record in records:
        methods, published = record.content["methods"], record.content.get("published") or {}
        if not {"supervised", "fgp"} <= methods.keys():
            continue
        means = [f"{np.mean(methods[method]['tau']):.3f}" for method in ("supervised", "fgp")]
        figure = published.get("fgp", {}).get("tau")
        what = [f"`{record.content['data']}`", f"`{record.config['encoder']}`", f"{record.content['labels']:,}"]
        rows.append([*what, *means, "" if figure is None else f"{figure:.3f}"])
    return f"Mean Kendall tau over the runs:\n\n{markdown_table(heads, rows)}" if rows else ""


def protocol_summary(record: Record) -> str:
    """Two measures of every method, for the README."""
    result = record.content
    return f"`{result['data']}`, `{record.config['encoder']}`, {result['labels']:,} labels:\n\n" + protocol_table(
        only(result, ("tau", "p_at_1"))
    )


def only(result: Result, measures: Sequence[str]) -> dict[str, Any]:
    """The result restricted to these measures, in this order."""
    methods = {
        method: {key: runs[key] for key in measures if key in runs} for method, runs in result["methods"].items()
    }
    return {**result, "methods": methods}


FGP = Kind(
    "fgp",
    "Ranking from few labels",
    ProtocolResult,
    protocol_section,
    "Mean over the runs, population standard deviation in brackets. *published* is the figure of the FGP paper "
    "for the same method and encoder (1 % of the labels, Jacobian covariance as the proxy).",
)
