"""Without its framework an adapter is one line that says what to install."""

import importlib
import sys

import pytest

from archflow.errors import ArchflowError


@pytest.mark.parametrize(("module", "framework"), [("optuna", "optuna"), ("ray_tune", "ray")])
def test_a_missing_framework_is_one_line(module, framework, monkeypatch):
    monkeypatch.delitem(sys.modules, f"archflow.search.adapters.{module}", raising=False)
    monkeypatch.setitem(sys.modules, framework, None)
    with pytest.raises(ArchflowError, match=rf"pip install 'archflow\[{framework}\]'$") as raised:
        importlib.import_module(f"archflow.search.adapters.{module}")
    assert "\n" not in str(raised.value)
