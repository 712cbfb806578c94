"""Without its framework an adapter is one line that says what to install."""

import importlib
import sys

import pytest

from archflow.errors import ArchflowError


@pytest.mark.parametrize(
    ("module", "framework", "extra"),
    [
        ("optuna", "optuna", "optuna"),
        ("ray_tune", "ray", "ray"),
        ("neps", "neps", "neps"),
        ("botorch_model", "botorch", "botorch"),
        ("syne_tune", "syne_tune", "syne-tune"),
    ],
)
def test_a_missing_framework_is_one_line(module, framework, extra, monkeypatch):
    monkeypatch.delitem(sys.modules, f"archflow.search.adapters.{module}", raising=False)
    for loaded in [framework, *(each for each in sys.modules if each.startswith(f"{framework}."))]:
        monkeypatch.setitem(sys.modules, loaded, None)
    with pytest.raises(ArchflowError, match=rf"pip install 'archflow\[{extra}\]'$") as raised:
        importlib.import_module(f"archflow.search.adapters.{module}")
    assert "\n" not in str(raised.value)
