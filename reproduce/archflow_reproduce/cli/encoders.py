"""`archflow bench encoders`: all encoders side by side."""

from __future__ import annotations

from pathlib import Path

from archflow.cli.output import (
    DataOption,
    ForceOption,
    Json,
    MetricOption,
    ProcessesOption,
    RunsOption,
    ValidationOption,
    ViewOption,
    names,
    numbers,
)
from archflow_reproduce.cli import options
from archflow_reproduce.cli.study import Study, cores, named_table, say


def encoders(
    data: DataOption,
    metric: MetricOption = None,
    chosen: options.SeveralEncoders = "",
    labels: options.SeveralLabels = "0.01",
    methods: options.SeveralMethods = "supervised",
    runs: RunsOption = 9,
    split: options.SplitAsFGP = "random",
    validation: ValidationOption = 40,
    view: ViewOption = None,
    epochs: options.SeveralEpochs = "",
    pretrain_epochs: options.PretrainEpochs = 200,
    processes: ProcessesOption = 0,
    folder: options.EncodersFolder = None,
    out: options.Out = None,
    force: ForceOption = False,
    as_json: Json = False,
) -> None:
    """Compare encoders on the same few labels: ranks and time."""
    from archflow.encoders import encoders_of
    from archflow.report.markdown import markdown_table
    from archflow_reproduce.results.encoders_report import encoders_report, encoders_table, write_chart
    from archflow_reproduce.results.record import data_hash
    from archflow_reproduce.studies.encoders import Comparison, compare_encoders
    from archflow_reproduce.studies.on_features import is_on_features
    from archflow_reproduce.studies.variants import variant

    study = Study("encoders", out, as_json, force, (".svg", ".html"))
    asked = [name for name in names(chosen) if is_on_features(name) or variant(name)]
    name, benchmark, table = named_table(data)
    ranks = {"metric": metric, "labels": numbers("--labels", labels, float), "methods": names(methods), "runs": runs}
    shows = {"split_by": split, "validation": validation, "view": view}
    trains = {"epochs": numbers("--epochs", epochs, int), "pretrain_epochs": pretrain_epochs}
    asked = asked or encoders_of(table.architectures)
    comparison = Comparison(name, benchmark, asked, **ranks, **shows, **trains)
    place = folder or Path("runs") / f"encoders-{name}"
    result = compare_encoders(comparison, table, place, cores(processes), say)
    hashes = {name: data_hash(table, result["metric"])}
    beside = {".svg": write_chart, ".html": encoders_report}
    study.finish(result, hashes, markdown_table(*encoders_table(result)), beside)
