"""`explore`: what is served, and bad input."""

import sys

import pytest

from archflow.explore import app
from tests.cli.commands import one_line


@pytest.fixture
def served(monkeypatch):
    """What would be served, without a server."""
    found = []

    def serve(explored, port, on_ready):
        found.append((explored, port))
        on_ready("http://127.0.0.1:1/")

    monkeypatch.setattr(app, "serve", serve)
    monkeypatch.setattr(app, "require_dash", lambda: None)
    return found


def test_a_table_with_a_predictor(run, served, predictor, table):
    assert "http://127.0.0.1:1/ shows 30 architectures" in run("explore", table, "--predictor", predictor, "--port", 9)
    explored, port = served[0]
    assert port == 9
    assert explored.space is None
    assert explored.numbers[0] == "predicted_accuracy"
    assert explored.vectors.shape == explored.predictors[0].embed(explored.table).shape  # the predictor's own encoder


def test_a_data_set_without_a_predictor(run, served):
    run("explore", "digits201")
    explored, _ = served[0]
    assert explored.space.name == "nasbench201"
    assert not explored.predictors
    assert explored.vectors.shape[1] > 10


def test_an_interrupt_ends_it(run, monkeypatch, served, table):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "serve", interrupted)
    assert run("explore", table).strip() == "ended"


def test_without_the_extra(run, monkeypatch, table):
    monkeypatch.setitem(sys.modules, "dash_cytoscape", None)
    line = one_line(run("explore", table, code=2))
    assert "pip install 'archflow[explore]'" in line


def test_bad_input_is_one_line(run, served, predictor, table):
    assert "nowhere" in one_line(run("explore", table, "--predictor", "nowhere", code=2))
    twice = ("--predictor", predictor, "--predictor", predictor)
    assert "two of them predict accuracy" in one_line(run("explore", table, *twice, code=2))
    assert "nothing.csv" in one_line(run("explore", "nothing.csv", code=2))
