import json
import re
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer

from archflow.cli.app import app
from archflow.errors import ArchflowError
from archflow.pretext import PretextSettings
from archflow_reproduce.protocol.protocol import Protocol
from archflow_reproduce.results.page import BEGIN, END, results_page, results_summary, with_summary
from archflow_reproduce.results.sections.section import view_option

ROOT = Path(__file__).parents[3]
MACHINE = {"processor": "A Processor", "threads": 2, "torch": "2.13.0"}


def protocol(proxy: str = "zc_jacov") -> dict[str, Any]:
    settings = Protocol(
        metric="test_acc", encoder_config={"width": 64}, pretext=PretextSettings((proxy,)), runs=3, train=800, test=700
    )
    return {
        "data": "nasbench201", "metric": "test_acc", "labels": 8,
        "splits": {
            "by": "random", "train": 800, "test": [660, 660, 660], "validation": 40,
            "test_isomorphic_to_labelled": [3, 4, 5], "order_against_metric_tau": 0.0123,
        },
        "methods": {
            "supervised": {"tau": [0.7, 0.72, 0.74], "p_at_1": [0.2, 0.3, 0.4], "best_epoch": [3, 5, 9]},
            "fgp": {"tau": [0.8, 0.81, 0.82], "p_at_1": [0.4, 0.5, 0.6], "best_epoch": [3, 5, 9]},
        },
        "published": {"supervised": {"tau": 0.734}, "fgp": {"tau": 0.822}},
        "seconds": 3725.0, "config": {"data": "nasbench201", **asdict(settings)}, "machine": MACHINE,
    }  # fmt: skip


def encoder(scale: float, ratio: float | None) -> dict[str, Any]:
    return {
        "encode_us": {"1": 900 * scale, "128": 30.25 * scale, "1024": 27.5 * scale}, "batch_us": 2.5, "mflop": 2.6,
        "roof_us": 21.1, "times_roof": 1.3 * scale, "traffic_kb": 88.0, "traffic_us": 4.4,
        "step_s": {"16": 0.0031, "1024": 0.0625},
        "members_step_s": ratio and 0.0031 * ratio, "members_ratio": ratio,
    }  # fmt: skip


def speed() -> dict[str, Any]:
    return {
        "matmul_gflops": 123.4, "matmul_gflops_2048": 150.1, "copy_gbs": 20.5,
        "surrogate_us": 4.321, "surrogate_nasbench101_us": None,
        "encoders": {"gated_gcn": encoder(1.0, 2.5), "mine": encoder(2.0, None)},
        "pretrain_epoch_s": 1.5, "embed_nasbench101": None, "help_s": 0.4,
        "spaces": {
            "parse_nasbench201_s": 2.7, "sample_darts_s": 0.1, "enumerate_nasbench101_s": 0.6,
            "hash_nasbench101_s": 18.0, "load": {"digits201": {"seconds": 0.2, "peak_gib": 0.3}},
        },
        "device": "cpu", "threads": 2, "machine": MACHINE,
    }  # fmt: skip


def gpu_speed() -> dict[str, Any]:
    """Encoders alone."""
    everywhere = {key: speed()[key] for key in ("matmul_gflops", "copy_gbs", "encoders", "threads")}
    return {**everywhere, "device": "cuda", "machine": {**MACHINE, "device": "A GPU"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    for name, result in (("bench-fgp", protocol()), ("speed", speed())):
        (tmp_path / "results" / f"{name}.json").write_text(json.dumps(result))
    return tmp_path / "results"


def commands(page: str) -> list[list[str]]:
    return [shlex.split(block.replace("\\\n", " ")) for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)]


def parsed(command: list[str]) -> dict[str, Any]:
    """The values that the command line would give to the verb of `archflow bench`."""
    verbs = typer.main.get_command(app).commands["bench"].commands  # type: ignore[attr-defined]
    assert command[:2] == ["archflow", "bench"]
    return verbs[command[2]].make_context(command[2], command[3:]).params


def test_the_page_has_tables_facts_and_files(folder: Path) -> None:
    page = results_page(folder, folder.parent / "docs" / "page.md")
    assert "| supervised only    |    3 | 0.720 (0.016) |     0.734 | 0.300 (0.082) |" in page
    assert "### nasbench201, `gated_gcn`: `test_acc` from 8 labels" in page
    assert "best" not in page
    assert "by permutation: 3 · 4 · 5" in page
    assert "40 for validation, 660 for the test" in page
    assert "62 min on A Processor, 2 threads" in page
    rows = re.sub(" +", " ", page)
    assert "| `gated_gcn` | 900 | 30.25 | 27.5 | 2.500 | 2.600 | 21.1 | 1.300 | 4.400 |" in rows
    assert "| `gated_gcn` | 3.100 | 62.5 | 7.750 | 2.500 |" in rows
    assert "| `mine` | 3.100 | 62.5 | – | – |" in rows
    assert "NAS-Bench-201 4.321, all NAS-Bench-101 graphs –" in page
    assert "123.4 GFLOP/s" in page
    assert "[`speed.json`](../results/speed.json)" in page
    assert str(folder.parent) not in page
    assert page == results_page(folder, folder.parent / "docs" / "page.md")


def test_its_commands_are_those_that_made_the_files(folder: Path) -> None:
    bench, timing = (parsed(command) for command in commands(results_page(folder, folder.parent / "page.md")))
    expected = {
        "data": "nasbench201", "metric": "test_acc", "proxy": "zc_jacov", "labels": 0.01, "runs": 3, "width": 64,
        "methods": "supervised,proxy,flow,fgp", "encoder": "gated_gcn", "train": 800, "test": 700, "split": "random",
        "pretrain_epochs": 200, "epochs": 500, "out": Path("results/bench-fgp.json"),
    }  # fmt: skip
    assert bench | expected == bench
    assert timing | {"device": "cpu", "threads": 2, "out": Path("results/speed.json")} == timing


def comparison() -> dict[str, Any]:
    def cell(encoder: str, labels: int, epochs: int, tau: float) -> dict[str, Any]:
        settings = Protocol(metric="test_acc", encoder=encoder, methods=["supervised"], labels=labels, runs=2)
        config = {**asdict(settings), "fine_tune": {"epochs": epochs}}
        runs = {"supervised": {"tau": [tau, tau + 0.02]}}
        return {"encoder": encoder, "labels": labels, "methods": runs, "config": config, "published": {}}

    cells = [cell("gin", 78, 50, 0.6), cell("mlp", 78, 50, 0.5), cell("gin", 156, 30, 0.7), cell("mlp", 156, 30, 0.55)]
    cells[2]["published"] = {"supervised": {"tau": 0.752}}
    return {
        "data": "nasbench201", "metric": "test_acc", "cells": cells, "encode_us": {"gin": 12.0, "mlp": 4.0},
        "splits": {"by": "all", "test": [900, 900, 900], "validation": 40}, "batch_size": 128, "threads": 2,
        "machine": MACHINE,
    }  # fmt: skip


def test_encoders_stand_side_by_side_with_the_command_that_compared_them(folder: Path) -> None:
    (folder / "encoders.json").write_text(json.dumps(comparison()))
    page = results_page(folder, folder.parent / "docs" / "page.md")
    assert "### nasbench201: `test_acc` from 78, 156 labels" in page
    assert "](../results/encoders.svg)" in page
    rows = re.sub(" +", " ", page)
    assert "| encoder | µs | runs | Kendall tau 78 labels | Kendall tau 156 labels | published |" in rows
    assert "| `gin` | 12 | 2 | 0.610 (0.010) | 0.710 (0.010) | 0.752 |" in rows
    command = next(c for c in commands(page) if c[2] == "encoders")
    expected = {
        "data": "nasbench201", "metric": "test_acc", "chosen": "gin,mlp", "labels": "78,156", "epochs": "50,30",
        "runs": 2, "split": "all", "methods": "supervised", "out": Path("results/encoders.json"),
    }  # fmt: skip
    assert parsed(command) | expected == parsed(command)


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ([("gin", "whole"), ("nn_former", "effective")], None),
        ([("gin", "whole"), ("nn_former", "whole")], "whole"),
        ([("gin", "contracted")], "contracted"),
        ([("gin", None)], None),
    ],
)
def test_a_command_names_the_view_that_is_not_the_encoders_own(seen: list, named: str | None) -> None:
    protocols = [{"encoder": encoder} | ({"view": view} if view else {}) for encoder, view in seen]
    assert view_option(protocols) == named


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
    (folder / "arch2vec-201.json").write_text(json.dumps(arch2vec_result()))
    page = results_page(folder, folder.parent / "docs" / "page.md")
    assert "## arch2vec" not in before
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
    command = next(c for c in commands(page) if c[2] == "arch2vec")
    expected = {
        "data": "nasbench201", "encoder": "arch2vec", "metric": "cifar10_test_acc", "epochs": 10, "whole": False,
        "samples": 2000, "seed": 1, "out": Path("results/arch2vec-201.json"),
    }  # fmt: skip
    assert parsed(command) | expected == parsed(command)
    assert results_summary(folder) == summary


def test_the_command_of_a_whole_space_with_seed_0(folder: Path) -> None:
    result = arch2vec_result(whole_space=True, seed=0, epoch_cpu_seconds=None)
    (folder / "whole.json").write_text(json.dumps(result))
    page = results_page(folder, "page.md")
    assert "processor time" not in page
    found = parsed(next(c for c in commands(page) if c[2] == "arch2vec"))
    assert (found["whole"], found["seed"]) == (True, 0)


def test_another_proxy_than_the_paper_s_is_said(folder: Path) -> None:
    assert "where the paper ranks" not in results_page(folder, "page.md")
    (folder / "bench-fgp.json").write_text(json.dumps(protocol("params")))
    assert "This run ranks `params` where the paper ranks" in results_page(folder, "page.md")
    unranked = protocol("params")
    unranked["methods"] = {
        name: unranked["methods"][name] for name in unranked["methods"] if name in ("supervised", "flow")
    }
    (folder / "bench-fgp.json").write_text(json.dumps(unranked))
    assert "where the paper ranks" not in results_page(folder, "page.md")


def test_a_device_that_only_encoders_run_on(folder: Path) -> None:
    before = results_summary(folder)
    (folder / "speed-gpu.json").write_text(json.dumps(gpu_speed()))
    page = results_page(folder, "page.md")
    assert "- measured on A GPU\n" in page
    assert page.count("`archflow --help`") == 1
    assert {str(parameters["out"]): parameters["device"] for parameters in map(parsed, commands(page)[1:])} == {
        "results/speed.json": "cpu",
        "results/speed-gpu.json": "cuda",
    }
    assert results_summary(folder) == before


def test_what_is_not_there_is_left_out(folder: Path) -> None:
    assert "No result" not in results_page(folder, "page.md")
    (folder / "speed.json").unlink()
    assert results_page(folder, "page.md").endswith("No result of `archflow bench speed` is there yet.\n")
    nowhere = folder / "nowhere"
    assert results_page(nowhere, "page.md").count("No result") == 2
    assert results_summary(nowhere) == "No result file is there yet."


def test_the_summary_is_short(folder: Path) -> None:
    summary = results_summary(folder)
    assert len(summary.splitlines()) < 12
    assert "| FGP (flow + proxy) |    3 | 0.810 (0.008) |     0.822 | 0.500 (0.082) |" in summary
    assert "30.25 µs to encode" in summary


@pytest.mark.parametrize("content", ["[]", '{"methods": {}}', '{"methods": ', "3"])
def test_a_file_that_is_no_result_is_named(folder: Path, content: str) -> None:
    (folder / "stray.json").write_text(content)
    with pytest.raises(ArchflowError, match=r"stray\.json: no"):
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
    for command in commands(page.read_text(encoding="utf-8")):
        assert parsed(command)["out"].parent == Path("results")
