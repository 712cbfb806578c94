"""Results of `archflow bench arch2vec`."""

from __future__ import annotations

from pathlib import Path

from archflow.described import Described
from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow_reproduce.results.arch2vec_report import arch2vec_table, beside
from archflow_reproduce.results.record import Record
from archflow_reproduce.results.sections.section import Kind, made_by, paragraphs
from archflow_reproduce.results.shapes import Count, Machine, Maybe
from archflow_reproduce.results.speed_report import processor


class Reconstruction(Described):
    operation_accuracy: Maybe
    adjacency_accuracy: Maybe
    edge_probability: Maybe
    non_edge_probability: Maybe


class Samples(Described):
    count: Count
    validity: Maybe
    uniqueness: Maybe


class Arch2VecResult(Described):
    machine: Machine
    data: str
    metric: str
    encoder: str
    epochs: Count
    train: Count
    held_out: Count
    epoch_cpu_seconds: Maybe
    reconstruction: Reconstruction
    samples: Samples


def arch2vec_section(name: str, record: Record, place: str) -> str:
    """A table, the maps of the latent space, and the command."""
    result = record.content
    seconds = result["epoch_cpu_seconds"]
    pace = "" if seconds is None else f" An epoch took {rounded(seconds)} s of processor time, {processor(result)}."
    colours = {"accuracy": f"the rank of `{result['metric']}`", "operation": "the most frequent operation"}
    return paragraphs(
        f"### {result['data']}, `{result['encoder']}`: {result['samples']['count']:,} random codes",
        f"Learnt from {result['train']:,} architectures without labels; {result['held_out']:,} others are "
        f"reconstructed. [arch2vec](arch2vec.md#the-papers-measures) explains the columns.{pace}",
        markdown_table(*arch2vec_table(result)),
        *(
            f"![Latent space on two principal components, coloured by {colour}]"
            f"({place}/{beside(Path(name), f'{kind}.png')})"
            for kind, colour in colours.items()
        ),
        made_by(record, name, place),
    )


ARCH2VEC = Kind("arch2vec", "arch2vec", Arch2VecResult, arch2vec_section)
