"""Two checkouts are measured in turn, each by its own code."""

import json
from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.speed.against import compare_checkouts, run_in, times_of

HERE, THERE = Path("here"), Path("there")


def test_only_measured_times_are_compared_under_the_same_names():
    now = {
        "encoders": {"gin": {"encode_us": {"128": {"min": 1.0, "median": 2.0}}, "roof_us": 9.0, "times_roof": 3.0}},
        "help_s": {"min": 0.1, "median": 0.2},
        "spaces": {"parse_s": 3.0, "load": {"d": {"seconds": 4.0, "peak_gib": 1}}},
        "matmul_gflops": 99.0, "threads": 1, "embed": None,
    }  # fmt: skip
    before = {**now, "encoders": {"gin": {"encode_us": {"128": 2.0}}}, "help_s": 0.2}
    expected = {"encoders.gin.encode_us.128": 2.0, "help_s": 0.2, "spaces.parse_s": 3.0, "spaces.load.d.seconds": 4.0}
    assert times_of(now) == times_of(before) == expected


def test_the_least_of_all_rounds_counts_and_the_order_changes():
    seconds = {HERE: iter([5.0, 2.2, 4.0]), THERE: iter([2.0, 3.0, 9.0])}
    order = []

    def measure(checkout: Path) -> dict:
        order.append(checkout)
        own = {"only_here_s": 1.0} if checkout == HERE else {}
        return {"step_s": next(seconds[checkout]), "help_s": 1.0, **own}

    result = compare_checkouts(HERE, THERE, 3, measure)
    assert order == [THERE, HERE, HERE, THERE, THERE, HERE]
    assert list(result["figures"]) == ["step_s", "help_s"]
    assert result["figures"]["step_s"] == {"here": 2.2, "there": 2.0, "ratio": 1.1}
    assert result["slower"] == ["step_s"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A package `archflow` whose command says how it was called."""
    package = tmp_path / "old" / "archflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(
        "import json, os, sys\nprint(json.dumps({'help_s': 1.5, 'arguments': sys.argv[1:], 'folder': os.getcwd()}))\n"
    )
    return tmp_path / "old"


def test_a_checkout_is_measured_by_its_own_command(checkout: Path):
    result = run_in(checkout, "cpu", 3)
    assert result["arguments"] == ["bench", "speed", "--json", "--device", "cpu", "--threads", "3"]
    assert result["folder"] == str(checkout)
    recorded = {"schema": 1, "result": {"help_s": 2.5}}
    (checkout / "archflow" / "__main__.py").write_text(f"print({json.dumps(json.dumps(recorded))})")
    assert run_in(checkout, "cpu", 1) == {"help_s": 2.5}


def test_what_is_no_checkout_is_refused(checkout: Path, tmp_path: Path):
    with pytest.raises(ArchflowError, match="no checkout of archflow"):
        run_in(tmp_path, "cpu", 1)
    (checkout / "archflow" / "__main__.py").write_text("raise SystemExit('archflow: no such verb')")
    with pytest.raises(ArchflowError, match=r"failed in .*: archflow: no such verb"):
        run_in(checkout, "cpu", 1)
