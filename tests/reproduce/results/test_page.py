import re
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from archflow.cli.app import app
from archflow.errors import ArchflowError
from archflow_reproduce.protocol.methods import pretrained_methods, recorded_task
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.results.page import BEGIN, END, results_page, results_summary, with_summary
from archflow_reproduce.results.record import read_record
from tests.reproduce.results.records import MACHINE, write

ROOT = Path(__file__).parents[3]


def config(settings: Protocol) -> dict[str, Any]:
    """As a result of `run_protocol` tells it."""
    tasks = {
        method: recorded_task(method, settings.proxies, settings.pretext)
        for method in pretrained_methods(settings.methods)
    }
    return {"data": "nasbench201", **asdict(settings), "tasks": tasks, "model_seeds": [21] * settings.runs}


def protocol(proxy: str = "zc_jacov", methods: tuple[str, ...] = ("supervised", "fgp")) -> dict[str, Any]:
    settings = Protocol(
        metric="test_acc",
        encoder_config={"width": 64},
        methods=methods,
        proxies=[proxy],
        runs=3,
        train=800,
        test=700,
    )
    settings = replace(settings, pretrain=replace(settings.pretrain, epochs=20))
    runs = {
        "supervised": {"tau": [0.7, 0.72, 0.74], "p_at_1": [0.2, 0.3, 0.4], "best_epoch": [3, 5, 9]},
        "fgp": {"tau": [0.8, 0.81, 0.82], "p_at_1": [0.4, 0.5, 0.6], "best_epoch": [3, 5, 9]},
    }
    return {
        "data": "nasbench201", "metric": "test_acc", "labels": 8,
        "splits": {
            "by": "random", "train": 800, "test": [660, 660, 660], "validation": 40,
            "test_isomorphic_to_labelled": [3, 4, 5], "order_against_metric_tau": 0.0123,
        },
        "methods": {method: runs.get(method, runs["fgp"]) for method in methods},
        "published": {"supervised": {"tau": 0.734}, "fgp": {"tau": 0.822}},
        "seconds": 3725.0, "config": config(settings), "machine": MACHINE,
    }  # fmt: skip


def times(median: float) -> dict[str, float]:
    return {"min": 0.5 * median, "median": median}


def encoder(scale: float, ratio: float | None) -> dict[str, Any]:
    return {
        "encode_us": {"1": times(900 * scale), "128": times(30.25 * scale), "1024": times(27.5 * scale)},
        "batch_us": times(2.5), "mflop": 2.6, "roof_us": 10.5, "times_roof": 1.31 * scale, "traffic_kb": 88.0,
        "traffic_us": 4.4, "step_s": {"16": times(0.0031), "1024": times(0.0625)},
        "members_step_s": ratio and times(0.0031 * ratio), "members_ratio": ratio,
    }  # fmt: skip


def speed() -> dict[str, Any]:
    return {
        "matmul_gflops": 250.0, "matmul_gflops_own": 123.4, "copy_gbs": 20.5, "below_roof": [],
        "surrogate_us": times(4.321), "surrogate_nasbench101_us": None,
        "encoders": {"gated_gcn": encoder(1.0, 2.5), "mine": encoder(2.0, None)},
        "operations": {
            "asked": 1.5, "encode_us": {"14": times(20.0), "170": times(26.0)}, "encode_ratio": 1.3,
            "step_s": {"14": times(0.002), "170": times(0.004)}, "step_ratio": 2.0,
        },
        "pretrain_epoch_s": times(1.5), "embed_nasbench101": None, "help_s": times(0.4),
        "spaces": {
            "parse_nasbench201_s": 2.7, "sample_darts_s": 0.1, "enumerate_nasbench101_s": 0.6,
            "hash_nasbench101_s": 18.0, "load": {"digits201": {"seconds": 0.2, "peak_gib": 0.3}},
        },
        "device": "cpu", "threads": 2, "config": {"device": "cpu", "threads": 2}, "machine": MACHINE,
    }  # fmt: skip


def gpu_speed() -> dict[str, Any]:
    """Encoders alone."""
    keys = ("matmul_gflops", "matmul_gflops_own", "copy_gbs", "below_roof", "encoders", "operations", "threads")
    everywhere = {key: speed()[key] for key in keys}
    return {**everywhere, "device": "cuda", "config": {"device": "cuda"}, "machine": {**MACHINE, "device": "A GPU"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "results" / "bench-fgp.json", "fgp", protocol())
    write(tmp_path / "results" / "speed.json", "speed", speed())
    return tmp_path / "results"


def test_the_page_has_tables_facts_and_files(folder: Path) -> None:
    page = results_page(folder, folder.parent / "docs" / "page.md")
    rows = re.sub(" +", " ", page)
    assert "| supervised only | 3, 1 seed | 500 | 0.720 (0.016) | 0.734 | 0.300 (0.082) |" in rows
    assert "### nasbench201, `gated_gcn`: `test_acc` from 8 labels" in page
    assert "best" not in page.partition("## Speed")[0]
    assert "by permutation: 3 · 4 · 5" in page
    assert "40 for validation, 660 for testing" in page
    assert "62 min on A Processor, 2 threads" in page
    assert "| `gated_gcn` | 900 (450) | 30.25 (15.12) | 27.5 (13.75) | 2.500 (1.250) | 2.600 | 10.5 | 1.310 |" in rows
    assert "| `gated_gcn` | 3.100 (1.550) | 62.5 (31.25) | 7.750 (3.875) | 2.500 |" in rows
    assert "| `mine` | 3.100 (1.550) | 62.5 (31.25) | – | – |" in rows
    assert "NAS-Bench-201 4.321 (2.160), all NAS-Bench-101 graphs –" in page
    assert "250 GFLOP/s at most, 123.4 in the shape" in page
    assert "with 170 operations against 14: encoding 26 (13) against 20 (10) µs, 1.3 times as long" in page
    assert "required: at most 1.5 times - TOO SLOW: step\n" in page
    assert "[`speed.json`](../results/speed.json)" in page
    assert str(folder.parent) not in page
    assert page == results_page(folder, folder.parent / "docs" / "page.md")


def test_published_figures_stand_beside_the_epochs_that_were_run(folder: Path) -> None:
    """A tenth of the published pre-training is told; without a published figure there is nothing to compare."""
    rows = re.sub(" +", " ", results_page(folder, "page.md"))
    assert "| FGP (flow + proxy) | 3, 1 seed | 20 of 200 + 500 | 0.810 (0.008) | 0.822 |" in rows
    write(folder / "bench-fgp.json", "fgp", {**protocol(), "published": {}})
    rows = re.sub(" +", " ", results_page(folder, "page.md"))
    assert "| FGP (flow + proxy) | 3, 1 seed | 20 + 500 | 0.810 (0.008) |" in rows


def test_the_page_tells_the_settings_that_a_method_read(folder: Path) -> None:
    write(folder / "bench-fgp.json", "fgp", protocol("params", ("supervised", "cate", "0.5*gmae+0.5*arch2vec")))
    page = results_page(folder, "page.md")
    assert (
        "- CATE: `cate` with cost params, partners 2, distance 0.04, width 64, depth 4, heads 8, dropout 0.1\n" in page
    )
    assert "- 0.5*gmae+0.5*arch2vec: `0.5*gmae+0.5*arch2vec` with gmae.mask_ratio 0.15, arch2vec.code 16\n" in page
    assert "surrogate." not in page
    assert "instead of the paper's" not in page


def test_an_encoder_below_its_roof_is_an_error(folder: Path) -> None:
    write(folder / "speed.json", "speed", {**speed(), "below_roof": ["mine"]})
    (row,) = (line for line in results_page(folder, "page.md").splitlines() if "| 1,800" in line)
    assert "ERROR: below the roof" in row
    assert "2.620" not in row


def test_commands_are_printed_as_they_were_given(folder: Path) -> None:
    command = "archflow bench fgp --data 'my table.parquet' --methods supervised,fgp --runs 3 --out results/long.json"
    write(folder / "bench-fgp.json", "fgp", protocol(), command=command)
    blocks = re.findall(r"```sh\n(.*?)```", results_page(folder, folder.parent / "page.md"), re.DOTALL)
    assert len(blocks) == 2
    assert max(map(len, blocks[0].splitlines())) <= 104
    assert shlex.split(blocks[0].replace("\\\n", " ")) == shlex.split(command)


def test_a_record_says_by_which_code_and_when_it_was_measured(folder: Path) -> None:
    write(folder / "speed.json", "speed", speed(), commit=None, recorded="from memory")
    page = results_page(folder, folder.parent / "page.md")
    assert "[`bench-fgp.json`](results/bench-fgp.json): archflow 0.1.0 at `abcdef0123`, 2026-11-22\n" in page
    assert "[`speed.json`](results/speed.json): archflow 0.1.0, 2026-11-22; recorded from memory\n" in page


def comparison() -> dict[str, Any]:
    def cell(encoder: str, labels: int, epochs: int, tau: float) -> dict[str, Any]:
        settings = Protocol(metric="test_acc", encoder=encoder, methods=["supervised"], labels=labels, runs=2)
        told = {**config(replace(settings, split_by="all")), "fine_tune": {"epochs": epochs}}
        runs = {"supervised": {"tau": [tau, tau + 0.02]}}
        return {"encoder": encoder, "labels": labels, "methods": runs, "config": told, "published": {}}

    cells = [cell("gin", 78, 50, 0.6), cell("mlp", 78, 50, 0.5), cell("gin", 156, 30, 0.7), cell("mlp", 156, 30, 0.55)]
    cells[2]["published"] = {"supervised": {"tau": 0.752}}
    return {
        "data": "nasbench201", "metric": "test_acc", "cells": cells, "encode_us": {"gin": 12.0, "mlp": 4.0},
        "splits": {"by": "all", "test": [900, 900, 900], "validation": 40}, "batch_size": 128, "threads": 2,
        "config": {}, "machine": MACHINE,
    }  # fmt: skip


def test_encoders_stand_side_by_side_with_the_command_that_compared_them(folder: Path) -> None:
    write(folder / "encoders.json", "encoders", comparison())
    page = results_page(folder, folder.parent / "docs" / "page.md")
    assert "### nasbench201: `test_acc` from 78, 156 labels" in page
    assert "](../results/encoders.svg)" in page
    rows = re.sub(" +", " ", page)
    assert "| encoder | µs | runs | epochs | Kendall tau 78 labels | Kendall tau 156 labels | published |" in rows
    assert "| `gin` | 12 | 2, 1 seed | 50 · 30 | 0.610 (0.010) | 0.710 (0.010) | 0.752 |" in rows


def arch2vec_result(**changes: Any) -> dict[str, Any]:
    return {
        "data": "nasbench201", "space": "nasbench201", "encoder": "arch2vec", "config": {"width": 128},
        "metric": "cifar10_test_acc", "whole_space": False, "train": 900, "held_out": 100, "epochs": 10,
        "batch_size": 32, "learning_rate": 0.001, "seed": 1, "losses": {"arch2vec_edges": [0.7, 0.6]},
        "reconstruction": {
            "operation_accuracy": 0.9912, "adjacency_accuracy": 0.8125, "edge_probability": 0.75,
            "non_edge_probability": 0.25,
        },
        "samples": {"count": 2000, "valid": 500, "distinct": 125, "validity": 0.125, "uniqueness": 0.375},
        "epoch_cpu_seconds": 61.25, "machine": MACHINE, **changes,
    }  # fmt: skip


def test_arch2vec_has_its_table_its_maps_and_its_command(folder: Path) -> None:
    before = results_page(folder, folder.parent / "docs" / "page.md")
    summary = results_summary(folder)
    write(folder / "arch2vec-201.json", "arch2vec", arch2vec_result())
    page = results_page(folder, folder.parent / "docs" / "page.md")
    assert "No result of `archflow bench arch2vec` is there yet." in before
    assert page.index("## arch2vec") < page.index("## Speed")
    assert "### nasbench201, `arch2vec`: 2,000 random codes" in page
    assert "900 architectures without labels; 100 others" in page
    assert "61.25 s of processor time, A Processor, 2 threads" in page
    rows = re.sub(" +", " ", page)
    assert "| data | encoder | epochs | operations | adjacency | p on edges | p on non-edges | validity | uniq" in rows
    assert "| nasbench201 | `arch2vec` | 10 | 0.991 | 0.812 | 0.750 | 0.250 | 0.125 | 0.375 |" in rows
    images = re.findall(r"!\[(.*)\]\((.*)\)", page)
    assert [path for _, path in images] == [
        "../results/arch2vec-201-accuracy.png",
        "../results/arch2vec-201-operation.png",
    ]
    assert "`cifar10_test_acc`" in images[0][0]
    assert results_summary(folder) == summary


def test_another_proxy_than_the_paper_s_is_said(folder: Path) -> None:
    assert "instead of the paper's" not in results_page(folder, "page.md")
    write(folder / "bench-fgp.json", "fgp", protocol("params"))
    assert "This run ranks `params` instead of the paper's" in results_page(folder, "page.md")
    write(folder / "bench-fgp.json", "fgp", protocol("params", ("supervised", "flow")))
    assert "instead of the paper's" not in results_page(folder, "page.md")


def test_the_summary_shows_what_has_the_most_runs(folder: Path) -> None:
    """A second, smaller run of the same is on the page, and not in the README."""
    before = results_summary(folder)
    fewer = protocol("zc_jacov")
    fewer["config"]["runs"] -= 1
    write(folder / "a-smaller-run.json", "fgp", fewer)
    assert "a-smaller-run.json" in results_page(folder, "page.md")
    assert results_summary(folder) == before


def test_a_device_that_only_encoders_run_on(folder: Path) -> None:
    before = results_summary(folder)
    write(folder / "speed-gpu.json", "speed", gpu_speed())
    page = results_page(folder, "page.md")
    assert "- measured on A GPU\n" in page
    assert page.count("`archflow --help`") == 1
    assert results_summary(folder) == before


def test_what_is_not_there_is_said(folder: Path) -> None:
    page = results_page(folder, "page.md")
    assert page.count("No result") == 4
    (folder / "speed.json").unlink()
    assert "## Speed\n\nNo result of `archflow bench speed` is there yet.\n" in results_page(folder, "page.md")
    assert results_summary(folder / "nowhere") == "No result file is there yet."


def test_two_commits_are_compared(folder: Path) -> None:
    seen = (("step_s", 2.0, 12), ("help_s", 1.0, 3))
    figures = {name: {"here": 2.0, "there": 1.0, "ratio": ratio, "passes": n} for name, ratio, n in seen}
    config = {"here": "abc", "there": "def", "device": "cpu", "threads": 1, "rounds": 3}
    compared = {"figures": figures, "slower": ["step_s"], "not_compared": {}}
    content = {"rounds": 3, **compared, "config": config, "machine": MACHINE}
    write(folder / "against.json", "against", content)
    page = results_page(folder, "page.md")
    assert "Commit `abc` against `def`: every figure timed in both by the same code, 3 passes each" in page
    assert "| step_s | 2,000 | 1,000 |  2.00 |" in page
    assert "More than 5 % slower: `step_s`." in page


def test_the_summary_is_short(folder: Path) -> None:
    summary = results_summary(folder)
    assert len(summary.splitlines()) < 17
    assert summary.startswith("Mean Kendall tau over the runs:")
    headline = re.sub(" +", " ", summary.splitlines()[4])
    assert headline == "| `nasbench201` | `gated_gcn` | 8 | 0.720 | 0.810 | 0.822 |"
    assert "| FGP (flow + proxy) | 3, 1 seed | 20 of 200 + 500 | 0.810 (0.008) |     0.822 | 0.500 (0.082) |" in summary
    assert "30.25 µs to encode" in summary


@pytest.mark.parametrize("content", ["[]", '{"methods": {}}', '{"methods": ', "3"])
def test_a_file_that_is_no_record_is_named(folder: Path, content: str) -> None:
    (folder / "stray.json").write_text(content)
    with pytest.raises(ArchflowError, match=r"stray\.json: no"):
        results_page(folder, "page.md")


def test_a_record_without_what_its_kind_holds_is_named(folder: Path) -> None:
    broken = protocol()
    del broken["splits"]
    write(folder / "broken.json", "fgp", broken)
    with pytest.raises(
        ArchflowError, match=r"broken\.json: not what a record of kind fgp holds: splits: .*measure again"
    ):
        results_page(folder, "page.md")


def test_the_summary_goes_between_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    path.write_text(with_summary(path, "new"))
    assert path.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert with_summary(path, "new") == path.read_text()


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END, BEGIN + END + END])
def test_markers_must_be_there_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(ArchflowError, match="give it both, once"):
        with_summary(tmp_path / "README.md", "new")


def test_the_verb_writes_both_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    Path("README.md").write_text(BEGIN + END)
    app(["bench", "page", "--readme", "README.md"], standalone_mode=False)
    assert Path("docs/results.md").read_text(encoding="utf-8") == results_page("results", "docs/results.md")
    assert results_summary("results") in Path("README.md").read_text(encoding="utf-8")
    with pytest.raises(ArchflowError, match="cannot be read"):
        app(["bench", "page", "--readme", "missing.md"], standalone_mode=False)


def test_the_committed_pages_are_up_to_date() -> None:
    page, readme = ROOT / "docs" / "results.md", ROOT / "README.md"
    renew = "run `archflow bench page --readme README.md`"
    assert page.read_text(encoding="utf-8") == results_page(ROOT / "results", page), renew
    assert readme.read_text(encoding="utf-8") == with_summary(readme, results_summary(ROOT / "results")), renew
    for path in (ROOT / "results").glob("*.json"):
        assert read_record(path).command.endswith(f"--out results/{path.name}"), path
