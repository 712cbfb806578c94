"""A record with anything in the place of anything: the page is made, or one line names the file and the field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archflow_reproduce.results.page import results_page, results_summary
from tests.mutations import check_loads_or_refuses, mutated

TRIES = 40

RESULTS = Path(__file__).parents[3] / "results"
NAMES = (
    "bench-fgp-nasbench201-3",
    "encoders-nasbench201-all-nar_former",
    "pretext-nasbench201-params",
    "arch2vec-nasbench201",
    "speed",
    "zero-cost-nasbench201",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_made_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content = json.loads((RESULTS / f"{name}.json").read_text())
    path = tmp_path / "r.json"
    for seed, part in enumerate((content, content["result"], content["config"])):
        for changed in mutated(part, TRIES, seed):
            whole = changed if seed == 0 else {**content, ("result", "config")[seed - 1]: changed}
            path.write_text(json.dumps(whole))
            check_loads_or_refuses(lambda: _pages(tmp_path), f"{path}: ")


def _pages(folder: Path) -> None:
    results_page(folder, folder / "page.md")
    results_summary(folder)
