"""Results of `archflow bench fgp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archflow_reproduce.protocol.published import PAPER_PROXY, proxies_of
from archflow_reproduce.results.protocol_report import protocol_table
from archflow_reproduce.results.sections.section import (
    Kind,
    Result,
    command,
    each,
    made_by,
    out_option,
    paragraphs,
    view_option,
)
from archflow_reproduce.results.speed_report import processor


def protocol_section(name: str, result: Result, place: str) -> str:
    """A table of the methods, facts about the split, and the command."""
    config, splits = result["config"], result["splits"]
    proxies = ", ".join(f"`{name}`" for name in proxies_of(config))
    width = config["encoder_config"].get("width")
    pretraining = (
        f"pre-training for {config['pretrain']['epochs']} epochs on the proxy {proxies} and the flow of dimension "
        f"{config['pretext']['surrogate']['dim']}, "
    ) * (set(result["methods"]) != {"supervised"})
    apart = "" if splits["by"] == "random" else f", split by `{splits['by']}`"
    ranks_proxy = {"proxy", "fgp"} & set(result["methods"])
    facts = [
        f"split by {splits['by']}: {splits['train']:,} architectures in the train part, {result['labels']:,} of them "
        f"labelled; {splits['validation']} for validation, {each(splits['test'])} for the test",
        f"test architectures isomorphic to a labelled one, by permutation: "
        f"{each(splits['test_isomorphic_to_labelled'])}",
        f"order of the table against the metric: Kendall tau {splits['order_against_metric_tau']:g}",
        f"encoder `{config['encoder']}`{f', width {width}' if width else ''}; {pretraining}"
        f"fine-tuning for {config['fine_tune']['epochs']}",
        f"{result['seconds'] / 60:,.0f} min on {processor(result)}",
    ]
    note = (
        f"This run ranks {proxies} where the paper ranks the Jacobian covariance: its figures of the methods "
        "with a proxy do not compare with the paper's."
    )
    return paragraphs(
        f"### {result['data']}, `{config['encoder']}`: `{result['metric']}` from {result['labels']:,} labels{apart}",
        protocol_table(only(result, ("tau", "spearman", "p_at_1", "p_at_5", "regret_at_10"))),
        *([note] if ranks_proxy and proxies_of(config) != [PAPER_PROXY] else []),
        "\n".join(f"- {fact}" for fact in facts),
        made_by(_command(name, result, place), name, place),
    )


def protocol_summary(result: Result) -> str:
    """Two measures of every method, for the README."""
    return f"`{result['data']}`, `{result['config']['encoder']}`, {result['labels']:,} labels:\n\n" + protocol_table(
        only(result, ("tau", "p_at_1"))
    )


def only(result: Result, measures: Sequence[str]) -> dict[str, Any]:
    """The result with these measures alone, in this order."""
    methods = {
        method: {key: runs[key] for key in measures if key in runs} for method, runs in result["methods"].items()
    }
    return {**result, "methods": methods}


def _command(name: str, result: Result, place: str) -> str:
    config = result["config"]
    options = {
        "data": config["data"],
        "metric": config["metric"],
        "proxy": ",".join(proxies_of(config)) or None,
        "labels": f"{config['labels']:g}",
        "runs": config["runs"],
        "methods": ",".join(config["methods"]),
        "encoder": config["encoder"],
        "width": config["encoder_config"].get("width"),
        "train": config["train"],
        "test": config["test"],
        "split": config["split_by"],
        "validation": result["splits"]["validation"],
        "view": view_option([config]),
        "pretrain-epochs": config["pretrain"]["epochs"],
        "epochs": config["fine_tune"]["epochs"],
        "out": out_option(name, place),
    }
    return command("fgp", options)


PROTOCOLS = Kind(
    frozenset({"methods", "metric", "config"}),
    "Ranking from few labels",
    protocol_section,
    lead="Mean over the runs, population standard deviation in brackets. *published* is the figure of the FGP paper "
    "for the same method and encoder (1 % of the labels, Jacobian covariance as the proxy).",
    command="fgp",
)
