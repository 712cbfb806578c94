"""The results page: every committed result file as tables, with the command that makes it again."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archflow.bench.encoders_report import encoders_table
from archflow.bench.markdown import markdown_table
from archflow.bench.measures import rounded
from archflow.bench.pretext_report import matrix_table
from archflow.bench.protocol_report import protocol_table
from archflow.bench.published import PAPER_PROXY, proxies_of
from archflow.bench.speed_report import processor, speed_tables
from archflow.bench.zero_cost_report import zero_cost_tables
from archflow.errors import ArchflowError
from archflow.files import read_json

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""What lies between them in the README is the summary."""

Result = Mapping[str, Any]
Results = list[tuple[str, Result]]
"""(file name, content) of every result, by name."""


def results_page(folder: str | Path, page: str | Path) -> str:
    """Markdown of all results in `folder`. page: where it will lie, so that it can link the files.

    Raises ArchflowError, naming the file, for a JSON file that `archflow bench` did not write.
    """
    protocols, comparisons, matrices, speeds, proxies = _read(folder)
    place = Path(os.path.relpath(folder, Path(page).parent)).as_posix()
    parts = [
        "# Results",
        "Made by `archflow bench page` from the files that `archflow bench` wrote; not by hand. "
        "[Benchmarks](benchmarks.md) explains what is measured.",
        "## Ranking from few labels",
        "Mean over the runs, population standard deviation in brackets. *published* is the figure of the FGP paper "
        "for the same method and encoder (1 % of the labels, Jacobian covariance as the proxy).",
        *(_protocol(name, result, place) for name, result in protocols),
        *([] if protocols else ["No result of `archflow bench fgp` is there yet."]),
        *(["## All encoders"] if comparisons else []),
        *(_comparison(name, result, place) for name, result in comparisons),
        *(["## Pretext tasks"] if matrices else []),
        *(_matrix(name, result, place) for name, result in matrices),
        "## Speed",
        *(_speed(name, result, place) for name, result in speeds),
        *([] if speeds else ["No result of `archflow bench speed` is there yet."]),
        *(["## Zero-cost proxies"] if proxies else []),
        *(_zero_cost(name, result, place) for name, result in proxies),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def results_summary(folder: str | Path) -> str:
    """The few lines of Markdown that the README shows.

    Raises ArchflowError as `results_page` does.
    """
    protocols, _, _, speeds, _ = _read(folder)
    parts = [
        f"`{result['data']}`, `{result['config']['encoder']}`, {_count(result)}:\n\n"
        + protocol_table(_only(result, ("tau", "p_at_1")))
        for _, result in protocols
    ]
    for _, result in speeds:
        if "pretrain_epoch_s" not in result:
            continue  # measured on a device that only encoders run on
        encode = rounded(result["encoders"]["gated_gcn"]["encode_us"]["128"])
        surrogate = rounded(result["surrogate_us"])
        parts.append(
            f"Speed on {processor(result)}: {encode} µs to encode an architecture with the gated GCN in batches of "
            f"128; {surrogate} µs for its flow surrogate; {rounded(result['pretrain_epoch_s'])} s an epoch of "
            "pre-training on 15,625 cells."
        )
    return "\n\n".join(part.strip("\n") for part in parts or ["No result file is there yet."])


def with_summary(path: str | Path, summary: str) -> str:
    """The text of a file with `summary` between its markers.

    Raises ArchflowError if the file cannot be read or does not have both markers once, in order.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArchflowError(f"{path}: cannot be read as text ({error}); name the README") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ArchflowError(f"{path}: the summary goes between the lines {BEGIN} and {END}; give it both, once")
    return f"{before}{BEGIN}\n\n{summary}\n\n{END}{after}"


_KINDS = (
    {"methods", "metric", "config"},
    {"cells", "encode_us"},
    {"matrix"},
    {"encoders", "matmul_gflops"},
    {"reference", "equal", "speed"},
)
"""What results are known by: the protocol's, comparisons of encoders and of pretext tasks, speed, zero-cost proxies."""


def _read(folder: str | Path) -> tuple[Results, ...]:
    """The results of each of the `_KINDS`."""
    found: tuple[Results, ...] = tuple([] for _ in _KINDS)
    for path in sorted(Path(folder).glob("*.json")):
        result = read_json(path)
        keys = result.keys() if isinstance(result, Mapping) else set()
        kind = next((i for i, known in enumerate(_KINDS) if known <= keys), None)
        if kind is None:
            raise ArchflowError(f"{path}: no result of `archflow bench`; make it anew or move it elsewhere")
        found[kind].append((path.name, result))
    return found


def _protocol(name: str, result: Result, place: str) -> str:
    config, splits = result["config"], result["splits"]
    proxies = ", ".join(f"`{name}`" for name in proxies_of(config))
    ranks_proxy = {"proxy", "fgp"} & set(result["methods"])
    facts = [
        f"split by {splits['by']}: {splits['train']:,} architectures in the train part, {result['labels']:,} of them "
        f"labelled; {splits['validation']} for validation, {_each(splits['test'])} for the test",
        f"test architectures isomorphic to a labelled one, by permutation: "
        f"{_each(splits['test_isomorphic_to_labelled'])}",
        f"order of the table against the metric: Kendall tau {splits['order_against_metric_tau']:g}",
        f"encoder `{config['encoder']}`, width {config['encoder_config'].get('width')}; "
        f"pre-training for {config['pretrain']['epochs']} epochs on the proxy {proxies} and the flow of "
        f"dimension {config['pretext']['surrogate']['dim']}, fine-tuning for {config['fine_tune']['epochs']}",
        f"{result['seconds'] / 60:,.0f} min on {processor(result)}",
    ]
    note = (
        f"This run ranks {proxies} where the paper ranks the Jacobian covariance: its figures of the methods "
        "with a proxy do not compare with the paper's."
    )
    parts = [
        f"### {result['data']}, `{config['encoder']}`: `{result['metric']}` from {_count(result)}",
        protocol_table(_only(result, ("tau", "spearman", "p_at_1", "p_at_5", "regret_at_10"))),
        *([note] if ranks_proxy and proxies_of(config) != [PAPER_PROXY] else []),
        "\n".join(f"- {fact}" for fact in facts),
        _made_by(_protocol_command(name, result, place), name, place),
    ]
    return "\n\n".join(part.strip("\n") for part in parts)


def _comparison(name: str, result: Result, place: str) -> str:
    first, splits = result["cells"][0]["config"], result["splits"]
    counts = list(dict.fromkeys(f"{cell['labels']:,}" for cell in result["cells"]))
    epochs = list(dict.fromkeys(str(cell["config"]["fine_tune"]["epochs"]) for cell in result["cells"]))
    options = {
        "data": result["data"],
        "metric": result["metric"],
        "encoders": ",".join(result["encode_us"]),
        "labels": ",".join(f"{labels:g}" for labels in dict.fromkeys(c["config"]["labels"] for c in result["cells"])),
        "methods": ",".join(first["methods"]),
        "runs": first["runs"],
        "split": splits["by"],
        "epochs": ",".join(epochs) if len(counts) == len(epochs) > 1 else None,
        "out": f"{Path(place).name}/{name}",
    }
    judged = "all architectures, those learnt from among them" if splits["by"] == "all" else "the test part"
    picture = Path(name).with_suffix(".svg")
    return "\n\n".join(
        [
            f"### {result['data']}: `{result['metric']}` from {', '.join(counts)} labels",
            f"Judged on {judged} ({_each(splits['test'])}); {splits['validation']} more choose the epoch. µs: to "
            f"encode an architecture in batches of {result['batch_size']}, {processor(result)}. *published*: tau in "
            "the paper.",
            f"![Kendall tau against the time to encode an architecture]({place}/{picture})",
            markdown_table(*encoders_table(result)),
            _made_by(_command("encoders", options), name, place),
        ]
    )


def _matrix(name: str, result: Result, place: str) -> str:
    cells = result["matrix"]
    first = cells[0]["config"]
    each = {key: list(dict.fromkeys(str(cell[key]) for cell in cells)) for key in ("data", "encoder", "labels")}
    options = {
        "data": ",".join(each["data"]),
        "encoders": ",".join(each["encoder"]),
        "tasks": ",".join(first["methods"]),
        "labels": ",".join(f"{labels:g}" for labels in dict.fromkeys(cell["config"]["labels"] for cell in cells)),
        "runs": first["runs"],
        "split": first["split_by"],
        "pretrain-epochs": first["pretrain"]["epochs"],
        "out": f"{Path(place).name}/{name}",
    }
    title = f"{', '.join(each['data'])}: {', '.join(f'`{encoder}`' for encoder in each['encoder'])}"
    return "\n\n".join(
        [
            f"### {title}, {' and '.join(each['labels'])} labels",
            f"Pre-training for {first['pretrain']['epochs']} epochs. s/epoch: of pre-training, on one core of a "
            f"machine that may have been shared, {processor(result)}.",
            markdown_table(*matrix_table(result)),
            _made_by(_command("pretext", options), name, place),
        ]
    )


def _protocol_command(name: str, result: Result, place: str) -> str:
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
        "pretrain-epochs": config["pretrain"]["epochs"],
        "epochs": config["fine_tune"]["epochs"],
        "out": f"{Path(place).name}/{name}",
    }
    return _command("fgp", options)


def _speed(name: str, result: Result, place: str) -> str:
    options = {
        "device": result["device"],
        "threads": result["threads"],
        "out": f"{Path(place).name}/{name}",
    }
    return "\n\n".join([*speed_tables(result), _made_by(_command("speed", options), name, place)])


def _zero_cost(name: str, result: Result, place: str) -> str:
    options = {
        "count": result["cells"],
        "images": result["images"],
        "speed-cells": result["speed"]["cells"],
        "out": f"{Path(place).name}/{name}",
    }
    machine = f"{processor(result)}, torch {result['machine']['torch']}."
    return "\n\n".join([*zero_cost_tables(result), machine, _made_by(_command("proxies", options), name, place)])


def _only(result: Result, measures: Sequence[str]) -> dict[str, Any]:
    """The result with these measures alone, in this order."""
    methods = {
        method: {key: runs[key] for key in measures if key in runs} for method, runs in result["methods"].items()
    }
    return {**result, "methods": methods}


def _count(result: Result) -> str:
    return f"{result['labels']:,} labels"


def _each(values: Sequence[int]) -> str:
    """One number if all are equal."""
    return " · ".join(f"{value:,}" for value in (values[:1] if len(set(values)) == 1 else values))


def _command(verb: str, options: Mapping[str, Any]) -> str:
    return " ".join(["archflow bench", verb, *(f"--{key} {value}" for key, value in options.items() if value)])


def _made_by(command: str, name: str, place: str) -> str:
    lines = textwrap.wrap(command, 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return f"[`{name}`]({place}/{name}) is made by\n\n```sh\n" + " \\\n".join(lines) + "\n```"
