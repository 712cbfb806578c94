"""The result of `archflow bench speed` as tables and facts in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archflow.report.markdown import markdown_table
from archflow.report.measures import rounded
from archflow_reproduce.results.large_graphs_report import large_graph_tables


def speed_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.pipeline.run_speed`."""
    encoders: Mapping[str, Mapping[str, Any]] = result["encoders"]
    encoding = [
        (
            f"`{name}`",
            *(_both(times) for times in facts["encode_us"].values()),
            _both(facts["batch_us"]),
            *(rounded(facts[key]) for key in ("mflop", "roof_us")),
            BELOW if name in result["below_roof"] else rounded(facts["times_roof"]),
            rounded(facts["traffic_us"]),
        )
        for name, facts in encoders.items()
    ]
    training = [
        (
            f"`{name}`",
            *(_both(times, 1e3) for times in facts["step_s"].values()),
            _both(facts["members_step_s"], 1e3),
            rounded(facts["members_ratio"]),
        )
        for name, facts in encoders.items()
    ]
    return [
        "Times are medians, with the fastest pass in brackets. The first table gives microseconds per "
        "architecture for encoding NAS-Bench-201 cells in batches of 1, 128 and 1,024, including building the "
        "batches. The other columns are per architecture in a batch of 1,024: *batch*, building the batch "
        "alone; *MFLOP*, floating-point operations of the matrix products; *roof*, the time that these need "
        "at the highest rate of matrix products measured on this machine (several shapes, sampled between the "
        "passes); *times its roof*, the encoder's fastest pass relative to its roof, at least 1; and "
        "*traffic*, the time to read all operands and write all results of its operations once at the highest "
        "copying rate.",
        markdown_table(
            ("encoder", "1", "128", "1,024", "batch", "MFLOP", "roof", "times its roof", "traffic"), encoding
        ),
        "Milliseconds per training step (forward pass, pairwise hinge loss, backward pass, AdamW) on 16 and "
        "on 1,024 architectures, and for nine fine-tuning runs trained jointly on 16 architectures each; "
        "*times one run* is that time relative to a single run's.",
        markdown_table(("encoder", "16", "1,024", "9 runs of 16", "times one run"), training),
        *(large_graph_tables(result["large_graphs"]) if "large_graphs" in result else []),
        "\n".join(f"- {fact}" for fact in _facts(result)),
    ]


def against_tables(result: Mapping[str, Any]) -> list[str]:
    """Paragraphs about a result of `archflow_reproduce.speed.against.speed_against`."""
    config, figures = result["config"], result["figures"]
    slower = ", ".join(f"`{name}`" for name in result["slower"]) or "none"
    ratios = sorted(facts["ratio"] for facts in figures.values())
    again = max(facts["passes"] for facts in figures.values())
    missing = ", ".join(f"`{name}`" for name in result["not_compared"])
    return [
        f"Commit `{config['here']}` against `{config['there']}`: every figure timed in both by the same code, "
        f"{result['rounds']} passes each in turn, and again with {again} where those differ by more than 5 %, on "
        f"{processor(result)}. Milliseconds of the fastest pass, per architecture, training step or whole set.",
        markdown_table(
            ("figure", "here", "there", "ratio"),
            [
                (name, rounded(1e3 * facts["here"]), rounded(1e3 * facts["there"]), f"{facts['ratio']:.2f}")
                for name, facts in figures.items()
            ],
        ),
        f"Median ratio {ratios[len(ratios) // 2]:.2f}. More than 5 % slower: {slower}.",
        *([f"Not compared, as one of the two lacks what they need: {missing}."] if missing else []),
    ]


BELOW = "ERROR: below the roof"


def _both(times: Mapping[str, float] | None, factor: float = 1.0) -> str:
    """A time: the median, and the fastest pass in brackets."""
    if times is None:
        return rounded(None)
    return f"{rounded(factor * times['median'])} ({rounded(factor * times['min'])})"


def processor(result: Mapping[str, Any]) -> str:
    """The machine in a few words."""
    threads = result["machine"]["threads"]
    return f"{result['machine']['processor']}, {threads} thread{'s' * (threads > 1)}"


def _facts(result: Mapping[str, Any]) -> list[str]:
    device = result["machine"].get("device")
    return [
        *([_operations(result["operations"])] if "operations" in result else []),
        *(_rest(result) if "spaces" in result else []),
        *(_proposals(result["proposals"]) if "proposals" in result else []),
        f"matrix products: {result['matmul_gflops']:g} GFLOP/s at most, {result['matmul_gflops_own']:g} in the shape "
        f"of a gated GCN's largest product; copying: {result['copy_gbs']:g} GB/s read and written",
        *([f"measured on {device}"] if device else []),
        f"{processor(result)}, torch {result['machine']['torch']}",
    ]


def _operations(facts: Mapping[str, Any]) -> str:
    """The cost of large vocabularies."""
    (few, encode), (many, encode_many) = facts["encode_us"].items()
    step, step_many = facts["step_s"].values()
    over = [name for name in ("encode", "step") if facts[f"{name}_ratio"] > facts["asked"]]
    return (
        f"gated GCN with {many} operations against {few}: encoding {_both(encode_many)} against {_both(encode)} µs, "
        f"{facts['encode_ratio']:g} times as long; a step on 16 architectures "
        f"{_both(step_many, 1e3)} against {_both(step, 1e3)} ms, "
        f"{facts['step_ratio']:g} times as long; required: at most {facts['asked']:g} times"
        + (f" - TOO SLOW: {' and '.join(over)}" if over else "")
    )


def _rest(result: Mapping[str, Any]) -> list[str]:
    """Figures that are measured on the CPU only."""
    everything, spaces = result["embed_nasbench101"], result["spaces"]
    loads = spaces["load"].values()
    slowest, largest = (max((load[key] for load in loads), default=None) for key in ("seconds", "peak_gib"))
    return [
        f"flow surrogate, µs per architecture: NAS-Bench-201 {_both(result['surrogate_us'])}, "
        f"all NAS-Bench-101 graphs {_both(result['surrogate_nasbench101_us'])}",
        f"an epoch of FGP pre-training on the 15,625 NAS-Bench-201 cells: {_both(result['pretrain_epoch_s'])} s",
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
        f"`archflow --help`: {_both(result['help_s'])} s",
    ]


def _proposals(facts: Mapping[str, Any]) -> list[str]:
    """Architectures per second, one line per space."""

    def rate(times: Mapping[str, float]) -> str:
        return f"{facts['count'] / times['median']:,.0f} ({facts['count'] / times['min']:,.0f})"

    return [
        f"proposals per second in {space}, including reporting results, of {facts['count']:,}: "
        + "; ".join(
            f"`{method}` " + ", ".join(f"{rate(times)} in batches of {batch}" for batch, times in batches.items())
            for method, batches in methods.items()
        )
        for space, methods in facts["seconds"].items()
    ]
