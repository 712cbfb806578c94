from pathlib import Path
from typing import Any

import pytest

from archflow_reproduce.results.protocol_report import protocol_report, protocol_table
from tests.report.pages import read_page

NAN = float("nan")
CONFIG = {
    "data": "nasbench201", "encoder": "<gcn>", "split_by": "random", "pretrain": {"epochs": 200, "lr": 1e-3},
    "fine_tune": {"epochs": 500}, "tasks": {"fgp": {"task": "fgp"}}, "model_seeds": [21, 21, 21, 2021],
}  # fmt: skip


def result() -> dict[str, Any]:
    return {
        "data": "nasbench201", "metric": "cifar10_test_acc", "labels": 0.01, "seconds": 3725.0,
        "splits": {"train": 78, "test": [7, 7], "isomorphic": {"train-test": ["identity", 1]}},
        "methods": {
            "supervised": {"tau": [0.7, 0.72, 0.74], "p_at_1": [0.2, 0.3, 0.4]},
            "fgp": {"tau": [0.8, 0.71, 0.84], "p_at_1": [0.4, NAN, 0.6]},
        },
        "published": {"supervised": {"tau": 0.734}, "fgp": {"tau": 0.822}},
        "machine": {"threads": 2}, "config": CONFIG,
    }  # fmt: skip


def test_the_table_is_aligned_markdown_with_mean_and_population_std() -> None:
    assert protocol_table(result()) == (
        "| method             |      runs |    epochs |   Kendall tau | published |         P@1 % |\n"
        "| :----------------- | --------: | --------: | ------------: | --------: | ------------: |\n"
        "| supervised only    | 3, 1 seed |       500 | 0.720 (0.016) |     0.734 | 0.300 (0.082) |\n"
        "| FGP (flow + proxy) | 3, 1 seed | 200 + 500 | 0.783 (0.054) |     0.822 | 0.500 (0.100) |\n"
    )


def test_the_page_has_every_run_and_the_settings(tmp_path: Path) -> None:
    protocol_report(tmp_path / "p.html", result())
    read = read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
    root = read.root
    assert root.findtext(".//h1") == "nasbench201: ranking by cifar10_test_acc from 1 % labels"
    assert next(n for n in root.iter("p") if n.get("class") == "lead").text == (
        "Predictors of cifar10_test_acc were fitted on 1 % labels of nasbench201, 3 runs of each method. "
        "FGP (flow + proxy) orders unseen architectures best: Kendall tau 0.783 on average, "
        "+0.063 against training on the labels alone, better in 2 of 3 runs."
    )
    assert [sum("value" in row for row in read.rows(name)) for name in read.figures] == [6, 5]
    assert list(read.figures) == ["runs-tau", "runs-p_at_1"]
    assert len(list((tmp_path / "p.figures").iterdir())) == 2 * 3
    cells = [n.text for n in root.iter("td")]
    assert {"pretrain.epochs", "200", "encoder", "<gcn>", "threads"} <= set(cells)
    assert [(n.findtext("dt"), n.findtext("dd")) for n in root.findall(".//dl/div")] == [
        ("train", "78"), ("test", "7"), ("isomorphic.train-test", "identity · 1"), ("time", "1 h 2 min"),
    ]  # fmt: skip


def test_the_best_is_the_largest_tau_and_the_least_regret(tmp_path: Path) -> None:
    methods = {"supervised": {"tau": [0.7], "regret_at_10": [0.1]}, "fgp": {"tau": [0.8], "regret_at_10": [0.3]}}
    protocol_report(tmp_path / "p.html", result() | {"methods": methods, "published": None})
    root = read_page((tmp_path / "p.html").read_text(encoding="utf-8")).root
    assert [n.text for n in root.iter("td") if n.get("class") == "best"] == ["0.100 (0.000)", "0.800 (0.000)"]


@pytest.mark.parametrize(("labels", "told"), [(0.05, "5 % labels"), (156, "156 labels")])
def test_labels_are_a_share_or_a_count(tmp_path: Path, labels: float, told: str) -> None:
    protocol_report(tmp_path / "p.html", result() | {"labels": labels})
    assert f"from {told}</h1>" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_only_what_is_needed(tmp_path: Path) -> None:
    methods = {"flow": {"tau": [0.5]}, "fgp": {"tau": [NAN]}}
    bare = {"data": "d", "metric": "m", "labels": 10, "methods": methods, "config": CONFIG}
    protocol_report(tmp_path / "p.html", bare)
    read = read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert "published" not in " ".join(read.root.itertext()).lower()
    assert "published" not in str(read.figures)
    assert protocol_table(bare).splitlines()[3] == "| FGP (flow + proxy) | 0, 0 seeds | 200 + 500 |             – |"


def test_no_runs_at_all(tmp_path: Path) -> None:
    empty = {"data": "d", "metric": "m", "labels": 10, "methods": {"fgp": {"tau": []}}, "config": CONFIG}
    protocol_report(tmp_path / "p.html", empty)
    read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
