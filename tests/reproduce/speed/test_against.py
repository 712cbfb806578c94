"""Two checkouts are timed pass by pass in turn, by the same code."""

from pathlib import Path

import pytest

from archflow.errors import ArchflowError
from archflow_reproduce.results.speed_report import against_tables
from archflow_reproduce.speed.against import AGAIN, Figure, NotComparable, compare, figures, probing

REPOSITORY = Path(__file__).parents[3]


class Checkout:
    """A timer that gives its seconds one after the other."""

    def __init__(self, order: list[str], name: str, *seconds: float):
        self.order, self.name, self.seconds = order, name, iter(seconds)

    def __call__(self, request):
        self.order.append(f"{self.name} {request['kind']}")
        if request["kind"] == "new":
            raise NotComparable("lacks it")
        return next(self.seconds)


def test_the_fastest_pass_counts_and_the_order_changes():
    order = []
    here, there = Checkout(order, "here", 5.0, 2.0, 4.0), Checkout(order, "there", 2.0, 3.0, 9.0)
    wanted = {"step": Figure({"kind": "step"}, 2), "new": Figure({"kind": "new"}, 1)}
    result = compare(here, there, wanted, 3)
    assert [each.split()[0] for each in order] == ["there", "here", "here", "there", "there", "here", "there"]
    assert result["figures"] == {"step": {"here": 1.0, "there": 1.0, "ratio": 1.0, "passes": 3}}
    assert result["slower"] == []
    assert result["not_compared"] == {"new": "lacks it"}


@pytest.mark.parametrize(("first", "ratio"), [(3.0, 1.1), (1.0, 1.1), (3.0, 0.9)])
def test_what_differs_is_timed_again_with_more_passes(first: float, ratio: float):
    wanted = {"step": Figure({"kind": "step"}, 1)}
    again = [2.5] * (AGAIN - 1)
    result = compare(Checkout([], "", first, 2 * ratio, *again), Checkout([], "", 2.0, 2.0, *again), wanted, 1)
    assert result["figures"] == {"step": {"here": 2 * ratio, "there": 2.0, "ratio": ratio, "passes": AGAIN}}
    assert result["slower"] == (["step"] if ratio > 1 else [])
    config = {"here": "aaa", "there": "bbb"}
    about = {"rounds": 1, "config": config, "machine": {"processor": "P", "threads": 1}}
    shown = "\n".join(against_tables({**result, **about}))
    assert ("More than 5 % slower: `step`" in shown) == (ratio > 1)
    assert "Not compared" not in shown


def test_every_kind_of_figure_is_timed_by_the_probe():
    wanted = figures(["digits201"])
    chosen = ["gin, encode 128", "gin, training step of 16", "gin, training step of 9 x 16", "parse", "load digits201"]
    assert {figure.request["kind"] for figure in wanted.values()} > {wanted[name].request["kind"] for name in chosen}
    with probing(REPOSITORY, 1) as timer:
        for name in chosen:
            assert 0 < timer(wanted[name].request) < 60
        with pytest.raises(NotComparable, match="no_such_encoder"):
            timer({**wanted["gin, encode 128"].request, "encoder": "no_such_encoder"})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A package `archflow` without any part."""
    package = tmp_path / "old" / "archflow"
    package.mkdir(parents=True)
    for name in ("__init__.py", "__main__.py"):
        (package / name).write_text("")
    return tmp_path / "old"


def test_what_is_no_checkout_is_refused(checkout: Path, tmp_path: Path):
    with pytest.raises(ArchflowError, match="not a checkout of archflow"), probing(tmp_path, 1):
        pass
    with probing(checkout, 1) as timer, pytest.raises(ArchflowError, match="cannot be measured: ModuleNotFoundError"):
        timer({"kind": "parse"})
