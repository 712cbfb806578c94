"""`archflow bench fgp`: the protocol of the FGP paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archflow.cli.output import (
    DataOption,
    ForceOption,
    Json,
    MetricOption,
    ProcessesOption,
    ProxyOption,
    RunsOption,
    ValidationOption,
    ViewOption,
    names,
)
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores, named_table, write_text


def fgp(
    data: DataOption,
    metric: MetricOption = None,
    proxy: ProxyOption = None,
    labels: options.Labels = 0.01,
    runs: RunsOption = 9,
    methods: options.Methods = "supervised,proxy,flow,fgp",
    encoder: options.Encoder = "gated_gcn",
    width: options.Width = None,
    train: options.Train = None,
    test: options.Test = None,
    split: options.Split = "random",
    validation: ValidationOption = 40,
    view: ViewOption = None,
    pretrain_epochs: options.PretrainEpochs = 200,
    epochs: options.Epochs = None,
    processes: ProcessesOption = 0,
    folder: options.Folder = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Run FGP's four methods on the same few labels."""
    from archflow_reproduce.protocol.published import published_figures
    from archflow_reproduce.protocol.published_protocol import published_protocol
    from archflow_reproduce.protocol.run import run_protocol
    from archflow_reproduce.results.protocol_report import protocol_report, protocol_table
    from archflow_reproduce.results.record import data_hash

    study = Study("fgp", out, as_json, force, (".md", ".html"))
    name, benchmark, table = named_table(data)
    sizes: dict[str, Any] = {"width": width, "train": train, "test": test, "labels": labels, "runs": runs}
    chosen: dict[str, Any] = {"metric": metric, "proxies": names(proxy), "methods": names(methods), "view": view}
    rest: dict[str, Any] = {"epochs": epochs, "split_by": split, "validation": validation}
    protocol = published_protocol(benchmark, encoder, pretrain_epochs=pretrain_epochs, **sizes, **chosen, **rest)
    place = folder or Path("runs") / f"fgp-{name}-{encoder}"
    result = run_protocol(protocol, name, table, place, cores(processes), out and out.with_suffix(".splits"))
    result["published"] = published_figures(result)
    beside = {".md": lambda path, shown: write_text(path, protocol_table(shown) + "\n"), ".html": protocol_report}
    study.finish(result, {name: data_hash(table, protocol.metric)}, _text(result), beside)


def _text(result: Mapping[str, Any]) -> str:
    """The result as text."""
    from archflow_reproduce.results.protocol_report import protocol_notes, protocol_table

    return "\n".join([protocol_table(result), *protocol_notes(result)])
