"""The verb `serve`: what it refuses before it listens, and what it starts."""

import sys

import pytest

from archflow.service import running
from tests.cli.commands import one_line


@pytest.fixture
def started(monkeypatch):
    """What would be served."""
    started = []
    monkeypatch.setattr(running, "run", lambda *given: started.append(given))
    monkeypatch.delenv("ARCHFLOW_TOKEN", raising=False)
    return started


def test_it_listens_on_this_machine_alone(run, predictor, started):
    run("serve", f"first={predictor}", predictor, "--port", 0, "--max-nodes", 7)
    ((app, host, port),) = started
    assert (host, port) == ("127.0.0.1", 0)
    assert list(app.state.endpoints.models.served) == ["first", predictor.name]
    assert app.state.endpoints._limits.nodes == 7


def test_other_machines_need_a_token(run, predictor, started, tmp_path, monkeypatch):
    error = one_line(run("serve", predictor, "--host", "0.0.0.0", code=2))
    assert "set ARCHFLOW_TOKEN or give --token-file" in error
    token = tmp_path / "token"
    token.write_text("short")
    assert "16 to 512" in one_line(run("serve", predictor, "--token-file", token, code=2))
    assert not started
    token.write_text("long-enough-to-be-a-token")
    run("serve", predictor, "--host", "0.0.0.0", "--token-file", token)
    run("serve", predictor, "--host", "0.0.0.0", "--without-token")
    monkeypatch.setenv("ARCHFLOW_TOKEN", "long-enough-to-be-a-token")
    run("serve", predictor, "--host", "0.0.0.0")
    assert len(started) == 3


def test_names_and_folders_are_checked(run, predictor, started, tmp_path):
    assert "none: no such folder; a predictor is the folder" in one_line(run("serve", tmp_path / "none", code=2))
    assert "two predictors" in one_line(run("serve", predictor, predictor, code=2))
    assert "did you mean 'nasbench201'" in one_line(run("serve", predictor, "--space", "nasbench21", code=2))
    assert not started


def test_the_extra_is_named_where_it_is_missing(run, predictor, monkeypatch):
    monkeypatch.delitem(sys.modules, "archflow.service.app", raising=False)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert "pip install 'archflow[serve]'" in one_line(run("serve", predictor, code=2))
