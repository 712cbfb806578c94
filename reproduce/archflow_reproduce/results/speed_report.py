"""The result of `archflow bench speed` for readers: tables and facts in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded


def speed_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.pipeline.run_speed`."""
    encoders: Mapping[str, Mapping[str, Any]] = result["encoders"]
    encoding = [
        (
            f"`{name}`",
            *(rounded(us) for us in facts["encode_us"].values()),
            *(rounded(facts[key]) for key in ("batch_us", "mflop", "roof_us", "times_roof", "traffic_us")),
        )
        for name, facts in encoders.items()
    ]
    training = [
        (
            f"`{name}`",
            *(rounded(1e3 * seconds) for seconds in facts["step_s"].values()),
            rounded(facts["members_step_s"] and 1e3 * facts["members_step_s"]),
            rounded(facts["members_ratio"]),
        )
        for name, facts in encoders.items()
    ]
    return [
        "Encoding NAS-Bench-201 cells, microseconds an architecture in batches of 1, 128 and 1,024, batches built "
        "anew. The other columns are of an architecture in a batch of 1,024: building the batch alone; the "
        "floating-point operations of the matrix products; the roof, the time that these would take at the measured "
        "rate of a gated GCN's largest one; how many times its roof an encoder takes; and the time that reading all "
        "operands and writing all results of its operations, each once, would take at the measured rate of copying.",
        markdown_table(
            ("encoder", "1", "128", "1,024", "batch", "MFLOP", "roof", "times its roof", "traffic"), encoding
        ),
        "A training step (forward pass, pairwise hinge loss, backward pass, AdamW), milliseconds, on 16 and on 1,024 "
        "architectures; on 16 for each of nine fine-tuning runs that train as one, and how many times as long that is "
        "as a step of one run.",
        markdown_table(("encoder", "16", "1,024", "9 runs of 16", "times one run"), training),
        "\n".join(f"- {fact}" for fact in _facts(result)),
    ]


def processor(result: Mapping[str, Any]) -> str:
    """The machine in a few words."""
    threads = result["machine"]["threads"]
    return f"{result['machine']['processor']}, {threads} thread{'s' * (threads > 1)}"


def _facts(result: Mapping[str, Any]) -> list[str]:
    large = f", {result['matmul_gflops_2048']:g} at 2,048 x 2,048" if "matmul_gflops_2048" in result else ""
    device = result["machine"].get("device")
    return [
        *(_rest(result) if "spaces" in result else []),
        f"matrix products: {result['matmul_gflops']:g} GFLOP/s in the shape of a gated GCN's largest one{large}; "
        f"copying: {result['copy_gbs']:g} GB/s read and written",
        *([f"measured on {device}"] if device else []),
        f"{processor(result)}, torch {result['machine']['torch']}",
    ]


def _rest(result: Mapping[str, Any]) -> list[str]:
    """What is measured on the processor alone."""
    everything, spaces = result["embed_nasbench101"], result["spaces"]
    loads = spaces["load"].values()
    slowest, largest = (max((load[key] for load in loads), default=None) for key in ("seconds", "peak_gib"))
    return [
        f"flow surrogate, µs an architecture: NAS-Bench-201 {rounded(result['surrogate_us'])}, "
        f"all NAS-Bench-101 graphs {rounded(result['surrogate_nasbench101_us'])}",
        f"an epoch of FGP pre-training on the 15,625 NAS-Bench-201 cells: {rounded(result['pretrain_epoch_s'])} s",
        *(
            [
                f"embedding all {everything['architectures']:,} NAS-Bench-101 graphs at width {everything['width']}: "
                f"{rounded(everything['seconds'])} s, {rounded(everything['us'])} µs each, peak memory "
                f"{rounded(everything['peak_gib'])} GiB"
            ]
            if everything
            else []
        ),
        f"100,000 NAS-Bench-201 strings parsed in {rounded(spaces['parse_nasbench201_s'])} s, "
        f"100,000 DARTS cells drawn in {rounded(spaces['sample_darts_s'])} s",
        f"all 423,624 NAS-Bench-101 graphs enumerated in {rounded(spaces['enumerate_nasbench101_s'])} s, "
        f"their official hashes in {rounded(spaces['hash_nasbench101_s'])} s",
        f"{len(loads)} data sets loaded, each in a process of its own, in at most {rounded(slowest)} s with at most "
        f"{rounded(largest)} GiB",
        f"`archflow --help`: {rounded(result['help_s'])} s",
    ]
